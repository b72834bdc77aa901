import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import { loadKubeconfig } from "../../src/adapters/cluster/kubeconfig.ts";
import { apiError } from "../../src/adapters/cluster/status.ts";
import { decodeAnswer } from "../../src/adapters/resolver/wire.ts";
import { chainProblem } from "../../src/certificates/chain.ts";
import { blocksIn } from "../../src/certificates/pem.ts";
import { judgeProvided } from "../../src/certificates/provided.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { decodeMessage } from "../../src/dns/rfc2136/message.ts";
import { decodeValue } from "../../src/dns/rfc2136/rdata.ts";
import { keysIn } from "../../src/dns/rfc2136/settings.ts";
import { readValue } from "../../src/dns/route53/rdata.ts";
import { denialOf } from "../../src/kube/denial.ts";
import { deletionState } from "../../src/kube/holders.ts";
import { quantity } from "../../src/kube/quantity.ts";
import { webhookFailure } from "../../src/kube/webhook-failure.ts";
import { samplesOf } from "../../src/metrics/text.ts";
import { linesOf } from "../../src/ports/bounded.ts";
import { retryAfterMs } from "../../src/ports/retry-after.ts";
import { parseDocuments } from "../../src/ports/yaml.ts";
import { parseChecksums } from "../../src/releases/digest.ts";

/** What reads texts from outside, with the texts that were or could be slowest: `run` gets one of about `size` bytes. Errors are answers too. */
export interface Scanner {
  readonly name: string;
  readonly text: (size: number) => string;
  readonly run: (text: string) => unknown;
}

const repeated =
  (part: string, before = "", after = "") =>
  (size: number): string =>
    before + part.repeat(Math.ceil(size / part.length)) + after;

const BEGIN = "-----BEGIN CERTIFICATE-----\n";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const secretOf = (crt: string, key = "", ca = "") => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/tls",
  metadata: { name: "tls", namespace: "default" },
  data: { "tls.crt": base64(crt), "tls.key": base64(key), ...(ca ? { "ca.crt": base64(ca) } : {}) },
});
const provided = (crt: string, key?: string, ca?: string): unknown =>
  judgeProvided({ namespace: "default", name: "tls" }, secretOf(crt, key, ca), ["*.a.example"], new Date());

const yaml = (name: string, text: Scanner["text"]): Scanner => ({ name: `YAML, ${name}`, text, run: parseDocuments });

