import { expect, it } from "vitest";
import { redactText } from "../../src/secrets/redact.ts";
import { createVault } from "../../src/secrets/vault.ts";
import { isThorough } from "../thorough.ts";
import { keyPem } from "./shapes.ts";

const KILOBYTES = isThorough ? [32, 256, 2048] : [8, 64, 512];
const TOKEN = "eyJk9Qz4x1jT7wXcV0bNmA5sDfGhJ2kLpOiUyTrEwQ8";
const PERIODIC = "ab".repeat(400);

/** Texts that are hard on scanners that look twice: each is repeated up to the size. */
const HARD: Readonly<Record<string, string>> = {
  "one letter": "a",
  "one word, then nothing": "secrettoken",
  "beginnings of keys": "-----BEGIN PRIVATE KEY-----",
  "beginnings that are none": "-----BEGIN A",
  "ends of keys": "AAAA-----END PRIVATE KEY-----",
  "keys in base64": "LS0tLS1CRUdJTiBQ",
  "base64 in lines": `${"QUFB".repeat(19)}\n`,
  "beginnings of web tokens": "eyJ-",
  "web tokens without an end": "eyJhbGciOiJSUzI1NiJ9-",
  "tokens of EKS": "k8s-aws-v1.",
  schemes: "a://b:",
  "schemes and ats": "a://b:c@",
  dots: "a.a-a.",
  "open quotes": `"token":"`,
  "escaped quotes": `\\"token\\":\\"\\\\\\"`,
  backslashes: "\\",
  "escaped lines": "\\n",
  spaces: " ",
  "names without values": "token = ",
  headers: "Authorization: ",
  bearers: "Bearer ",
  percents: "%41%",
  "half entities": "&#x41&",
  units: "\\u00",
  "beginnings of a known secret": TOKEN.slice(0, 15),
  "a known secret": `${TOKEN}.`,
  "the period of a known secret": "ab",
  "a known key": keyPem,
};

/** Milliseconds. */
const time = (work: () => unknown): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

/** Reads each letter once, in the same language on the same machine. */
const plainScan = (text: string): number => {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) | 0;
  return sum;
};

const vault = createVault();
vault.learn(
  TOKEN,
  keyPem,
  PERIODIC,
  ...Array.from({ length: 40 }, (_each, at) => `password-${at}-${TOKEN.slice(at / 2)}`),
);

/**
 * A scanner that looks twice takes 4096 times as long for 64 times the text, and minutes for two megabytes (seconds for half of one). The bound is far from what
 * is measured and from that: so many plain scans of the same text, in the same run.
 */
const MOST_SCANS = 2_000;

it.each(Object.entries(HARD))("masking takes as long as the text is, of %s", (name, piece) => {
  const texts = KILOBYTES.map((size) => piece.repeat(Math.ceil((size * 1024) / piece.length)).slice(0, size * 1024));
  const times = texts.map((text) => time(() => redactText(vault.mask(text))));
  const scans = (times[2] ?? 0) / time(() => plainScan(texts[2] ?? ""));
  const shown = times.map((each, index) => `${KILOBYTES[index]} KB ${each.toFixed(1)} ms`).join(", ");
  process.stdout.write(`${name.padEnd(30)} ${shown}; ${scans.toFixed(0)} plain scans\n`);
  expect(scans).toBeLessThan(MOST_SCANS);
});
