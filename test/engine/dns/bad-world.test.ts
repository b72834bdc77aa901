import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../../../src/certificates/secret.ts";
import type { KubeObject } from "../../../src/ports/object.ts";
import { patientSeconds } from "../../patience.ts";
import type { Outcome } from "../cli.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage, errorOf, zoneOf } from "./stage.ts";

const WAY = ["--dns", "route53", "--domain", DOMAIN];
const CERTIFICATE = { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" };
const EXTERNAL = "heritage=external-dns,external-dns/owner=prod,external-dns/resource=ingress/web/shop";

/** One that runs, with a certificate of its own and no records; then somebody wants it public. */
const running = async (options: Parameters<typeof dnsStage>[0] = {}): Promise<DnsStage> => {
  const world = await dnsStage(options);
  const outcome = await world.run("install", "--yes", "--tls", "self-signed", "--domain", DOMAIN);
  expect(outcome.code, outcome.stderr).toBe(0);
  return world;
};
const served = ({ api }: DnsStage): string | undefined => inspect(api.get(CERTIFICATE) as KubeObject)?.fingerprint;

describe("what goes wrong with the CA ends with exit code 1, the old certificate still served and nothing left in the zone", () => {
  let world: DnsStage;
  let old: string | undefined;
  const install = (...more: readonly string[]): Promise<Outcome> =>
    world.runWith({ env: { COLUMNS: "200" } }, "install", "--yes", ...WAY, ...world.letsEncrypt, ...more);

  beforeAll(async () => {
    world = await running();
    old = served(world);
  });
  afterAll(() => world.close());

  const failed = async (running: Promise<Outcome>, words: readonly RegExp[]): Promise<void> => {
    const outcome = await running;
    expect(outcome.code, outcome.stderr).toBe(1);
    for (const word of words) expect(errorOf(outcome)).toMatch(word);
    expect(outcome.stderr).not.toMatch(/This is a bug|\n\s+at /);
    expect(outcome.stderr.slice(outcome.stderr.lastIndexOf("Error: ")).split("\n\n")).toHaveLength(1);
    expect(challengesIn(world)).toEqual([]);
    expect(served(world)).toBe(old);
    expect(world.internet.acme.certificates()).toEqual([]);
  };

  it("it does not answer: waited for until --timeout", async () => {
    const nobody = [
      "--acme-directory",
      "https://127.0.0.1:1/directory",
      "--tls",
      "acme",
      "--acme-ca-file",
      world.caFile,
    ];
    const began = performance.now();
    const run = world.runWith(
      { env: { COLUMNS: "200" } },
      "install",
      "--yes",
      ...WAY,
      ...nobody,
      "--timeout",
      patientSeconds(3),
    );
    await failed(run, [/CA at 127\.0\.0\.1:1 .*not answer/]);
    expect(performance.now() - began).toBeGreaterThan(2_500);
  });

  it("its limit is reached: the time of the next try", async () => {
    const until = new Date(Date.now() + 3 * 3_600_000);
    world.internet.acme.setFaults({
      rateLimited: {
        detail: `too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after ${until.toISOString().slice(0, 19).replace("T", " ")} UTC`,
        retryAfterSeconds: 3 * 3600,
      },
    });
    await failed(install(), [new RegExp(`after ${until.toISOString().slice(0, 16).replace("T", " ")}`), /staging/]);
    world.internet.acme.setFaults({});
  });

  it("CAA forbids it since the order was made: the record that would allow it, for this account alone", async () => {
    const { dns } = world.internet;
    const { records } = dns.zone("example.com");
    const before = world.asked.length;
    const stop = dns.onQuery(() => {
      if (world.asked.includes("POST /new-order", before))
        records.set({ name: "example.com", type: "CAA", ttl: 60, values: ['0 issuewild ";"'] });
    });
    await failed(install(), [/CAA record forbids/, /CAA 0 issuewild "ca\.rehearsal\.internal; .*accounturi=https:/]);
    stop();
    records.delete("example.com", "CAA");
  });

  it("it issues another certificate than was ordered", async () => {
    world.internet.acme.setFaults({ wrongCertificate: "names" });
    const outcome = await install();
    expect(outcome.code, outcome.stderr).toBe(1);
    expect(errorOf(outcome)).toMatch(/is not used/);
    expect(served(world)).toBe(old);
    expect(challengesIn(world)).toEqual([]);
    world.internet.acme.setFaults({});
  });

  it("once it is mended, the same command goes on", async () => {
    const outcome = await install();
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(served(world)).not.toBe(old);
    expect(challengesIn(world)).toEqual([]);
  });
});

it("a CA with customers only says what it wants; with its key it goes on", async () => {
  const key = Buffer.alloc(32, 3).toString("base64url");
  const world = await running({ acme: { externalAccountRequired: true, externalAccounts: { customer: key } } });
  const args = ["install", "--yes", ...WAY, ...world.letsEncrypt];
  const outcome = await world.run(...args);
  expect(outcome.code, outcome.stderr).toBe(2);
  expect(errorOf(outcome)).toMatch(/external account binding.*ACME_EAB_KID=/);
  expect(outcome.stats.writes).toBe(0);
  expect(world.internet.acme.accounts()).toEqual([]);
  const half = await world.runWith({ env: { ACME_EAB_KID: "customer" } }, ...args);
  expect(errorOf(half)).toMatch(/ACME_EAB_HMAC_KEY is not set/);
  const unknown = await world.runWith({ env: { ACME_EAB_KID: "nobody", ACME_EAB_HMAC_KEY: key } }, ...args);
  expect(unknown.code, unknown.stderr).toBe(2);
  expect(errorOf(unknown)).toMatch(/does not accept the external account nobody.*not known.*ACME_EAB_KID/);
  const wrong = Buffer.alloc(32, 4).toString("base64url");
  const signed = await world.runWith({ env: { ACME_EAB_KID: "customer", ACME_EAB_HMAC_KEY: wrong } }, ...args);
  expect(signed.code, signed.stderr).toBe(2);
  expect(errorOf(signed)).toMatch(/does not accept the external account customer.*ACME_EAB_HMAC_KEY/);
  expect(`${unknown.stderr}${signed.stderr}`).not.toMatch(/TXT|_acme-challenge/);
  expect(world.internet.acme.accounts()).toEqual([]);
  const env = { ACME_EAB_KID: "customer", ACME_EAB_HMAC_KEY: key };
  const bound = await world.runWith({ env }, ...args);
  expect(bound.code, bound.stderr).toBe(0);
  await world.close();
});

describe("rights that are missing only for writing", () => {
  it.each([{ action: "ChangeResourceRecordSets" }, { action: "GetChange" }])(
    "$action is named before anything is written, and the run goes on once it is there",
    async ({ action }) => {
      const world = await running({ route53: { delay: 50 } });
      const before = zoneOf(world);
      const allow = world.internet.route53.deny(action);
      const args = ["install", "--yes", ...WAY, "--tls", "self-signed"];
      const outcome = await world.run(...args);
      expect({ code: outcome.code, writes: outcome.stats.writes }, outcome.stderr).toEqual({ code: 2, writes: 0 });
      expect(errorOf(outcome)).toMatch(new RegExp(`AWS does not allow route53:${action} on .*iam-policy`));
      expect(zoneOf(world)).toEqual(before);
      allow();
      const again = await world.run(...args);
      expect(again.code, again.stderr).toBe(0);
      await world.close();
    },
  );
});

describe("records of others", () => {
  let world: DnsStage;
  const plan = (): Promise<Outcome> =>
    world.runWith({ env: { COLUMNS: "300" } }, "plan", ...WAY, "--tls", "self-signed");
  const install = (...more: readonly string[]): Promise<Outcome> =>
    world.run("install", "--yes", ...WAY, "--tls", "self-signed", ...more);
  const wildcard = (): readonly string[] =>
    world.internet.dns.zone("example.com").records.get(`*.${DOMAIN}`, "A")?.values ?? [];

  beforeAll(async () => {
    world = await running();
    const { records } = world.internet.dns.zone("example.com");
    records.set({ name: `*.${DOMAIN}`, type: "A", ttl: 60, values: ["192.0.2.9"] });
  });
  afterAll(() => world.close());

  it("are shown with what they are, and kept", async () => {
    const shown = await plan();
    expect(shown.stdout).toMatch(/\*\.apps\.example\.com A.*192\.0\.2\.9/);
    const outcome = await install();
    expect(outcome.code).toBe(1);
    expect(errorOf(outcome)).toMatch(/\*\.apps\.example\.com A \(owned by .*--take-ownership/);
    expect(wildcard()).toEqual(["192.0.2.9"]);
    expect(outcome.stats.writes).toBe(0);
  });

  it("are shown with their owner, where external-dns has marked them", async () => {
    const { records } = world.internet.dns.zone("example.com");
    records.set({ name: `a-wildcard.${DOMAIN}`, type: "TXT", ttl: 60, values: [`"${EXTERNAL}"`] });
    expect((await plan()).stdout).toMatch(/external-dns "prod" \(ingress\/web\/shop\)/);
    const outcome = await install();
    expect(errorOf(outcome)).toMatch(/owned by external-dns "prod"/);
    expect(wildcard()).toEqual(["192.0.2.9"]);
  });

  it("are taken with --take-ownership, and external-dns's marker stays", async () => {
    const outcome = await install("--take-ownership");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(wildcard()).toEqual(["127.0.0.1"]);
    expect(zoneOf(world).join()).toContain("heritage=external-dns");
    const again = await install();
    expect(again.stdout).toContain("Nothing to do");
  });
});