const inFile = async (text: string, work: (path: string) => Promise<unknown>): Promise<unknown> => {
  const folder = mkdtempSync(join(tmpdir(), "scanner-"));
  try {
    writeFileSync(join(folder, "file"), text);
    return await work(join(folder, "file"));
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const kubeconfig = (name: string, text: Scanner["text"]): Scanner => ({
  name: `kubeconfig, ${name}`,
  text,
  run: (content) => inFile(content, (path) => loadKubeconfig({ path, env: {} })),
});

const cut = async function* (text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
};

/** A DNS answer of that many bytes, at most a message's: names that lead through one another. */
const dnsAnswer = (size: number): Buffer => {
  const head = Buffer.from("00018400000000000000000000", "hex").subarray(0, 12);
  const record = Buffer.from("c00c00100001000000000000", "hex").subarray(0, 12);
  const name = Buffer.from("3f".concat("61".repeat(63)).repeat(3).concat("00"), "hex");
  const count = Math.floor((Math.min(size, 65_000) - 12 - name.length - 10) / 12);
  head.writeUInt16BE(count + 1, 6);
  return Buffer.concat([head, name, Buffer.from("00100001000000000000", "hex"), ...Array<Buffer>(count).fill(record)]);
};
const dns = (name: string, run: (message: Buffer) => unknown): Scanner => ({
  name: `DNS message, ${name}`,
  // As many messages as make up the size: one alone has 64 KiB at most.
  text: (size) =>
    Array<string>(Math.max(1, Math.round(size / 2 ** 16)))
      .fill(dnsAnswer(size).toString("latin1"))
      .join(""),
  run: (text) => {
    const bytes = Buffer.from(text, "latin1");
    const { length } = dnsAnswer(2 ** 16);
    for (let at = 0; at < bytes.length; at += length) run(bytes.subarray(at, at + length));
  },
});

const KEY = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;
const ROOTS = `${rootCertificates.join("\n")}\n`;

export const scanners: readonly Scanner[] = [
  { name: "PEM, BEGIN without END", text: repeated(BEGIN), run: blocksIn },
  { name: "PEM, END without BEGIN", text: repeated("-----END CERTIFICATE-----\n"), run: blocksIn },
  { name: "--tls secret, BEGIN without END", text: repeated(BEGIN), run: (text) => provided(text) },
  {
    name: "--tls secret, a key of nothing",
    text: repeated("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    run: (text) => provided(BEGIN, text),
  },
  { name: "TLS Secret, BEGIN without END", text: repeated(BEGIN), run: (text) => inspect(secretOf(text, "", text)) },
  {
    name: "chain of a CA, BEGIN without END",
    text: repeated(BEGIN),
    run: (key) => chainProblem(key, { key, names: [], now: new Date() }),
  },
  { name: "--tls secret, many certificates", text: repeated(ROOTS), run: (text) => provided(text, KEY, text) },
  { name: "TLS Secret, many certificates", text: repeated(ROOTS), run: (text) => inspect(secretOf(text, KEY)) },
  {
    name: "a watch's line in small pieces",
    text: repeated("x", '{"type":"ADDED"'),
    run: async (text) => {
      for await (const line of linesOf(Readable.from(cut(text, 1024)), 2 ** 24)) return line;
    },
  },
  { name: "an API server's error", text: repeated("x ", "<html>"), run: (text) => apiError("GET /", 500, text) },
  { name: "Retry-After", text: repeated("9"), run: (text) => retryAfterMs(text, 0) },
  { name: "Retry-After, sent often", text: repeated("1,"), run: (text) => retryAfterMs(text.split(","), 0) },
  {
    name: "metrics, labels without an end",
    text: repeated('b="c\\', "a{", "} 1"),
    run: (text) => samplesOf(text, "a"),
  },
  { name: "metrics, many lines", text: repeated('a{b="c"} 1\n'), run: (text) => samplesOf(text, "a") },
  { name: "quantity", text: repeated("9"), run: quantity },
  {
    name: "a refusal's reason",
    text: repeated("a", "pods is forbidden: failed quota: q: must specify "),
    run: (text) => denialOf(text, "n"),
  },
  { name: "a webhook's refusal", text: repeated('failed calling webhook "', ""), run: webhookFailure },
  {
    name: "what a namespace waits for",
    text: repeated("a."),
    run: (message) =>
      deletionState({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "n" },
        status: { conditions: [{ type: "ContentRemaining", status: "True", message }] },
      }),
  },
  { name: "BIND key file, comments without end", text: repeated("/*"), run: keysIn },
  { name: "BIND key file, statements without end", text: repeated("key a {"), run: keysIn },
  { name: "BIND key file, quotes", text: repeated('key "a" {algorithm "'), run: keysIn },
  { name: "TXT of Route 53, quotes without end", text: repeated('\\"', '"'), run: (text) => readValue("TXT", text) },
  { name: "TXT of a zone", text: repeated("\\x03abc"), run: (text) => decodeValue("TXT", Buffer.from(text, "latin1")) },
  { name: "checksums", text: repeated("a".repeat(63)), run: parseChecksums },
  dns("resolver", (message) => decodeAnswer(message, { name: "a", type: "A", recursion: true }, 1)),
  dns("RFC 2136", decodeMessage),
  yaml("flow sequences", repeated("[", "", "")),
  yaml("flow mappings", repeated("{a: ")),
  yaml("a sequence in a line", repeated("a, ", "[", "]")),
  yaml("dashes", repeated("- ")),
  yaml("question marks", repeated("? ")),
  yaml("a long plain scalar", repeated("a b ", "k: ")),
  yaml("plain lines", repeated("a\n  ", "k: ")),
  yaml("an open quote", repeated("a\n", 'k: "')),
  yaml("escapes", repeated("\\u0041", 'k: "', '"')),
  yaml("a block", repeated("  a\n", "k: |\n")),
  yaml("empty lines of a block", repeated("\n", "k: |\n")),
  yaml("comments", repeated("# a\n")),
  yaml("documents", repeated("---\n")),
  yaml("documents with keys", repeated("a: 1\n---\n")),
  yaml("directives", repeated("%A b\n")),
  yaml("anchors", repeated("- &a a\n")),
  yaml("aliases", repeated("- *a\n", "- &a a\n")),
  yaml("tags", repeated("!a ")),
  yaml("spaces", repeated(" ")),
  yaml("tabs", repeated("\t", "a:")),
  yaml("numbers", repeated("9", "a: ")),
  yaml("underscores", repeated("_", "a: 1")),
  kubeconfig(
    "contexts",
    (size) =>
      `contexts:\n${Array.from({ length: size / 45 }, (_, i) => `- {name: c${i}, context: {cluster: c, user: u}}\n`).join("")}current-context: nothing\n`,
  ),
  kubeconfig(
    "users",
    (size) => `users:\n${Array.from({ length: size / 30 }, (_, i) => `- {name: u${i}, user: {}}\n`).join("")}`,
  ),
  kubeconfig(
    "one long name",
    (size) =>
      `contexts: [{name: ${"a".repeat(size / 2)}, context: {cluster: c}}]\ncurrent-context: ${"b".repeat(size / 2)}\n`,
  ),
];
