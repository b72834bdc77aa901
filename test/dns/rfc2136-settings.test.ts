import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keysIn, readSettings } from "../../src/dns/rfc2136/settings.ts";
import { UserError } from "../../src/ports/error.ts";

const SECRET = Buffer.from("the hidden words").toString("base64");
const OTHER = Buffer.from("other hidden words").toString("base64");
const COMPLETE = { RFC2136_NAMESERVER: "ns1.example.com", RFC2136_TSIG_KEY: "Key.", RFC2136_TSIG_SECRET: SECRET };

const file = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), "tsig-")), "key.conf");
  writeFileSync(path, text);
  return path;
};

/** What a person is told; nothing of a secret in it. */
const complaint = async (env: Readonly<Record<string, string | undefined>>): Promise<string> => {
  const error = await readSettings(env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw new Error("it was accepted");
  expect(error.kind).toBe("input");
  const said = [error.message, error.why, error.remedy.text, error.remedy.command, error.stack].join("\n");
  for (const secret of [SECRET, OTHER, "the hidden words"]) expect(said).not.toContain(secret);
  return [error.message, error.why].join(" ");
};

describe("the environment of rfc2136", () => {
  it("leaves questions unsigned by an explicit yes alone", async () => {
    expect(await readSettings({ ...COMPLETE, RFC2136_PLAIN_QUESTIONS: "yes" })).toMatchObject({ plainQuestions: true });
    expect(await readSettings({ ...COMPLETE, RFC2136_PLAIN_QUESTIONS: "" })).not.toHaveProperty("plainQuestions");
    expect(await complaint({ ...COMPLETE, RFC2136_PLAIN_QUESTIONS: "1" })).toMatch(/is not understood/);
  });

  it("takes the three, with hmac-sha256 and port 53", async () => {
    expect(await readSettings(COMPLETE)).toEqual({
      host: "ns1.example.com",
      port: 53,
      key: { name: "key", algorithm: "hmac-sha256", secret: Buffer.from("the hidden words") },
    });
  });

  it.each([
    ["192.0.2.53:5353", "192.0.2.53", 5353],
    ["[2001:db8::53]:5353", "2001:db8::53", 5353],
    ["[2001:db8::53]", "2001:db8::53", 53],
    ["2001:db8::53", "2001:db8::53", 53],
    ["ns.example.com:53", "ns.example.com", 53],
  ])("asks %s", async (RFC2136_NAMESERVER, host, port) => {
    expect(await readSettings({ ...COMPLETE, RFC2136_NAMESERVER })).toMatchObject({ host, port });
  });

  it.each(["hmac-sha512", "HMAC-SHA512.", " hmac-sha512 "])(
    "takes the algorithm %s",
    async (RFC2136_TSIG_ALGORITHM) => {
      const { key } = await readSettings({ ...COMPLETE, RFC2136_TSIG_ALGORITHM });
      expect(key.algorithm).toBe("hmac-sha512");
    },
  );

  it.each([
    [{}, /^RFC2136_NAMESERVER, RFC2136_TSIG_KEY, RFC2136_TSIG_SECRET are not set/],
    [{ ...COMPLETE, RFC2136_NAMESERVER: "" }, /^RFC2136_NAMESERVER is not set/],
    [{ ...COMPLETE, RFC2136_TSIG_SECRET: undefined }, /^RFC2136_TSIG_SECRET is not set.*RFC2136_TSIG_FILE/],
    [{ ...COMPLETE, RFC2136_NAMESERVER: "ns:x" }, /ns:x is no host or host:port/],
    [{ ...COMPLETE, RFC2136_NAMESERVER: "https://ns/" }, /is no host or host:port/],
    [{ ...COMPLETE, RFC2136_NAMESERVER: "ns:70000" }, /is no host or host:port/],
    [{ ...COMPLETE, RFC2136_TSIG_ALGORITHM: "hmac-md5" }, /"hmac-md5" is not supported.*hmac-sha256/],
    [{ ...COMPLETE, RFC2136_TSIG_SECRET: "the hidden words" }, /^RFC2136_TSIG_SECRET is not base64/],
    [{ ...COMPLETE, RFC2136_TSIG_KEY: "a..b" }, /name of the TSIG key.*a label is empty/],
    [{ ...COMPLETE, RFC2136_TSIG_FILE: "/nowhere" }, /RFC2136_TSIG_FILE and RFC2136_TSIG_SECRET are both set/],
    [
      { RFC2136_NAMESERVER: "ns", RFC2136_TSIG_FILE: "/nowhere/key" },
      /RFC2136_TSIG_FILE=\/nowhere\/key cannot be read/,
    ],
  ])("refuses %j", async (env, why) => {
    expect(await complaint(env)).toMatch(why);
  });
});

describe("a BIND key file", () => {
  const TWO = `
    # key "comment" { algorithm hmac-sha1; secret "${OTHER}"; };
    // key "comment" { … };
    /* key "comment"
       { algorithm hmac-sha1; secret "${OTHER}"; }; */
    options { directory "/var/cache//bind"; };
    key "first.example" {
      algorithm hmac-sha512;
      secret "${SECRET}";
    };
    key second { secret ${OTHER}; algorithm "HMAC-SHA1."; };
  `;

  it("holds the keys that are not commented out", () => {
    expect(keysIn(TWO)).toEqual([
      { name: "first.example", algorithm: "hmac-sha512", secret: SECRET },
      { name: "second", algorithm: "HMAC-SHA1.", secret: OTHER },
    ]);
  });

  it("gives the only key, or the one that is named", async () => {
    const only = file(`key "K" { algorithm hmac-sha224; secret "${SECRET}"; };`);
    const { key } = await readSettings({ RFC2136_NAMESERVER: "ns", RFC2136_TSIG_FILE: only });
    expect(key).toEqual({ name: "k", algorithm: "hmac-sha224", secret: Buffer.from("the hidden words") });
    const named = { RFC2136_NAMESERVER: "ns", RFC2136_TSIG_FILE: file(TWO), RFC2136_TSIG_KEY: "Second." };
    expect((await readSettings(named)).key).toMatchObject({ name: "second", algorithm: "hmac-sha1" });
  });

  it("is refused when it leaves open which key, has none, or another's", async () => {
    const env = { RFC2136_NAMESERVER: "ns", RFC2136_TSIG_FILE: file(TWO) };
    expect(await complaint(env)).toMatch(/holds 2 keys: first.example, second/);
    expect(await complaint({ ...env, RFC2136_TSIG_KEY: "third" })).toMatch(/holds no key "third"/);
    expect(await complaint({ ...env, RFC2136_TSIG_FILE: file("nothing") })).toMatch(/holds no key\./);
    const broken = file(`key k { algorithm hmac-sha256; secret "the hidden words"; };`);
    expect(await complaint({ ...env, RFC2136_TSIG_FILE: broken })).toMatch(/secret of key "k".*is not base64/);
  });
});
