import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { loadKubeconfig } from "../../src/adapters/cluster/index.ts";
import { externalAccount } from "../../src/app/external-account.ts";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { UserError } from "../../src/ports/error.ts";
import { webProxies } from "../../src/ports/variables.ts";
import { environmentFetch } from "../../src/releases/http.ts";

type Env = Readonly<Record<string, string>>;
const signal = new AbortController().signal;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "variables-"));
  await writeFile(join(folder, "token"), "t");
});
afterAll(() => rm(folder, { recursive: true }));

const KEYS = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret" };

/** Each way by which a text of the environment comes in. Nothing listens anywhere: it must be refused before a connection. */
const WAYS: Readonly<Record<string, (env: Env) => Promise<unknown>>> = {
  "Route 53": async (env) => {
    const zones = await openRoute53(
      { env: { ...KEYS, ...env }, signal, onTrouble: () => undefined },
      { maxAttempts: 1 },
    );
    await zones.find("example.com").finally(zones.close);
  },
  "the CA": async (env) => createAuthority({ directory: "https://ca.invalid/directory", env }).directory(signal),
  downloads: (env) => environmentFetch(env)("https://downloads.invalid/a", { signal }),
  "the CA's account": (env) => externalAccount(env),
  "a pod's account": (env) => loadKubeconfig({ env, serviceAccount: folder }),
};

describe("a text of the environment is checked where it is read", () => {
  it.each<[keyof typeof WAYS & string, Env, string, RegExp]>([
    ["Route 53", { AWS_ACCESS_KEY_ID: "AKIA\n" }, "AWS_ACCESS_KEY_ID", /holds a line end/],
    ["Route 53", { AWS_SECRET_ACCESS_KEY: "very-secret\r" }, "AWS_SECRET_ACCESS_KEY", /holds a line end/],
    ["Route 53", { AWS_SESSION_TOKEN: "very-secret\u0001" }, "AWS_SESSION_TOKEN", /control character/],
    ["Route 53", { AWS_ACCESS_KEY_ID: "<your key>" }, "AWS_ACCESS_KEY_ID", /placeholder <your key>/],
    ["Route 53", { AWS_REGION: "eu central 1" }, "AWS_REGION", /no region: "eu central 1"/],
    ["Route 53", { AWS_DEFAULT_REGION: "evil.example.com/#" }, "AWS_DEFAULT_REGION", /no region/],
    ["Route 53", { AWS_ENDPOINT_URL: "https://route53.test\n" }, "AWS_ENDPOINT_URL", /no https URL/],
    ["Route 53", { HTTPS_PROXY: "socks5://127.0.0.1:1" }, "HTTPS_PROXY", /no address of a proxy/],
    ["the CA", { https_proxy: "http://jane%zz:very-secret@127.0.0.1:1" }, "https_proxy", /%25/],
    ["the CA", { HTTPS_PROXY: "http://[::1" }, "HTTPS_PROXY", /no address of a proxy/],
    ["downloads", { HTTPS_PROXY: "ftp://127.0.0.1:1" }, "HTTPS_PROXY", /no address of a proxy/],
    ["downloads", { HTTP_PROXY: "http://127.0.0.1 :1" }, "HTTP_PROXY", /no address of a proxy/],
    ["the CA's account", { ACME_EAB_KID: "a\nb", ACME_EAB_HMAC_KEY: "abc" }, "ACME_EAB_KID", /line end/],
    ["the CA's account", { ACME_EAB_KID: "a", ACME_EAB_HMAC_KEY: "very-secret key" }, "ACME_EAB_HMAC_KEY", /base64url/],
    [
      "a pod's account",
      { KUBERNETES_SERVICE_HOST: "a b", KUBERNETES_SERVICE_PORT: "443" },
      "KUBERNETES_SERVICE_HOST",
      /no address/,
    ],
    [
      "a pod's account",
      { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "tcp://10.0.0.1:443" },
      "KUBERNETES_SERVICE_PORT",
      /no address/,
    ],
  ])("%s: %j names the variable and ends with 2", async (way, env, name, words) => {
    const error: unknown = await WAYS[way]?.(env).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    const { message, why, kind } = error as UserError;
    expect(kind).toBe("input");
    expect(`${message} ${why}`).toContain(name);
    expect(message).toMatch(words);
    expect(`${message} ${why}`).not.toContain("very-secret");
  });

  it("a proxy without a scheme is an http proxy, and not passed by", () => {
    expect(webProxies({ HTTPS_PROXY: "proxy.test:3128", NO_PROXY: "a", PATH: "/bin" })).toEqual({
      HTTPS_PROXY: "http://proxy.test:3128/",
      NO_PROXY: "a",
    });
  });

  it("a key for an external account that ends in a line end is that key", async () => {
    expect(await externalAccount({ ACME_EAB_KID: "a", ACME_EAB_HMAC_KEY: "abc_-=\n" })).toEqual({
      kid: "a",
      hmacKey: "abc_-=",
    });
  });
});
