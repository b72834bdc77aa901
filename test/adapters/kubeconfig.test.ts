import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KubeconfigOptions, loadKubeconfig } from "../../src/adapters/cluster/index.ts";
import { UserError } from "../../src/ports/error.ts";
import { createAuthority } from "./loopback.ts";

const authority = await createAuthority();
const ca = `${authority.ca}\n`;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Entries {
  readonly current?: string;
  readonly clusters?: Record<string, object>;
  readonly users?: Record<string, object>;
  readonly contexts?: Record<string, object>;
}

const yaml = ({ current, clusters = {}, users = {}, contexts = {} }: Entries): string => {
  const list = (entries: Record<string, object>, field: string) =>
    Object.entries(entries).map(([name, value]) => ({ name, [field]: value }));
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    ...(current === undefined ? {} : { "current-context": current }),
    clusters: list(clusters, "cluster"),
    users: list(users, "user"),
    contexts: list(contexts, "context"),
  });
};
const write = async (name: string, content: string): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
};
const SIMPLE: Entries = {
  current: "dev",
  clusters: { c1: { server: "https://10.0.0.1:6443/" }, c2: { server: "https://10.0.0.2:6443" } },
  users: { u1: { token: "t1" }, u2: { token: "t2" } },
  contexts: {
    dev: { cluster: "c1", user: "u1" },
    production: { cluster: "c2", user: "u2" },
    anonymous: { cluster: "c1" },
  },
};

