import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCredentials } from "../../src/adapters/cluster/credentials.ts";
import { openCluster, systemTiming } from "../../src/adapters/cluster/index.ts";
import { learnLogin, learnSecrets } from "../../src/adapters/cluster/secrets.ts";
import type { Login } from "../../src/adapters/cluster/target.ts";
import { externalAccount } from "../../src/app/external-account.ts";
import { providers } from "../../src/dns/index.ts";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { createVault, type Vault } from "../../src/secrets/vault.ts";
import { startAnswers } from "../dns/route53-server.ts";
import { keyPem } from "./shapes.ts";

const file = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-learnt-")), "file");
  writeFileSync(path, text);
  return path;
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Whether each is masked, and nothing else of the text. */
const expectKnown = ({ mask }: Vault, ...secrets: readonly string[]): void => {
  for (const secret of secrets) expect(mask(`<${secret}>`)).toBe("<[redacted]>");
};

describe("learnt from a kubeconfig is", () => {
  const open = async (login: Login, proxy?: string): Promise<Vault> => {
    const vault = createVault();
    const target = { context: "c", user: "u", server: "https://127.0.0.1:1", tls: { insecure: false }, warnings: [] };
    const cluster = openCluster({ ...target, login, ...(proxy ? { proxy } : {}) }, { learn: vault.learn });
    cluster.close();
    const tools = { timing: systemTiming, interactive: false, signal: new AbortController().signal };
    await createCredentials(login, { ...tools, learn: vault.learn })().catch(() => undefined);
    return vault;
  };

  it("a token, a password, and both as the header has them", async () => {
    expectKnown(await open({ token: "t0ken-t0ken" }), "t0ken-t0ken");
    const vault = await open({ basic: { username: "me", password: "p4ss" } });
    expectKnown(vault, "me:p4ss");
    expect(vault.mask(base64("me:p4ss"))).not.toContain(base64("me:p4ss").slice(0, 8));
  });

  it("a client's key, in it or in a file", async () => {
    const body = keyPem.split("\n")[1] ?? "";
    for (const key of [{ text: keyPem }, { file: file(keyPem) }])
      expectKnown(await open({ certificate: { text: "x" }, key }), body);
  });

  it("a token file", async () => {
    expectKnown(await open({ tokenFile: file("from-a-f1le\n") }), "from-a-f1le");
  });

  it("what an auth-provider keeps", async () => {
    const config = { "client-secret": "cl1ent-secret", "refresh-token": "r3fresh-token", "client-id": "the-cl1ent" };
    const vault = await open({ token: "x", provider: { name: "oidc", config } });
    expectKnown(vault, "cl1ent-secret", "r3fresh-token");
    expect(vault.mask("the-cl1ent")).toBe("the-cl1ent");
  });

  it("the password of a proxy", async () => {
    expectKnown(await open({}, "http://me:pr0xy-word@proxy.example.com:3128"), "pr0xy-word");
  });

  it.each([
    ["that works", 0],
    ["that fails in the end", 1],
  ])("what a plugin %s printed, and secrets of its environment", async (_name, code) => {
    const status = { token: "plug1n-token", clientCertificateData: "x", clientKeyData: keyPem };
    const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status };
    const script = file(`console.log(${JSON.stringify(JSON.stringify(credential))}); process.exitCode = ${code}`);
    const vault = await open({
      plugin: {
        command: process.execPath,
        args: [script],
        env: { CLIENT_SECRET: "env1ron-secret", PATH: process.env.PATH },
        apiVersion: credential.apiVersion,
        interactiveMode: "Never",
      },
    });
    expectKnown(vault, "plug1n-token", "env1ron-secret", keyPem.split("\n")[1] ?? "");
  });

  it("what a plugin is given in its arguments", async () => {
    const vault = createVault();
    const args = [
      "get-token",
      "--oidc-client-secret=arg-s3cret-1",
      "--client-secret",
      "arg-s3cret-2",
      "--region",
      "eu-west-1",
    ];
    const plugin = { command: "x", args, env: {}, apiVersion: "v1", interactiveMode: "Never" } as const;
    const cluster = { server: "https://a", config: { clientSecret: "ext-s3cret-3", audience: "the-aud1ence" } };
    const target = { context: "c", user: "u", server: "https://127.0.0.1:1", tls: { insecure: false }, warnings: [] };
    learnLogin({ ...target, login: { plugin: { ...plugin, cluster } } }, vault.learn);
    expectKnown(vault, "arg-s3cret-1", "arg-s3cret-2", "ext-s3cret-3");
    for (const open of ["eu-west-1", "get-token", "the-aud1ence"]) expect(vault.mask(open)).toBe(open);
  });

  it("variables by the short names of passwords, but no folder", () => {
    const vault = createVault();
    vault.learn(
      JSON.stringify({
        VAULT_PASS: "sh0rt-name-1",
        MYSQL_PWD: "sh0rt-name-2",
        PWD: "/home/a1b2",
        OLDPWD: "/home/c3d4",
      }),
    );
    expectKnown(vault, "sh0rt-name-1", "sh0rt-name-2");
    for (const open of ["/home/a1b2", "/home/c3d4"]) expect(vault.mask(open)).toBe(open);
  });
});

