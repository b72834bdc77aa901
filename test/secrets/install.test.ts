import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse } from "../../src/sandbox/types.ts";
import { kn, type Outcome, type Stage, stage } from "../engine/cli.ts";
import { type DnsStage, DOMAIN, dnsStage } from "../engine/dns/stage.ts";
import { sampled, thoroughly } from "../thorough.ts";
import { ENCODINGS, isReadable } from "./encodings.ts";

const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const file = (text: string): string => {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, text);
  return path;
};

/** The kubeconfig with a credential plugin, a script, in place of its token. */
const withPlugin = (kubeconfig: string, script: string): string =>
  file(
    kubeconfig.replace(
      / {4}token: .*\n/,
      `    exec: ${JSON.stringify({
        apiVersion: "client.authentication.k8s.io/v1",
        command: process.execPath,
        args: [file(script)],
        interactiveMode: "Never",
      })}\n`,
    ),
  );

const PLAIN =
  "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: https://127.0.0.1:1}}]\nusers:\n- name: u\n  user:\n    token: x\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\n";

/** Gives the token on stdout and says `pieces` on stderr, one after the other. */
const plugin = (token: string, pieces: readonly string[], code: number, pauseMs = 5): string => `
  console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: ${JSON.stringify(token)} } }));
  for (const piece of ${JSON.stringify(pieces)}) {
    process.stderr.write(piece);
    await new Promise((resolve) => setTimeout(resolve, ${pauseMs}));
  }
  process.exitCode = ${code};
`;

const everything = ({ stdout, stderr }: Outcome, page?: string): string =>
  [stdout, stderr, page ? readFileSync(page, "utf8") : ""].join("\n");

describe("a credential plugin that prints its token and fails", () => {
  const token = "ey7-Kf93kfPqz0_Zm2.xT5bW8/rN+q41Yc6LdEoVh==";
  const run = async (pieces: readonly string[], ...args: readonly string[]): Promise<string> => {
    const kubeconfig = withPlugin(PLAIN, plugin(token, pieces, 1));
    const page = join(folder, `page-${files++}.html`);
    const outcome = await kn({ kubeconfig, standIns: true }, ["install", "--yes", "--report", page, ...args]);
    expect(outcome.code).toBe(1);
    expect(everything(outcome)).toContain("it ended with code 1");
    return everything(outcome, page);
  };

  it.each(sampled(Object.entries(ENCODINGS), 3))("shows it nowhere: %s", async (_name, encode) => {
    for (const args of [[], ["-o", "json", "-v"]]) {
      const output = await run([`cannot log in with ${encode(token, "Basic:")}!\n`], ...args);
      expect(output).toContain("[redacted]");
      expect(isReadable(output, token), output).toBe(false);
    }
  });

  it("shows it neither where it comes in two chunks nor over the lines of which the last ones are shown", async () => {
    for (const pieces of [
      [`cannot log in with ${token.slice(0, 20)}`, `${token.slice(20)}!\n`],
      ["a\n", "b\n", `${token.slice(0, 17)}\n`, `${token.slice(17)}\n`, "c\n", "d\n", "e\n"],
    ]) {
      const output = await run(pieces);
      expect(isReadable(output, token), output).toBe(false);
    }
  });
});

/** Longer than a plugin runs before it is told of. */
const SLOW_MS = 4_000;

it("a plugin that runs for long is told of without its token", async () => {
  const token = "slow-Kf93kfPqz0Zm2xT5bW8rNq41Yc6LdEoVh";
  const kubeconfig = withPlugin(PLAIN, plugin(token, [`waiting with ${token}\n`], 1, SLOW_MS));
  const outcome = await kn({ kubeconfig, standIns: true }, ["install", "--yes", "-o", "json"]);
  const told = outcome.events.filter(({ type }) => type === "waiting").map(({ reason }) => reason);
  expect(told).toContainEqual(expect.stringContaining("still running: waiting with [redacted]"));
  expect(isReadable(everything(outcome), token)).toBe(false);
});

const forbidden = (message: string): ApiResponse => ({
  status: 403,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", code: 403, message },
});

/** Of a Secret as it is sent, in base64. */
const keyIn = (body: unknown): string | undefined =>
  (JSON.parse(String(body)) as { data?: Record<string, string> }).data?.["tls.key"];
/** The first line of its PEM's body. */
const bodyOf = (key: string): string => Buffer.from(key, "base64").toString().split("\n")[1] ?? "";

