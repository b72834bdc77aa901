import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawn, sampled } from "../../thorough.ts";
import type { Outcome } from "../cli.ts";
import { bring, putBrought } from "./brought.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage, errorOf, zoneOf } from "./stage.ts";

const MAGIC = "127.0.0.1.sslip.io";

describe.each([
  { dns: "route53", ca: "letsencrypt" },
  { dns: "rfc2136", ca: "acme" },
])("--dns $dns", ({ dns, ca }) => {
  let world: DnsStage;
  let before: readonly string[];
  const install = (...args: readonly string[]): Promise<Outcome> =>
    world.run("install", "--yes", "--dns", dns, "--domain", DOMAIN, ...args);

  beforeAll(async () => {
    world = await dnsStage();
    before = zoneOf(world);
    await putBrought(world, "flat", await bring([`*.${DOMAIN}`]));
  });
  afterAll(() => world.close());

  describe(`--tls ${ca}`, () => {
    const args = (): readonly string[] => (ca === "acme" ? world.privateCa : world.letsEncrypt);
    const issued = (): number => world.internet.acme.certificates().length;
    const accounts = (): readonly string[] => world.internet.acme.accounts().map(({ status }) => status);
    let certificates = 0;

    it("plans without a word to the CA, and writes nothing", async () => {
      const asked = world.asked.length;
      const writes = world.writes();
      const plan = await world.run("plan", "--exit-code", "--dns", dns, "--domain", DOMAIN, ...args());
      expect(plan.code, plan.stderr).toBe(3);
      expect(plan.stdout).toContain(`*.${DOMAIN}`);
      expect(plan.stdout).toContain(`_acme-challenge.${DOMAIN}`);
      expect({ ...world.writes(), cluster: plan.stats.writes }).toEqual({ ...writes, cluster: 0 });
      expect(world.asked.length).toBe(asked);
    });

    it("installs, and proves it by https", async () => {
      certificates = issued();
      await proved(install(...args()), "https");
      expect(issued()).toBe(certificates + 1);
      expect(challengesIn(world)).toEqual([]);
    });

    it("has nothing to do again: no write to cluster, zone or CA", () => nothingToDo(world, install(...args())));

    it("leaves the zone as it was, and keeps account and certificate", async () => {
      await uninstalled(world, before);
      const kept = world.api.list("v1", "Secret", "kn-bootstrap").map(({ metadata }) => metadata.name);
      expect(kept).toContain("wildcard-tls");
      expect(kept).toContainEqual(expect.stringMatching(/^acme-account-/));
      expect(accounts().at(-1)).toBe("valid");
    });

    it("is installed again with the same certificate", async () => {
      const { orders } = world.writes();
      await proved(install(...args()), "https");
      expect(issued()).toBe(certificates + 1);
      expect(world.writes().orders).toBe(orders);
    });

    it("purges: the zone as it was, the account closed at the CA", async () => {
      await uninstalled(world, before, "--purge");
      expect(accounts().at(-1)).toBe("deactivated");
      expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kn-bootstrap" })).toBeUndefined();
    });
  });

  const ways = [
    { tls: "self-signed", scheme: "https", args: [] },
    { tls: "secret", scheme: "https", args: ["--tls-secret", "web/flat"] },
    { tls: "none", scheme: "http", args: [] },
  ];
  it.each(sampled(ways, 2))(
    "--tls $tls, from whatever was before; again there is nothing to do",
    async ({ tls, scheme, args }) => {
      const orders = world.asked.length;
      await proved(install("--tls", tls, ...args), scheme);
      await nothingToDo(world, install("--tls", tls, ...args));
      expect(world.asked.length).toBe(orders);
      expect(world.internet.dns.zone("example.com").records.get(`*.${DOMAIN}`, "A")?.values).toEqual(["127.0.0.1"]);
    },
  );

  it("takes all of it away in the end", () => uninstalled(world, before));
});

describe.each([
  { dns: "magic", args: ["--dns", "magic"], secret: "magic" },
  { dns: "none", args: ["--dns", "none", "--domain", DOMAIN], secret: "flat" },
])("--dns $dns", ({ args: way, secret }) => {
  let world: DnsStage;
  beforeAll(async () => {
    world = await dnsStage();
    await putBrought(world, "flat", await bring([`*.${DOMAIN}`]));
    await putBrought(world, "magic", await bring([`*.${MAGIC}`]));
  });
  afterAll(() => world.close());

  const ways = [
    { tls: "self-signed", scheme: "https", args: [] },
    { tls: "secret", scheme: "https", args: ["--tls-secret", `web/${secret}`] },
    { tls: "none", scheme: "http", args: [] },
  ];
  it.each(drawn(ways, 1, secret))(
    "--tls $tls; again there is nothing to do, and no zone is looked at",
    async ({ tls, scheme, args }) => {
      await proved(world.run("install", "--yes", ...way, "--tls", tls, ...args), scheme);
      await nothingToDo(world, world.run("install", "--yes", ...way, "--tls", tls, ...args));
      expect(world.internet.route53.requests).toEqual([]);
      expect(world.writes()).toEqual({ zone: 0, orders: 0, accounts: 0 });
    },
  );

  it.each([
    { tls: "letsencrypt", more: [] },
    { tls: "letsencrypt-staging", more: [] },
    { tls: "acme", more: ["--acme-directory", "https://ca.example.com/directory"] },
    { tls: "cert-manager", more: [] },
  ])("--tls $tls is refused before anything is asked", async ({ tls, more }) => {
    const outcome = await world.run("install", "--yes", ...way, "--tls", tls, ...more);
    expect(outcome.code).toBe(2);
    expect(errorOf(outcome)).toMatch(/does not go with --dns/);
    expect(outcome.stats.requests).toBe(0);
  });
});

it("--dns manual with cert-manager is refused before anything is asked", async () => {
  const world = await dnsStage();
  const outcome = await world.run("install", "--yes", "--dns", "manual", "--domain", DOMAIN, "--tls", "cert-manager");
  expect(outcome.code).toBe(2);
  expect(errorOf(outcome)).toMatch(/--tls cert-manager does not go with --dns manual/);
  expect(outcome.stats.requests).toBe(0);
  await world.close();
});

const proved = async (running: Promise<Outcome>, scheme: string): Promise<void> => {
  const outcome = await running;
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.stderr).toMatch(new RegExp(`Prove it: a Service answers ${scheme},.*answers 200`, "s"));
};

const nothingToDo = async (world: DnsStage, running: Promise<Outcome>): Promise<void> => {
  const [writes, asked] = [world.writes(), world.asked.length];
  const outcome = await running;
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.stdout).toContain("Nothing to do");
  expect({ ...world.writes(), cluster: outcome.stats.writes }).toEqual({ ...writes, cluster: 0 });
  expect(world.asked.slice(asked)).toEqual([]);
};

const uninstalled = async (world: DnsStage, before: readonly string[], ...more: readonly string[]): Promise<void> => {
  const outcome = await world.run("uninstall", "--yes", ...more);
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(zoneOf(world)).toEqual(before);
};
