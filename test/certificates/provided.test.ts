import { rootCertificates } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { chainProblem } from "../../src/certificates/chain.ts";
import { judgeProvided } from "../../src/certificates/provided.ts";
import { makeLeaf, makeRoot } from "../../src/certificates/x509.ts";
import { NESTED } from "../../src/config/config.ts";
import { createNaming } from "../../src/config/naming.ts";
import { errorOf, isBad } from "../../src/core/finding-error.ts";
import type { UserError } from "../../src/ports/error.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { encrypted, inDays, type Made, make, NOW, REF, secret } from "./provided-pki.ts";

const NAMES = ["*.apps.example.com"];

const judge = (object: KubeObject | undefined, names: readonly string[] = NAMES, now = NOW) =>
  judgeProvided(REF, object, names, now);

/** What a person is told when it is refused: always before anything is changed, always with a way out. */
const refusal = (object: KubeObject | undefined, names?: readonly string[], now?: Date): UserError => {
  const finding = judge(object, names, now);
  if (!isBad(finding)) throw new Error("it was accepted");
  expect(finding.evidence).toMatchObject([{ object: { kind: "Secret", name: REF.name } }]);
  const error = errorOf({ id: "certificate.provided" }, finding, { kind: "failed" });
  expect(error.kind).toBe("input");
  expect(error.remedy.command, error.id).toBeTruthy();
  expect(`${error.message} ${error.why}`).not.toMatch(/PRIVATE KEY/);
  return error;
};

let root: Made;
let upper: Made;
let lower: Made;
let leaf: Made;
let stranger: Made;

beforeAll(async () => {
  root = await make({ subject: "CN=Root, O=Example", to: inDays(3000) });
  upper = await make({ subject: "CN=Upper", issuer: root, to: inDays(1000) });
  lower = await make({ subject: "CN=Lower", issuer: upper, to: inDays(500) });
  leaf = await make({ subject: "CN=*.apps.example.com", issuer: lower, names: NAMES });
  stranger = await make({ subject: "CN=Stranger", to: inDays(1000) });
});

const served = (...chain: readonly Made[]): string => chain.map(({ pem }) => pem).join("");
const full = (): Record<string, string> => ({
  "tls.crt": served(leaf, lower, upper),
  "tls.key": leaf.key,
  "ca.crt": root.pem,
});

describe("a certificate that was provided", () => {
  it("is accepted with its chain, and its root is told so that clients can verify up to it", () => {
    const found = judge(secret(full()));
    expect(found).toMatchObject({ status: "ok", facts: { names: NAMES, notAfter: inDays(80).toISOString() } });
    expect(found.summary).toMatch(/^\*\.apps\.example\.com until .*, ECDSA P-256, up to .*CN=Root/);
  });

  it("may carry its root in the chain instead of in ca.crt", () => {
    const data = { "tls.crt": served(leaf, lower, upper, root), "tls.key": leaf.key };
    expect(judge(secret(data)).summary).toMatch(/up to .*CN=Root/);
  });

  it.each(["tls.crt", "ca.crt"])(
    "is refused with two certificates in one line of %s: no gateway reads them",
    (field) => {
      const joined = `${lower.pem.trim()}${upper.pem}`;
      const error = refusal(secret({ ...full(), [field]: field === "tls.crt" ? `${leaf.pem}${joined}` : joined }));
      expect(error.message).toMatch(
        new RegExp(`${field.replace(".", "\\.")} .*BEGIN CERTIFICATE.*in the same line .*line \\d+`),
      );
    },
  );

  it("may be one of our own self-signed ones", async () => {
    const authority = await makeRoot("kn-bootstrap", NOW, 3650);
    const pair = await makeLeaf(authority, NAMES, NOW, 397);
    const data = { "tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": authority.certificate };
    expect(judge(secret(data)).summary).toMatch(/up to .*kn-bootstrap/);
  });

  it("covers the URLs of a flat template with one wildcard, and of a nested one with one for each namespace", async () => {
    const both = await make({ subject: "CN=x", issuer: lower, names: ["*.a.example.com", "*.B.example.com"] });
    const data = { ...full(), "tls.crt": served(both, lower, upper), "tls.key": both.key };
    const nested = createNaming({
      template: NESTED,
      domain: "example.com",
      namespaces: ["a", "b"],
      isHttps: true,
    }).wildcards;
    expect(judge(secret(data), nested).facts?.names).toEqual(["*.a.example.com", "*.b.example.com"]);
    expect(refusal(secret(data), [...nested, "*.c.example.com"]).message).toContain("does not cover *.c.example.com");
  });

  it("may have an RSA key of 2048 bits or a P-384 key", async () => {
    const rsa = await make({
      subject: "CN=rsa",
      issuer: lower,
      names: NAMES,
      algorithm: {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: 2048,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      },
    });
    const p384 = await make({
      subject: "CN=ec",
      issuer: lower,
      names: NAMES,
      algorithm: { name: "ECDSA", namedCurve: "P-384" },
    });
    const keyOf = (one: Made) =>
      judge(secret({ ...full(), "tls.crt": served(one, lower, upper), "tls.key": one.key })).summary;
    expect(keyOf(rsa)).toContain(", RSA 2048, ");
    expect(keyOf(p384)).toContain(", ECDSA P-384, ");
  });

  it("is accepted near its end, with a word about it", () => {
    const summary = expect.stringMatching(/ends in 20 days, and nobody here renews it/);
    expect(judge(secret(full()), NAMES, inDays(60))).toMatchObject({ status: "warn", summary });
    expect(judge(secret(full()), NAMES, inDays(79.5)).summary).toContain("12 hours");
  });
});