/** The error, which must be fit for a person and stop with code 2. */
const refusal = async (options: KubeconfigOptions): Promise<UserError> => {
  const error: unknown = await loadKubeconfig(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const refused = error as UserError;
  expect(refused.kind).toBe("input");
  expect(refused.remedy.text).not.toBe("");
  expect(refused.message).not.toContain("\n");
  return refused;
};

describe("which cluster", () => {
  test("the current context, or the one asked for", async () => {
    const file = await write("config", yaml(SIMPLE));
    expect(await loadKubeconfig({ path: file, env: {} })).toMatchObject({
      context: "dev",
      server: "https://10.0.0.1:6443",
      user: "u1",
      login: { token: "t1" },
      warnings: [],
    });
    expect(await loadKubeconfig({ path: file, context: "production", env: {} })).toMatchObject({
      server: "https://10.0.0.2:6443",
      login: { token: "t2" },
    });
  });

  test("KUBECONFIG is a list: the first entry of a name wins, files that do not exist are ignored", async () => {
    const first = await write("first", yaml({ ...SIMPLE, current: "production", users: { u1: { token: "first" } } }));
    const second = await write(
      "second",
      yaml({ ...SIMPLE, current: "dev", users: { u1: { token: "second" }, u2: { token: "from-second" } } }),
    );
    const list = [path.join(folder, "none"), first, second, first].join(path.delimiter);
    expect(await loadKubeconfig({ env: { KUBECONFIG: list } })).toMatchObject({
      context: "production",
      login: { token: "from-second" },
    });
    expect(await loadKubeconfig({ context: "dev", env: { KUBECONFIG: list } })).toMatchObject({
      login: { token: "first" },
    });
  });

  test("--kubeconfig comes before KUBECONFIG, KUBECONFIG before ~/.kube/config", async () => {
    await mkdir(path.join(folder, ".kube"));
    await write(".kube/config", yaml({ ...SIMPLE, current: "dev" }));
    const other = await write("other", yaml({ ...SIMPLE, current: "production" }));
    const given = await write("given", yaml({ ...SIMPLE, current: "anonymous" }));
    const env = { HOME: folder };
    expect(await loadKubeconfig({ env })).toMatchObject({ context: "dev" });
    expect(await loadKubeconfig({ env: { ...env, KUBECONFIG: other } })).toMatchObject({ context: "production" });
    expect(await loadKubeconfig({ path: given, env: { ...env, KUBECONFIG: other } })).toMatchObject({
      context: "anonymous",
    });
  });

  test("a pod without kubeconfig uses its service account", async () => {
    await write("token", "pod-token\n");
    await write("ca.crt", "the CA");
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443", HOME: folder };
    expect(await loadKubeconfig({ env, serviceAccount: folder })).toEqual({
      context: "in-cluster",
      user: "service account of the pod",
      server: "https://[fd00::1]:443",
      tls: { insecure: false, ca: "the CA" },
      login: { tokenFile: path.join(folder, "token") },
      warnings: [],
    });
  });
});

describe("what a context says", () => {
  const load = async (cluster: object, user?: object, env: Record<string, string> = {}) => {
    const entries = {
      clusters: { c: { server: "https://10.0.0.1:6443", ...cluster } },
      ...(user ? { users: { u: user } } : {}),
    };
    const file = await write(
      "config",
      yaml({ ...entries, current: "x", contexts: { x: { cluster: "c", ...(user ? { user: "u" } : {}) } } }),
    );
    return loadKubeconfig({ path: file, env });
  };

  test("a context without a user keeps the cluster's CA, as data or as a file beside the kubeconfig", async () => {
    await write("ca.pem", `its words\n${ca}`);
    expect(await load({ "certificate-authority": "ca.pem" })).toMatchObject({ user: "", tls: { ca }, login: {} });
    const data = Buffer.from(ca).toString("base64");
    expect(await load({ "certificate-authority-data": data })).toMatchObject({ tls: { ca } });
  });

  test("TLS name, proxy, and a warning when nothing is verified", async () => {
    const target = await load({
      "tls-server-name": "api.test",
      "proxy-url": "socks5://proxy.test:1080",
      "insecure-skip-tls-verify": true,
    });
    expect(target).toMatchObject({
      tls: { servername: "api.test", insecure: true },
      proxy: "socks5://proxy.test:1080",
    });
    expect(target.warnings).toEqual([expect.stringContaining("insecure-skip-tls-verify")]);
  });

  test("a plain http server needs nothing else", async () => {
    expect(await load({ server: "http://127.0.0.1:8080" })).toMatchObject({
      server: "http://127.0.0.1:8080",
      warnings: [],
    });
  });

  test.each([
    { token: "t" },
    { tokenFile: "token" },
    { username: "u", password: "p" },
    { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "plugin", interactiveMode: "Never" } },
    { as: "jane" },
  ])("no credentials go over plain http: %j", async (user) => {
    expect((await load({ server: "http://127.0.0.1:8080" }, user)).login).toEqual({});
    const file = await write(
      "plain",
      yaml({ ...SIMPLE, clusters: { c1: { server: "http://10.0.0.1:8080" } }, users: { u1: user } }),
    );
    expect(await refusal({ path: file, env: {} })).toMatchObject({
      id: "kubeconfig.plain-text",
      remedy: { command: "kubectl config set-cluster c1 --server=https://10.0.0.1:8080" },
    });
    const anonymous = await loadKubeconfig({ path: file, context: "anonymous", env: {} });
    expect(anonymous).toMatchObject({ server: "http://10.0.0.1:8080", login: {} });
  });

  test("impersonation with groups, uid and extra; a token file; certificates beside the kubeconfig", async () => {
    const { cert, key } = await authority.issue(["jane"]);
    await Promise.all([write("token", "t"), write("tls.crt", cert)]);
    const { login } = await load(
      {},
      {
        tokenFile: "token",
        "client-certificate": "tls.crt",
        "client-key-data": Buffer.from(key).toString("base64"),
        as: "jane",
        "as-uid": "42",
        "as-groups": ["dev", "ops"],
        "as-user-extra": { reason: ["test"] },
      },
    );
    expect(login).toEqual({
      tokenFile: path.join(folder, "token"),
      certificate: { file: path.join(folder, "tls.crt") },
      key: { text: key },
      impersonate: { user: "jane", uid: "42", groups: ["dev", "ops"], extra: { reason: ["test"] } },
    });
  });

  test("a plugin gets the environment, its own on top, and the cluster if it wants to know", async () => {
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin",
      args: ["get-token"],
      env: [{ name: "PROFILE", value: "dev" }],
      provideClusterInfo: true,
      interactiveMode: "Never",
      installHint: "Install it.",
    };
    const extensions = [{ name: "client.authentication.k8s.io/exec", extension: { audience: "x" } }];
    const { login } = await load(
      { extensions, "tls-server-name": "api.test" },
      { exec },
      { PATH: "/bin", PROFILE: "other" },
    );
    expect(login.plugin).toEqual({
      command: path.join(folder, "plugin"),
      args: ["get-token"],
      env: { PATH: "/bin", PROFILE: "dev" },
      apiVersion: "client.authentication.k8s.io/v1",
      interactiveMode: "Never",
      installHint: "Install it.",
      cluster: { server: "https://10.0.0.1:6443", "tls-server-name": "api.test", config: { audience: "x" } },
    });
  });
});

