import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import type { Login, PluginSettings } from "../../src/adapters/cluster/target.ts";
import { UserError } from "../../src/ports/error.ts";
import { createAuthority, createTiming, discover, type Handler, serve, status, targetOf } from "./loopback.ts";

let folder = "";
const authority = await createAuthority();
const cleanUp: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "credentials-"));
});
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
  await rm(folder, { recursive: true });
});
const VERSION = { gitVersion: "v1.36.2" };
const start = async (login: Login, handler: Handler = () => VERSION, timing = createTiming()) => {
  const identity = await authority.issue(["127.0.0.1"]);
  const server = await serve((seen, response) => discover(seen) ?? handler(seen, response), {
    ...identity,
    ca: authority.ca,
  });
  const cluster = openCluster(targetOf(server.url, { login, tls: { ca: authority.ca, insecure: false } }), { timing });
  cleanUp.push(server.close, cluster.close);
  return { server, cluster, timing };
};

/** A plugin that counts its runs in a file, and gives `token-<run>` and what `status` (JavaScript) adds. */
const createPlugin = async (
  extra = "{}",
  rest: Partial<PluginSettings> = {},
): Promise<PluginSettings & { runs: () => Promise<string[]> }> => {
  const script = path.join(folder, "plugin.mjs");
  const log = path.join(folder, "runs");
  await writeFile(
    script,
    `import { appendFileSync, readFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(log)}, process.env.KUBERNETES_EXEC_INFO + "\\n");
     const run = readFileSync(${JSON.stringify(log)}, "utf8").trim().split("\\n").length;
     await new Promise((resolve) => setTimeout(resolve, 50));
     const status = { token: "token-" + run, ...(${extra}) };
     console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status }));`,
  );
  return {
    command: process.execPath,
    args: [script],
    env: { PATH: process.env.PATH },
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "IfAvailable",
    ...rest,
    runs: async () => (await readFile(log, "utf8").catch(() => "")).split("\n").filter((line) => line !== ""),
  };
};
const sentTokens = (server: { seen: readonly { headers: { authorization?: string | undefined } }[] }) =>
  server.seen.map(({ headers }) => headers.authorization);

describe("a credential plugin", () => {
  test("runs once for all who ask at the same time, and not again", async () => {
    const plugin = await createPlugin();
    const { server, cluster } = await start({ plugin });
    await Promise.all(Array.from({ length: 8 }, () => cluster.version()));
    await cluster.version();
    expect(await plugin.runs()).toHaveLength(1);
    expect(new Set(sentTokens(server))).toEqual(new Set(["Bearer token-1"]));
  });

  test("is told about the cluster, and that nobody is there to be asked", async () => {
    const plugin = await createPlugin("{}", { cluster: { server: "https://api.test", config: { audience: "x" } } });
    const { cluster } = await start({ plugin });
    await cluster.version();
    expect(JSON.parse((await plugin.runs())[0] ?? "")).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: "https://api.test", config: { audience: "x" } } },
    });
  });

  test("runs again before its token expires", async () => {
    const timing = createTiming();
    const expires = new Date(timing.now() + 15 * 60_000).toISOString();
    const plugin = await createPlugin(`{ expirationTimestamp: ${JSON.stringify(expires)} }`);
    const { server, cluster } = await start({ plugin }, undefined, timing);
    await cluster.version();
    timing.advance(13 * 60_000);
    await cluster.version();
    expect(await plugin.runs()).toHaveLength(1);
    timing.advance(70_000);
    await cluster.version();
    expect(await plugin.runs()).toHaveLength(2);
    expect(sentTokens(server)).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
  });

  test("runs again once when its token is refused, and then the refusal stands", async () => {
    const plugin = await createPlugin();
    const accepted = new Set(["Bearer token-2"]);
    const { server, cluster } = await start({ plugin }, ({ headers }) =>
      accepted.has(headers.authorization ?? "") ? VERSION : status(401, "Unauthorized", "Unauthorized"),
    );
    await Promise.all([cluster.version(), cluster.version(), cluster.version()]);
    expect(await plugin.runs()).toHaveLength(2);
    accepted.clear();
    await expect(cluster.version()).rejects.toMatchObject({ status: 401 });
    expect(await plugin.runs()).toHaveLength(3);
    expect(server.seen).toHaveLength(8);
  });

  test("gives a client certificate, which replaces the one before", async () => {
    const first = await authority.issue(["client"], { subject: "first" });
    const second = await authority.issue(["client"], { subject: "second" });
    const pick = `{ token: undefined, ...(run === 1 ? ${certificateStatus(first)} : ${certificateStatus(second)}) }`;
    const plugin = await createPlugin(pick);
    const names: (string | undefined)[] = [];
    const { cluster } = await start({ plugin }, (seen) => {
      names.push((seen.raw.socket as TLSSocket).getPeerX509Certificate()?.subject);
      return names.length === 2 ? status(401, "Unauthorized", "expired") : VERSION;
    });
    await cluster.version();
    await cluster.version();
    expect(names).toEqual(["CN=first", "CN=first", "CN=second"]);
  });

  test("that is not installed shows how to install it", async () => {
    const plugin = await createPlugin("{}", {
      command: "no-such-plugin",
      installHint: "Install no-such-plugin from its site.",
    });
    const { cluster } = await start({ plugin });
    const error = await cluster.version().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      id: "kubeconfig.plugin-missing",
      kind: "input",
      message: 'the credential plugin "no-such-plugin" of the kubeconfig is not installed',
      remedy: { text: "Install no-such-plugin from its site." },
    });
  });

  test.each([
    [
      "fails",
      `(console.error("Your session has expired"), process.exit(3))`,
      "it ended with code 3",
      /session has expired/,
    ],
    ["gives nothing", "{ token: '' }", "neither a token nor a client certificate", /./],
  ])("that %s is an error with its own words", async (_, extra, message, why) => {
    const { cluster } = await start({ plugin: await createPlugin(extra) });
    const error = await cluster.version().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ id: "kubeconfig.plugin", kind: "failed", message: expect.stringContaining(message) });
    expect((error as UserError).why).toMatch(why);
  });

  test("that must ask says so when there is no terminal", async () => {
    const { cluster } = await start({ plugin: await createPlugin("{}", { interactiveMode: "Always" }) });
    await expect(cluster.version()).rejects.toThrow(/standard input is not a terminal/);
  });

  test("ends with the cluster's close", async () => {
    const plugin = await createPlugin("await new Promise((resolve) => setTimeout(resolve, 60_000))");
    const { cluster } = await start({ plugin });
    const pending = cluster.version();
    const ended = expect(pending).rejects.toMatchObject({ name: "AbortError" });
    await expect.poll(async () => (await plugin.runs()).length).toBe(1);
    cluster.close();
    await ended;
  });
});

