import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../cli.ts";
import { bring, putBrought } from "./brought.ts";
import { type DnsStage, DOMAIN, dnsStage, errorOf, zoneOf } from "./stage.ts";

const ROUTE53 = ["--dns", "route53", "--domain", DOMAIN];
const RFC2136 = ["--dns", "rfc2136", "--domain", DOMAIN];
const MANUAL = ["--dns", "manual", "--domain", DOMAIN];
const WIDE = { COLUMNS: "200" };

describe("bad input about DNS and certificates ends in one paragraph, exit code 2, and changes nothing", () => {
  let world: DnsStage;
  let before: readonly string[];
  let writes = 0;

  beforeAll(async () => {
    world = await dnsStage({
      world: {
        onRequest: ({ method, path }) => {
          if (method !== "GET" && path.includes("kn-bootstrap")) writes += 1;
          return undefined;
        },
      },
    });
    const { dns } = world.internet;
    await dns.addZone({ name: "lost.example", id: "ZLOST", delegated: false });
    await dns.addZone({ name: "elsewhere.example", id: "ZELSEWHERE", delegated: ["ns1.other.test"] });
    await dns.addZone({ name: "pair.example", id: "ZSEEN" });
    await dns.addZone({ name: "pair.example", id: "ZUNSEEN", delegated: false });
    await dns.addZone({ name: "twins.example", id: "ZFIRST", delegated: false });
    await dns.addZone({ name: "twins.example", id: "ZSECOND", delegated: false });
    await dns.addZone({ name: "inner.example", id: "ZINNER", isPrivate: true });
    before = zoneOf(world);
  });
  afterAll(() => world.close());

  const refused = async (
    args: readonly string[],
    words: readonly RegExp[],
    env: Readonly<Record<string, string>> = {},
    code = 2,
  ): Promise<void> => {
    writes = 0;
    const counted = world.writes();
    const options = { env: { ...WIDE, ...env } };
    const outcome = await world.runWith(options, "install", "--yes", ...args);
    expect(outcome.code, outcome.stderr).toBe(code);
    for (const word of words) expect(errorOf(outcome)).toMatch(word);
    const error = outcome.stderr.slice(outcome.stderr.lastIndexOf("Error: "));
    // One paragraph, then at most the command to copy.
    expect(error.split("\n\n")).toHaveLength(1);
    expect(error).not.toMatch(/\n\s+at |This is a bug/);
    const json = await world.runWith(options, "install", "--yes", "-o", "json", ...args);
    expect(json.code).toBe(code);
    expect(json.events.at(-1)).toMatchObject({ type: "error", exitCode: code, remedy: { text: expect.any(String) } });
    expect(outcome.stats.writes + json.stats.writes + writes).toBe(0);
    expect(world.writes()).toEqual(counted);
    expect(zoneOf(world)).toEqual(before);
  };
  const planned = (args: readonly string[]): Promise<Outcome> => world.runWith({ env: WIDE }, "plan", ...args);

  describe("zones", () => {
    it("in no zone, with Route 53", () =>
      refused(["--dns", "route53", "--domain", "apps.example.net"], [/no zone for apps\.example\.net/]));
    it("in no zone of that name server", () =>
      refused(["--dns", "rfc2136", "--domain", "apps.example.net"], [/apps\.example\.net/]));
    it("not delegated", () =>
      refused(["--dns", "route53", "--domain", "apps.lost.example"], [/lost\.example is not delegated/, /ns\d/]));
    it("delegated to others", () =>
      refused(
        ["--dns", "route53", "--domain", "apps.elsewhere.example"],
        [/elsewhere\.example is delegated to others/, /ns1\.other\.test/, /nobody would see what is written there/],
      ));
    it("of twins the delegated one is taken", async () => {
      const plan = await planned(["--dns", "route53", "--domain", "apps.pair.example"]);
      expect(plan.code, plan.stderr).toBe(0);
      expect(plan.stdout).toMatch(/\*\.apps\.pair\.example/);
    });
    it("twins of which neither is delegated", () =>
      refused(["--dns", "route53", "--domain", "apps.twins.example"], [/2 zones twins\.example/, /ZFIRST/, /ZSECOND/]));
    it("--dns-zone-id of the wrong twin", () =>
      refused(
        ["--dns", "route53", "--domain", "apps.pair.example", "--dns-zone-id", "ZUNSEEN"],
        [/pair\.example is delegated to others/, /ZUNSEEN/],
      ));
    it("--dns-zone-id that does not exist", () =>
      refused([...ROUTE53, "--dns-zone-id", "ZNOWHERE"], [/no zone ZNOWHERE/, /example\.com/]));
    it("--dns-zone-id of another domain", () => refused([...ROUTE53, "--dns-zone-id", "ZSEEN"], [/ZSEEN/]));
    it("--dns-zone-id of the right twin", async () => {
      const way = ["--dns", "route53", "--domain", "apps.pair.example", "--dns-zone-id", "ZSEEN"];
      expect((await planned(way)).code).toBe(0);
    });
    it("private only", () =>
      refused(["--dns", "route53", "--domain", "apps.inner.example"], [/only in a private zone/, /ZINNER/]));
  });

  describe("names", () => {
    it.each(["apps.example.com.", "APPS.Example.COM", " Apps.EXAMPLE.com. "])(
      "%j is apps.example.com",
      async (name) => {
        const plan = await planned(["--dns", "route53", "--domain", name, ...world.letsEncrypt]);
        expect(plan.code, plan.stderr).toBe(0);
        expect(plan.stdout).toContain(`*.${DOMAIN}`);
        expect(plan.stdout).not.toMatch(/EXAMPLE|Example|\.com\.\s/);
      },
    );
    it("not ASCII: its ASCII form is given", () =>
      refused(["--dns", "route53", "--domain", "bücher.example.com"], [/not ASCII/, /xn--bcher-kva\.example\.com/]));
    it("a name that is too long for its challenge", () =>
      refused(
        ["--dns", "route53", "--domain", `${"abcdefghi.".repeat(23)}example.com`],
        [/is too long/, /has at most 253/],
      ));
    it("a domain that is long enough for the proof's host to be too long", () =>
      refused(
        ["--dns", "route53", "--domain", `${"abcdefghi.".repeat(22)}abc.example.com`, "--tls", "self-signed"],
        [/is too long/, /hello-kn-bootstrap\..* would have 254 characters/],
      ));
    it("deeper than Let's Encrypt goes", () =>
      refused(
        ["--dns", "route53", "--domain", `${"a.".repeat(9)}example.com`, ...world.letsEncrypt],
        [/too deep/, /11 labels.*at most 10/, /another --tls/],
      ));
    it("more namespaces than names go into one order, none of them printed", async () => {
      const names = Array.from({ length: 120 }, (_, index) => `team-${index}`).join(",");
      const args = [...ROUTE53, "--domain-template", "nested", "--namespaces", names, ...world.letsEncrypt];
      await refused(args, [/a certificate with 121 names/, /at most 100/, /--domain-template flat.*cert-manager/]);
      expect((await planned(args)).stderr).not.toContain("team-1");
    });
    it("a label that is too long", () =>
      refused(["--dns", "route53", "--domain", `${"a".repeat(64)}.example.com`], [/64 characters/, /at most 63/]));
    it("a nested template without namespaces", () =>
      refused([...ROUTE53, "--domain-template", "nested", ...world.letsEncrypt], [/needs --namespaces/, /flat/]));
  });

  describe("credentials", () => {
    const nowhere = { AWS_CONFIG_FILE: "/nowhere", AWS_SHARED_CREDENTIALS_FILE: "/nowhere", AWS_PROFILE: "absent" };
    it("none for Route 53", () =>
      refused(ROUTE53, [/There is no AWS profile "absent"/, /AWS_PROFILE|aws sso login/], nowhere));
    it("no name server", () => refused(RFC2136, [/RFC2136_NAMESERVER/], { RFC2136_NAMESERVER: "" }));
    it("a TSIG key that is not its", () =>
      refused(RFC2136, [/secret|key/i], { RFC2136_TSIG_SECRET: Buffer.alloc(32, 7).toString("base64") }));
    it("a TSIG key that it does not know", () =>
      refused(RFC2136, [/"stranger"|stranger/], { RFC2136_TSIG_KEY: "stranger" }));
    it("a TSIG secret that is no base64", () => refused(RFC2136, [/base64/], { RFC2136_TSIG_SECRET: "%%%" }));
    it.each(["ListHostedZonesByName", "GetHostedZone", "ListResourceRecordSets"])("no right to %s", async (action) => {
      const allow = world.internet.route53.deny(action);
      await refused(ROUTE53, [new RegExp(`AWS does not allow route53:${action}`), /kn-bootstrap iam-policy --domain/]);
      allow();
    });
  });

  describe("--tls-secret", () => {
    const given = (name: string): readonly string[] => [
      "--domain",
      DOMAIN,
      "--tls",
      "secret",
      "--tls-secret",
      `web/${name}`,
    ];
    beforeAll(async () => {
      const [good, other, expired, stranger] = await Promise.all([
        bring([`*.${DOMAIN}`]),
        bring(["*.example.org"]),
        bring([`*.${DOMAIN}`], -1),
        bring([`*.${DOMAIN}`]),
      ]);
      await putBrought(world, "other", other);
      await putBrought(world, "expired", expired);
      await putBrought(world, "key", { ...good, key: stranger.key });
      await putBrought(world, "chain", { ...good, root: stranger.root });
    });
    it("that does not exist", () => refused(given("absent"), [/Secret web\/absent does not exist/]));
    it("expired", () => refused(given("expired"), [/Secret web\/expired/, /expired at 2/]));
    it("for other names", () => refused(given("other"), [/\*\.example\.org/, /does not cover \*\.apps\.example\.com/]));
    it("with another key", () => refused(given("key"), [/Secret web\/key/, /key/]));
    it("with another chain", () => refused(given("chain"), [/Secret web\/chain/, /ca\.crt|issuer|chain/]));
    it("whose certificate does not cover the nested URLs", () =>
      refused([...given("other"), "--domain-template", "nested", "--namespaces", "shop"], [/does not cover/]));
  });

  it.each<readonly [string, (root: string) => string, RegExp]>([
    [
      "holds two certificates in one line",
      (root) => `${root.trim()}${root}`,
      /BEGIN CERTIFICATE stands in the same line as the END before it, line \d+.*awk /,
    ],
    [
      "holds a certificate that cannot be read",
      (root) => `${root}${root.replace(/MII/, "MIX")}`,
      /certificate 2 cannot be read/,
    ],
    [
      "ends in the middle of a certificate",
      (root) => root.slice(0, 300),
      /no line says END CERTIFICATE after certificate 1 begins/,
    ],
    [
      "holds a key alone",
      () => "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      /no line says BEGIN CERT/,
    ],
  ])("--acme-ca-file that %s, before anything is asked", async (_, made, why) => {
    const file = join(mkdtempSync(join(tmpdir(), "ca-")), "roots.pem");
    writeFileSync(file, made(rootCertificates[0] ? `${rootCertificates[0]}\n` : ""));
    await refused(
      [...MANUAL, "--tls", "acme", "--acme-directory", "https://ca.example.com/d", "--acme-ca-file", file],
      [new RegExp(`--acme-ca-file ${file}`), why],
    );
  });

  it("--acme-ca-file that is not there", () =>
    refused(
      [...MANUAL, "--tls", "acme", "--acme-directory", "https://ca.example.com/d", "--acme-ca-file", "/nowhere"],
      [/\/nowhere/],
    ));
});
