import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVault } from "../../src/secrets/vault.ts";
import { isThorough } from "../thorough.ts";
import { anyEncoding, anySecret, isReadable } from "./encodings.ts";
import { keyPem } from "./shapes.ts";

const maskOf = (...secrets: readonly (string | Uint8Array)[]): ((text: string) => string) => {
  const vault = createVault();
  vault.learn(...secrets);
  return vault.mask;
};
const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString("base64");

describe("a secret that is known", () => {
  it("is masked in every encoding, whatever stands around it", () => {
    fc.assert(
      fc.property(
        anySecret,
        anyEncoding,
        fc.string({ maxLength: 5 }),
        fc.string({ unit: "grapheme", maxLength: 30 }),
        (secret, [, encode], around, before) => {
          const text = `${before} ${encode(secret, around)} ${before}`;
          const shown = maskOf(secret)(text);
          expect(isReadable(shown, secret), shown).toBe(false);
        },
      ),
      { numRuns: isThorough ? 2000 : 500 },
    );
  });

  it("leaves what stands around it as it is", () => {
    const mask = maskOf("hunter2-hunter2");
    expect(mask("before hunter2-hunter2 after")).toBe("before [redacted] after");
    expect(mask("«ä» hunter2-hunter2 «日»")).toBe("«ä» [redacted] «日»");
    expect(mask('{"a":"hunter2-hunter2","b":1}')).toBe('{"a":"[redacted]","b":1}');
    expect(mask(`x hunter2-\nhunter2 hunter2-hunter2`)).toBe("x [redacted]");
  });

  it("is masked where it begins within another one", () => {
    expect(maskOf("abcdefghij12", "ghij12klmnop")("x abcdefghij12klmnop y")).not.toMatch(/klmnop|abcdef/);
  });

  it("is masked in a part, where a text was cut off or a stream was cut in two", () => {
    const token = "eyJk9Qz4-1jT7wXcV0bNmA5sDfGhJ2kLpOiUyTrEwQ8";
    const mask = maskOf(token);
    for (let at = 16; at <= token.length - 16; at++) {
      expect(mask(`…${token.slice(at)}`)).toBe("…[redacted]");
      expect(mask(`${token.slice(0, at)}…`)).toBe("[redacted]…");
    }
    expect(mask(`${token.slice(0, 20)}\n${token.slice(20)}`)).toBe("[redacted]");
  });

  it("of bytes is masked in base64 and hex", () => {
    const bytes = Buffer.from([0, 255, 1, 254, 2, 253, 3, 252, 4, 251, 5, 250]);
    const mask = maskOf(bytes);
    for (const text of [
      bytes.toString("base64"),
      bytes.toString("hex"),
      Buffer.concat([Buffer.from("x"), bytes]).toString("base64url"),
    ])
      expect(mask(text)).toMatch(/^.{0,2}\[redacted\].{0,2}$/);
  });
});

/** The tag of what follows the public key in a certificate (RFC 5280 §4.1). */
const EXTENSIONS = Buffer.of(0xa3);