const certificateStatus = ({ cert, key }: { cert: string; key: string }): string =>
  JSON.stringify({ clientCertificateData: cert, clientKeyData: key });

describe("files", () => {
  test("a token file is read again; while it is replaced the last token serves", async () => {
    const tokenFile = path.join(folder, "token");
    await writeFile(tokenFile, "one\n");
    const { server, cluster } = await start({ tokenFile, token: "stale" });
    await cluster.version();
    await writeFile(tokenFile, "two\n");
    await cluster.version();
    await rm(tokenFile);
    await cluster.version();
    expect(sentTokens(server)).toEqual(["Bearer one", "Bearer two", "Bearer two"]);
  });

  test("a token that is replaced while it is refused is tried", async () => {
    const tokenFile = path.join(folder, "token");
    await writeFile(tokenFile, "one");
    const { cluster } = await start({ tokenFile }, async ({ headers }) => {
      if (headers.authorization === "Bearer two") return VERSION;
      await writeFile(tokenFile, "two");
      return status(401, "Unauthorized", "expired");
    });
    expect(await cluster.version()).toBe("1.36.2");
  });

  test("a file that was never there is named", async () => {
    const tokenFile = path.join(folder, "none");
    const { cluster } = await start({ tokenFile });
    await expect(cluster.version()).rejects.toMatchObject({
      id: "kubeconfig.unreadable",
      kind: "input",
      message: expect.stringContaining(tokenFile),
    });
  });

  test("client certificates, as data and as files that are renewed", async () => {
    const names: (string | undefined)[] = [];
    const note: Handler = (seen) => {
      names.push((seen.raw.socket as TLSSocket).getPeerX509Certificate()?.subject);
      return VERSION;
    };
    const first = await authority.issue(["client"], { subject: "first" });
    const second = await authority.issue(["client"], { subject: "second" });
    const files = { certificate: { file: path.join(folder, "tls.crt") }, key: { file: path.join(folder, "tls.key") } };
    const store = async ({ cert, key }: typeof first) => {
      await writeFile(files.certificate.file, cert);
      await writeFile(files.key.file, key);
    };
    const data = await start({ certificate: { text: first.cert }, key: { text: first.key } }, note);
    await data.cluster.version();
    await store(first);
    const filed = await start(files, note);
    await filed.cluster.version();
    await store(second);
    await filed.cluster.version();
    expect(names).toEqual(["CN=first", "CN=first", "CN=second"]);
  });
});

describe("headers", () => {
  test("impersonation: user, uid, every group, extra", async () => {
    const impersonate = {
      user: "jane",
      uid: "42",
      groups: ["dev", "ops"],
      extra: { "example.com/Reason": ["a", "b"] },
    };
    const { server, cluster } = await start({ token: "t", impersonate });
    await cluster.version();
    const { rawHeaders } = server.seen[0]?.raw ?? { rawHeaders: [] };
    const pairs = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 && name.startsWith("impersonate") ? [`${name}: ${rawHeaders[index + 1]}`] : [],
    );
    expect(pairs).toEqual([
      "impersonate-user: jane",
      "impersonate-uid: 42",
      "impersonate-group: dev",
      "impersonate-group: ops",
      "impersonate-extra-example.com%2Freason: a",
      "impersonate-extra-example.com%2Freason: b",
    ]);
  });

  test("user name and password", async () => {
    const { server, cluster } = await start({ basic: { username: "u", password: "p:w" } });
    await cluster.version();
    expect(sentTokens(server)).toEqual([`Basic ${Buffer.from("u:p:w").toString("base64")}`]);
  });

  test("an OIDC auth-provider's token", async () => {
    const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${segment({ alg: "none" })}.${segment({ exp: Math.floor(Date.now() / 1000) + 3600 })}.sig`;
    const { server, cluster } = await start({
      provider: { name: "oidc", config: { "id-token": token, "client-id": "x" } },
    });
    await Promise.all([cluster.version(), cluster.version()]);
    expect(sentTokens(server)).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
  });
});