describe("learnt from a Secret of the cluster is", () => {
  const learn = (data: Readonly<Record<string, string>>, wrap = (secret: object): object => secret): Vault => {
    const vault = createVault();
    const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
    learnSecrets(wrap({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: encoded }), vault.learn);
    return vault;
  };

  it("its data, one by one and in lists", () => {
    expectKnown(learn({ password: "s3cret-data" }), "s3cret-data", base64("s3cret-data").replace(/=+$/, ""));
    const list = (secret: object): object => ({ apiVersion: "v1", kind: "SecretList", items: [secret] });
    expectKnown(learn({ password: "s3cret-data" }, list), "s3cret-data");
  });

  it("not an address, a certificate, or what is in a ConfigMap", () => {
    const open = [
      "https://acme.example.com/acct/17",
      "ns1.example.com:5353",
      "10.96.0.10:53",
      "2001:db8::53",
      "kn-bootstrap",
    ];
    const vault = learn(Object.fromEntries(open.map((text, index) => [`k${index}`, text])));
    for (const text of open) expect(vault.mask(text)).toBe(text);
    const map = learn({ key: "an0ther-text" }, (secret) => ({ ...secret, kind: "ConfigMap" }));
    expect(map.mask("an0ther-text")).toBe("an0ther-text");
  });
});

describe("learnt from the surroundings are", () => {
  beforeEach(() => {
    for (const name of Object.keys(process.env).filter((key) => key.startsWith("AWS_"))) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent/config");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("the external account's key, from a variable or a file", async () => {
    for (const key of [{ ACME_EAB_HMAC_KEY: "hm4c-key-of-it" }, { ACME_EAB_HMAC_KEY_FILE: file("hm4c-key-of-it\n") }]) {
      const vault = createVault();
      await externalAccount({ ACME_EAB_KID: "k", ...key }, vault.learn);
      expectKnown(vault, "hm4c-key-of-it");
    }
  });

  it("a TSIG key's bytes, from a variable or a file", async () => {
    const secret = Buffer.from("0102030405060708090a0b0c0d0e0f10", "hex");
    const text = `key "kn" { algorithm hmac-sha256; secret "${secret.toString("base64")}"; };`;
    const from = [
      { RFC2136_TSIG_KEY: "kn", RFC2136_TSIG_SECRET: secret.toString("base64") },
      { RFC2136_TSIG_FILE: file(text) },
    ];
    for (const env of from) {
      const vault = createVault();
      const signal = new AbortController().signal;
      const options = {
        env: { RFC2136_NAMESERVER: "127.0.0.1", ...env },
        signal,
        onTrouble: () => {},
        learn: vault.learn,
      };
      (await openRfc2136(options)).close();
      expectKnown(vault, secret.toString("hex"), secret.toString("base64").replace(/=+$/, "").slice(0, -1));
    }
  });

  it("AWS keys that the SDK's chain found in a file, and a web identity's token", async () => {
    vi.stubEnv(
      "AWS_SHARED_CREDENTIALS_FILE",
      file(
        "[default]\naws_access_key_id=AKIAX\naws_secret_access_key=fr0m-a-shared-file\naws_session_token=s3ssion-token\n",
      ),
    );
    const server = await startAnswers(() => "drop");
    const vault = createVault();
    const env = { AWS_ENDPOINT_URL_ROUTE_53: server.url, AWS_WEB_IDENTITY_TOKEN_FILE: file("w3b-identity-token") };
    const signal = new AbortController().signal;
    const zones = await openRoute53({ env, signal, onTrouble: () => {}, learn: vault.learn }, { maxAttempts: 1 });
    await zones.find("example.com").catch(() => undefined);
    zones.close();
    await server.close();
    expectKnown(vault, "fr0m-a-shared-file", "s3ssion-token", "w3b-identity-token");
  });

  it("every variable that a provider takes a secret from, by its name", () => {
    const words = providers.flatMap(({ credentials, variables = [] }) => [...credentials.split(/\W+/), ...variables]);
    const secret = [...words, "AWS_SESSION_TOKEN", "ACME_EAB_HMAC_KEY", "AWS_CONTAINER_AUTHORIZATION_TOKEN"].filter(
      (word) => /SECRET|_TOKEN|HMAC/.test(word),
    );
    expect(secret).toContain("RFC2136_TSIG_SECRET");
    const env = Object.fromEntries(secret.map((name, index) => [name, `v4lue-number-${index}`]));
    const vault = createVault();
    vault.learn(JSON.stringify(env));
    expectKnown(vault, ...Object.values(env));
  });
});