describe("a Secret that will not do", () => {
  it("is missing", () => {
    const error = refusal(undefined);
    expect(error).toMatchObject({ id: "tls-secret.missing", message: "Secret web/wildcard does not exist." });
    expect(error.remedy.command).toBe(
      "kubectl create secret tls wildcard -n web --cert=fullchain.pem --key=privkey.pem",
    );
  });

  it("has another type", () => {
    const error = refusal(secret(full(), "Opaque"));
    expect(error).toMatchObject({ id: "tls-secret.type", message: expect.stringContaining("Opaque") });
    expect(error.remedy.command).toMatch(/^kubectl delete secret wildcard -n web && kubectl create secret tls/);
  });

  it("with a key inside that cannot be read is refused, and is no defect of ours", () => {
    // The point of the key is not on its curve: OpenSSL reads the certificate and finds out when it is asked for the key.
    const der = Buffer.from(leaf.pem.replace(/-----.*?-----|\s/g, ""), "base64");
    const point = der.indexOf(Buffer.from("03420004", "hex")) + 4;
    der.fill(0xff, point, point + 64);
    const broken = `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
    expect(refusal(secret({ ...full(), "tls.crt": broken + lower.pem + upper.pem })).id).toBe("tls-secret.certificate");
    expect(chainProblem(broken + lower.pem, { key: leaf.key, names: NAMES, now: NOW })).toBe("it cannot be read");
  });

  it("of a type that is no text is refused", () => {
    const odd = { ...secret(full()), type: { toString: 1 } } as unknown as KubeObject;
    expect(refusal(odd).id).toBe("tls-secret.type");
  });

  it("of more than 500 certificates is refused", () => {
    expect(refusal(secret({ ...full(), "tls.crt": leaf.pem.repeat(501) })).message).toMatch(/more than 500/);
  });

  it.each([
    ["", /empty/],
    ["hello", /BEGIN CERTIFICATE/],
    ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", /./],
    ["0\x82\x01\x02 der", /DER, not PEM/],
  ])("holds %j as its certificate", (text, why) => {
    expect(refusal(secret({ ...full(), "tls.crt": text }))).toMatchObject({
      id: "tls-secret.certificate",
      message: expect.stringMatching(why),
    });
  });

  it("holds no key, or an encrypted one", () => {
    expect(refusal(secret({ ...full(), "tls.key": "" })).id).toBe("tls-secret.key");
    const error = refusal(secret({ ...full(), "tls.key": encrypted() }));
    expect(error).toMatchObject({ id: "tls-secret.key", message: expect.stringContaining("encrypted") });
    expect(error.remedy.command).toContain("openssl pkey");
  });

  it("holds somebody else's key", () => {
    expect(refusal(secret({ ...full(), "tls.key": stranger.key }))).toMatchObject({
      id: "tls-secret.mismatch",
      message: expect.stringContaining("CN=*.apps.example.com"),
    });
  });
});

describe("a chain that will not do", () => {
  it.each([
    ["the issuers are swapped", () => served(leaf, upper, lower)],
    ["it begins with the root's side", () => served(upper, lower, leaf)],
    ["the certificate is in the middle", () => served(lower, leaf, upper)],
  ])("is in the wrong order: %s", (_case, chain) => {
    const error = refusal(secret({ ...full(), "tls.crt": chain() }));
    expect(error.id).toBe("tls-secret.order");
    expect(error.why).toMatch(/CN=\*\.apps\.example\.com; then CN=Lower; then CN=Upper\./);
  });

  it.each([
    ["the certificate alone", () => ({ "tls.crt": served(leaf) }), "CN=*.apps.example.com is missing: CN=Lower"],
    ["the one below the root", () => ({ "tls.crt": served(leaf, lower) }), "CN=Lower is missing: CN=Upper"],
    ["one in the middle", () => ({ "tls.crt": served(leaf, upper) }), "CN=*.apps.example.com is missing: CN=Lower"],
    [
      "the root is nowhere",
      () => ({ "tls.crt": served(leaf, lower, upper), "ca.crt": "" }),
      "is missing: O=Example, CN=Root",
    ],
  ])("is incomplete: %s", (_case, data, message) => {
    const error = refusal(secret({ ...full(), ...data() }));
    expect(error).toMatchObject({ id: "tls-secret.incomplete" });
    const parts = message.split(": ");
    for (const part of parts) expect(error.message).toContain(part.replace("O=Example, CN=Root", "CN=Root"));
  });

  it("names where the missing certificate can be had, when the certificate says so", async () => {
    const known = await make({ subject: "CN=x", issuer: lower, names: NAMES, url: "http://ca.example.com/lower.der" });
    const error = refusal(secret({ ...full(), "tls.crt": served(known), "tls.key": known.key }));
    expect(error.remedy.command).toContain("curl -s http://ca.example.com/lower.der | openssl x509 -inform DER");
  });

  it("holds a stranger", () => {
    expect(refusal(secret({ ...full(), "tls.crt": served(leaf, lower, upper, stranger) }))).toMatchObject({
      id: "tls-secret.stranger",
      message: expect.stringContaining("CN=Stranger"),
    });
  });

  it("is not taken for a known one because of a name alone", async () => {
    const [pem = ""] = rootCertificates;
    const { X509Certificate } = await import("@peculiar/x509");
    const impostor = await make({ subject: new X509Certificate(pem).subject, to: inDays(900) });
    const below = await make({ subject: "CN=x", issuer: impostor, names: NAMES });
    const error = refusal(secret({ "tls.crt": served(below), "tls.key": below.key }));
    expect(error.id).toBe("tls-secret.incomplete");
  });
});

describe("a certificate that will not do", () => {
  const with_ = async (wish: Partial<Parameters<typeof make>[0]>): Promise<KubeObject> => {
    const made = await make({ subject: "CN=x", issuer: lower, names: NAMES, ...wish });
    return secret({ ...full(), "tls.crt": served(made, lower, upper), "tls.key": made.key });
  };

  it("has expired, or is not valid yet", async () => {
    expect(refusal(await with_({ to: inDays(-1) }))).toMatchObject({
      id: "tls-secret.expired",
      message: expect.stringContaining("expired at 2027-02-28"),
    });
    const early = refusal(await with_({ from: inDays(1) }));
    expect(early).toMatchObject({ id: "tls-secret.not-yet", why: expect.stringContaining("2027-03-01T12:00") });
  });

  it("has an issuer that has expired", async () => {
    const old = await make({ subject: "CN=Old", issuer: root, to: inDays(-1) });
    const made = await make({ subject: "CN=x", issuer: old, names: NAMES });
    const error = refusal(secret({ ...full(), "tls.crt": served(made, old), "tls.key": made.key }));
    expect(error).toMatchObject({ id: "tls-secret.expired", message: expect.stringContaining("its issuer CN=Old") });
  });

  it("is for one level too few, and both ways out are told", async () => {
    const error = refusal(await with_({ names: ["*.example.com"] }));
    expect(error.id).toBe("tls-secret.names");
    expect(error.remedy.text).toMatch(/--domain-template flat, or have a certificate issued/);
    expect(error.remedy.command).toContain("subjectAltName=DNS:*.apps.example.com");
  });

  it("has only a common name", async () => {
    expect(refusal(await with_({ subject: "CN=*.apps.example.com", names: [] })).message).toContain("no dNSNames");
  });

  it("is for clients", async () => {
    expect(refusal(await with_({ usages: ["1.3.6.1.5.5.7.3.2"] })).id).toBe("tls-secret.usage");
  });

  it.each([
    [{ name: "Ed25519" }, /ed25519/],
    [{ name: "ECDSA", namedCurve: "P-521" }, /secp521r1/],
    [
      { name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      /rsa 1024/,
    ],
  ])("has a key that browsers do not accept: %j", async (algorithm, why) => {
    const error = refusal(await with_({ algorithm }));
    expect(error).toMatchObject({ id: "tls-secret.key-type", message: expect.stringMatching(why) });
  });
});