describe("bad input", () => {
  test("a file that does not exist, that may not be read, that is a folder", async () => {
    const none = path.join(folder, "none");
    expect(await refusal({ path: none, env: {} })).toMatchObject({
      id: "kubeconfig.missing",
      message: `the kubeconfig ${none} does not exist`,
    });
    expect(await refusal({ env: { KUBECONFIG: `${none}:${none}2` } })).toMatchObject({ id: "kubeconfig.missing" });
    expect(await refusal({ path: folder, env: {} })).toMatchObject({ id: "kubeconfig.unreadable" });
    const locked = await write("locked", yaml(SIMPLE));
    await chmod(locked, 0);
    if (process.getuid?.() !== 0)
      expect(await refusal({ path: locked, env: {} })).toMatchObject({ id: "kubeconfig.unreadable" });
  });

  test("no kubeconfig anywhere points to the rehearsal", async () => {
    expect((await refusal({ env: { HOME: folder } })).remedy.command).toBe("kn-bootstrap rehearse");
  });

  test.each([
    ["broken YAML", "users:\n- name: x\n  user: {token: my-secret", /unexpected end/],
    ["text", "just text", /no mapping/],
    [
      "a token that is none",
      "users: [{name: u, user: {token: [my-secret]}}]",
      /user "u": token must be a text, and is a list/,
    ],
    [
      "data that are none",
      "users: [{name: u, user: {client-key-data: my-secret}}]",
      /user "u": client-key-data is not base64/,
    ],
  ])("%s is malformed, and its content is not repeated", async (_, content, reason) => {
    const error = await refusal({ path: await write("config", content), env: {} });
    expect(error.id).toBe("kubeconfig.malformed");
    expect(error.message).toMatch(reason);
    expect(error.message + String(error.cause)).not.toContain("my-secret");
  });

  test("an empty file has no contexts", async () => {
    expect(await refusal({ path: await write("config", "# nothing\n"), env: {} })).toMatchObject({
      id: "kubeconfig.no-context",
      why: "It has no contexts at all.",
    });
  });

  test("no context chosen: lists them", async () => {
    const { current: _, ...rest } = SIMPLE;
    const error = await refusal({ path: await write("config", yaml(rest)), env: {} });
    expect(error).toMatchObject({ id: "kubeconfig.no-context", why: "It has: dev, production, anonymous." });
    expect(error.remedy.command).toBe("kn-bootstrap … --context dev");
  });

  test("an unknown context: did you mean", async () => {
    const file = await write("config", yaml(SIMPLE));
    expect(await refusal({ path: file, context: "prodcution", env: {} })).toMatchObject({
      id: "kubeconfig.unknown-context",
      message: `${file} has no context "prodcution", did you mean "production"?`,
      why: "It has: dev, production, anonymous.",
    });
    expect((await refusal({ path: file, context: "somewhere-else", env: {} })).message).not.toContain("did you mean");
  });

  test.each([
    ["cluster", { cluster: "none", user: "u1" }],
    ["user", { cluster: "c1", user: "none" }],
  ])("a context whose %s is missing", async (what, context) => {
    const file = await write("config", yaml({ ...SIMPLE, contexts: { dev: context } }));
    const error = await refusal({ path: file, env: {} });
    expect(error).toMatchObject({ id: "kubeconfig.broken-context" });
    expect(error.message).toContain(`context "dev" names ${what} "none"`);
  });

  test("a server that is no address, a CA file that is gone, groups without a user", async () => {
    const withCluster = async (cluster: object) => write("config", yaml({ ...SIMPLE, clusters: { c1: cluster } }));
    expect(await refusal({ path: await withCluster({ server: "10.0.0.1:6443" }), env: {} })).toMatchObject({
      id: "kubeconfig.server",
    });
    const ca = { server: "https://a", "certificate-authority": "gone.pem" };
    expect(await refusal({ path: await withCluster(ca), env: {} })).toMatchObject({ id: "kubeconfig.unreadable" });
    const proxy = { server: "https://a", "proxy-url": "ftp://proxy" };
    expect(await refusal({ path: await withCluster(proxy), env: {} })).toMatchObject({ id: "kubeconfig.proxy" });
    const groups = await write("config", yaml({ ...SIMPLE, users: { u1: { "as-groups": ["dev"] } } }));
    expect(await refusal({ path: groups, env: {} })).toMatchObject({ id: "kubeconfig.impersonation" });
  });
});