describe("a private key that is known", () => {
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;
  it.each([
    ["P-256", keyPem],
    ["RSA", rsa],
  ])("(%s) is masked in every other way to write it", (_name, pem) => {
    const mask = maskOf(pem);
    const key = createPrivateKey(pem);
    const type = key.asymmetricKeyType === "rsa" ? ("pkcs1" as const) : ("sec1" as const);
    const der = key.export({ type: "pkcs8", format: "der" });
    const { d = "" } = key.export({ format: "jwk" }) as { d?: string };
    const body = pem.split("\n").slice(1, -2).join("");
    const forms = [
      pem.split("\n").slice(2).join(" "),
      key.export({ type, format: "pem" }).toString(),
      JSON.stringify(key.export({ format: "jwk" })),
      base64(pem),
      base64(`x${pem}`),
      der.toString("hex"),
      body.match(/.{1,76}/g)?.join("\r\n") ?? "",
      JSON.stringify({ data: { "tls.key": base64(pem) } }),
    ];
    const hidden = Buffer.from(d, "base64url");
    const pieces = [0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), hidden])
        .toString("base64")
        .slice(before + 1, 30),
    );
    for (const text of forms) {
      const shown = mask(text).replace(/\s|\\[nr]/g, "");
      expect(shown).not.toContain(hidden.toString("hex").slice(0, 20));
      for (const piece of pieces) {
        expect(shown).not.toContain(piece);
        expect(shown).not.toContain(piece.replaceAll("+", "-").replaceAll("/", "_"));
      }
    }
  });

  it("does not hide the public key, which stands in certificates", () => {
    for (const pem of [keyPem, rsa]) {
      const open = createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();
      expect(maskOf(pem)(open)).toBe(open);
    }
  });

  it("does not hide it in a certificate that is handed over in base64 as a whole, wherever it stands there", () => {
    for (const pem of [keyPem, rsa]) {
      const mask = maskOf(pem);
      const open = createPublicKey(pem).export({ type: "spki", format: "der" });
      for (let before = 0; before < 100; before++) {
        const body = base64(Buffer.concat([randomBytes(before), open, EXTENSIONS, randomBytes(70)]));
        const text = base64(
          `-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
        );
        expect(mask(text)).toBe(text);
      }
    }
  });

  it("does not hide the end of such a certificate where its last characters are those of the key", () => {
    for (const pem of [keyPem, rsa]) {
      const last = pem.replace(/-----[^-]+-----|\s/g, "").slice(-4);
      const body = base64(randomBytes(300)) + last;
      const text = base64(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
      for (const around of ["", "x", "xy"]) expect(maskOf(pem)(around + text)).toBe(around + text);
    }
  });
});

describe("what is looked for", () => {
  it.each([
    ["shorter than six characters", "s3cr7", "s3cr7 or s3cr7"],
    ["a word of ours", "default", "the namespace default"],
    ["words of ours", "kubernetes-admin", "the user kubernetes-admin"],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nMIIBabcdefgh\n-----END CERTIFICATE-----", "MIIBabcdefgh"],
    ["nothing", "", "nothing"],
  ])("is not %s", (_name, secret, text) => {
    expect(maskOf(secret)(text)).toBe(text);
  });

  it("is a word of others only where it stands alone", () => {
    expect(maskOf("sunshine")("sunshine, Sunshine and sunshines")).toBe("[redacted], Sunshine and sunshines");
    expect(maskOf("1234567")("1234567 in 91234567")).toBe("[redacted] in 91234567");
  });

  it("is the password of an address, not the address", () => {
    const mask = maskOf("http://me:p%40ss-w0rd@proxy.example.com:3128/");
    expect(mask("proxy.example.com:3128 said: me, p@ss-w0rd, p%40ss-w0rd")).toBe(
      "proxy.example.com:3128 said: me, [redacted], [redacted]",
    );
  });

  it("is not a template of host names, which begins as JSON does", () => {
    const template = "{{.Name}}-{{.Namespace}}.{{.Domain}}";
    expect(maskOf(JSON.stringify({ given: [template] }))(`.data.domain-template: ${template}`)).toContain(template);
  });

  it("is what stands under the names of secrets in an environment and in JSON files", () => {
    const mask = maskOf(
      JSON.stringify({
        AWS_SECRET_ACCESS_KEY: "aaaa1111bbbb",
        HOME: "/home/me-and-you",
        MY_SECRET: "cccc2222dddd",
        KN_BOOTSTRAP_TLS_SECRET: "default/my-own-tls",
      }),
      JSON.stringify({ auths: { "ghcr.io": { auth: "bWU6aHVudGVyMg==", username: "someone-1" } } }),
    );
    expect(mask("aaaa1111bbbb /home/me-and-you cccc2222dddd default/my-own-tls bWU6aHVudGVyMg ghcr.io someone-1")).toBe(
      "[redacted] /home/me-and-you [redacted] default/my-own-tls [redacted] ghcr.io someone-1",
    );
  });

  it("is no Go template, although it begins like JSON", () => {
    const template = "{{.Name}}-{{.Namespace}}.{{.Domain}}";
    const mask = maskOf(
      JSON.stringify({ KN_BOOTSTRAP_DOMAIN_TEMPLATE: template }),
      JSON.stringify({ given: [template] }),
    );
    expect(mask(template)).toBe(template);
  });
});