describe("an install whose cluster repeats in a refusal what it was sent", () => {
  let place: Stage & { readonly close: () => Promise<void> };
  let refuse: (request: ApiRequest) => ApiResponse | undefined = () => undefined;
  let token = "";
  beforeAll(async () => {
    const world = await stage({ onRequest: (request) => refuse(request) });
    const text = readFileSync(world.kubeconfig, "utf8");
    token = /token: (.*)/.exec(text)?.[1] ?? "";
    const kubeconfig = withPlugin(text, plugin(token, [`the token is ${token}\n`], 0));
    place = { ...world, kubeconfig, standIns: true };
  });
  afterAll(() => place?.close());

  it.each([
    ["the token", () => `Bearer ${token} may not do that`, () => token],
    ["a key that was just made, in base64", (key: string) => `no ${key} here`, bodyOf],
    ["its body in hex", (key: string) => `no ${Buffer.from(key, "base64").toString("hex")} here`, bodyOf],
  ])("shows nowhere %s", async (_name, message, secret) => {
    for (const args of thoroughly([["-o", "json"]], [["-v"], ["-o", "json"]])) {
      let key = "";
      refuse = ({ method, path, body, query }) => {
        if (method === "PATCH" && path.includes("/secrets/")) key = keyIn(body) ?? key;
        const isConfig =
          method === "PATCH" && path.endsWith("/configmaps/config-network") && query?.dryRun === undefined;
        return key !== "" && isConfig ? forbidden(message(key)) : undefined;
      };
      const page = join(folder, `page-${files++}.html`);
      const tls = ["--tls", "self-signed", "--domain", "apps.example.com"];
      const outcome = await kn(place, ["install", "--yes", ...tls, "--report", page, ...args]);
      expect(outcome.code, everything(outcome)).toBe(1);
      expect(key).not.toBe("");
      const output = everything(outcome, page);
      expect(output).toContain("[redacted]");
      expect(isReadable(output, secret(key)), output).toBe(false);
      refuse = () => undefined;
      await kn(place, ["uninstall", "--yes", "--purge"]);
    }
  });
});

describe("an ordinary run with real credentials", () => {
  let world: DnsStage;
  beforeAll(async () => {
    world = await dnsStage();
  });
  afterAll(() => world?.close());

  /** Masking does nothing but put its mark in place of something: without a mark, every byte is as it was. */
  it.each(thoroughly([["-o", "json"]], [["-v"], ["-o", "json"]]))(
    "is told as it is, with its page: %s",
    async (...args) => {
      const page = join(folder, `page-${files++}.html`);
      const install = ["install", "--yes", "--domain", DOMAIN, "--dns", "route53", ...world.letsEncrypt];
      for (const words of [
        ["plan", ...install.slice(2)],
        [...install, "--report", page],
        ["status"],
        ["renew", "--yes"],
        ["uninstall", "--yes", "--purge"],
      ]) {
        const outcome = await world.run(...words, ...args);
        expect(outcome.code, outcome.stderr).toBe(0);
        expect(everything(outcome)).not.toContain("redacted");
      }
      expect(readFileSync(page, "utf8")).not.toContain("redacted");
    },
  );
});

it("the root for import is a file on request, is the one in the cluster, and never replaces anything else", async () => {
  const world = { ...(await stage()), standIns: true };
  const path = join(folder, "root.crt");
  const outcome = await kn(world, ["install", "--yes", "--save-root", path]);
  expect(outcome.code, outcome.stderr).toBe(0);
  const root = world.api.get({ apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "self-signed-root" });
  const pem = Buffer.from(root?.data["tls.crt"], "base64").toString();
  expect(readFileSync(path, "utf8").trim()).toBe(pem.trim());
  const trusted = outcome.stdout.split("\n").find((line) => line.includes("update-ca-certificates"));
  expect(trusted?.trim()).toMatch(
    /^sudo install -m 644 \S+root\.crt \/usr\/local\/share\/ca-certificates\/kn-bootstrap-\w+\.crt && /,
  );
  expect(outcome.stdout).not.toContain(root?.data["tls.crt"].slice(0, 60));

  const again = await kn(world, ["install", "--yes", "--save-root", path]);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stdout).toContain("update-ca-certificates");
  const told = await kn(world, ["status", "--save-root", join(folder, "told.crt")]);
  expect(told.code, told.stderr).toBe(0);
  expect(readFileSync(join(folder, "told.crt"), "utf8")).toBe(readFileSync(path, "utf8"));
  expect(told.stdout).toContain("cert9.db");

  const foreign = file("mine");
  const refused = await kn(world, ["status", "--save-root", foreign]);
  expect(refused.code).toBe(2);
  expect(refused.stderr.replace(/\s+/g, " ")).toContain("it is there already, and is no root");
  expect(readFileSync(foreign, "utf8")).toBe("mine");
  expect((await kn(world, ["status", "--save-root", join(folder, "no/such/root.crt")])).stderr).toContain("directory");
  await world.close();
});
