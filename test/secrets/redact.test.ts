import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact, redactText } from "../../src/secrets/redact.ts";

const pem = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJrbiJ9.c2lnbmF0dXJl";

describe("redactText", () => {
  it.each([
    ["a private key", pem.privateKey],
    ["a private key that was cut off", pem.privateKey.slice(0, 120)],
    ["a private key on one line", JSON.stringify(pem.privateKey)],
    ["a private key in base64", `client: ${Buffer.from(pem.privateKey).toString("base64")}`],
    ["a bearer token", "Authorization: Bearer abcdefghijklmnop1234"],
    ["basic credentials", "authorization: Basic bWU6aHVudGVyMmh1bnRlcjI="],
    ["a JSON Web Token", `the token ${jwt} has expired`],
    ["an EKS token", "k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbS8_QWN0aW9u was refused"],
    ["a password in a URL", "https://me:hunter2hunter2@example.com/x"],
    ["a token in a query", "GET /x?token=hunter2hunter2&a=b"],
    ["a token in JSON", '{"token": "hunter2hunter2"}'],
  ])("hides %s", (_what, text) => {
    const shown = redactText(text);
    expect(shown).toContain("[redacted]");
    expect(shown).not.toMatch(/hunter2|bWU6|abcdefghijklmnop|eyJ|aHR0c/);
    const body = pem.privateKey.split("\n")[1] ?? "";
    expect(shown).not.toContain(body.slice(0, 20));
    expect(shown).not.toContain(Buffer.from(pem.privateKey).toString("base64").slice(0, 60));
  });

  it("leaves everything else as it is", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    for (const text of [
      pem.publicKey,
      certificate,
      Buffer.from(certificate).toString("base64"),
      "Secret kn-bootstrap/wildcard-tls",
      "https://example.com:8443/a@b",
      "service account token: not found",
      "the bearer of bad news",
    ]) {
      expect(redactText(text)).toBe(text);
    }
  });
});

describe("redact", () => {
  it("hides the data of Secrets, wherever they stand", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a", annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{data: hunter2}" } },
      type: "Opaque",
      data: { key: "aHVudGVyMg==" },
      stringData: { key: "hunter2" },
    };
    const shown = redact({ items: [secret, { kind: "ConfigMap", apiVersion: "v1", data: { key: "seen" } }] });
    expect(JSON.stringify(shown)).not.toMatch(/hunter2|aHVudGVyMg/);
    expect(shown.items[0]).toMatchObject({ type: "Opaque", metadata: { name: "a" }, data: { key: "[redacted]" } });
    expect(shown.items[1]).toMatchObject({ data: { key: "seen" } });
  });

  it("hides what differs in a Secret", () => {
    const fields = [
      { path: '.data["tls.key"]', from: "old", to: "new" },
      { path: ".type", from: "a", to: "b" },
    ];
    const change = { object: { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } }, fields };
    expect(redact(change).fields).toEqual([
      { path: '.data["tls.key"]', from: "[redacted]", to: "[redacted]" },
      fields[1],
    ]);
    expect(redact({ ...change, object: { ...change.object, kind: "ConfigMap" } }).fields).toEqual(fields);
  });

  it("goes by whole keys where they stand in quotes: authorization is a header, and a part of a label's name", () => {
    const shown = (path: string) => redact({ path, to: "x" }).to;
    expect(shown('.metadata.labels["rbac.authorization.k8s.io/aggregate-to-admin"]')).toBe("x");
    expect(shown('.headers["Authorization"]')).toBe("[redacted]");
    expect(shown('.users[name="a"].user["client-key-data"]')).toBe("[redacted]");
    expect(shown('.env[name="API_TOKEN"].value')).toBe("[redacted]");
    expect(shown('.env[name="API_HOST"].value')).toBe("x");
  });

  it("hides what stands under the keys of credentials", () => {
    const user = {
      user: {
        token: "t",
        password: "p",
        "client-key-data": "k",
        clientKeyData: "k",
        username: "me",
        tokenFile: "/t",
        exec: { env: [{ name: "A", value: "v" }] },
      },
    };
    expect(redact(user).user).toEqual({
      ...user.user,
      token: "[redacted]",
      password: "[redacted]",
      "client-key-data": "[redacted]",
      clientKeyData: "[redacted]",
    });
    expect(redact({ token: { a: ["x", { b: "y" }], n: null } })).toEqual({
      token: { a: ["[redacted]", { b: "[redacted]" }], n: null },
    });
    expect(redact({ path: ".users[0].token", to: "t" })).toEqual({ path: ".users[0].token", to: "[redacted]" });
  });

  it("shows the value of a label whose domain has the name of a secret in it", () => {
    const label = { path: '.metadata.labels["rbac.authorization.k8s.io/aggregate-to-admin"]', to: "true" };
    expect(redact(label)).toEqual(label);
    const token = { path: '.metadata.annotations["example.com/token"]', to: "t" };
    const file = { path: '.data["registry.token"]', to: "t" };
    expect(redact([token, file])).toEqual([token, file].map((each) => ({ ...each, to: "[redacted]" })));
  });

  it("changes neither its argument nor anything that is no secret", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = structuredClone(value);
        const shown = redact(value);
        expect(value).toEqual(before);
        if (!/token|password|secret|private|authorization|data|bearer|passphrase/i.test(JSON.stringify(value)))
          expect(shown).toEqual(value);
      }),
    );
  });
});
