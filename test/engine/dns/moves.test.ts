import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../cli.ts";
import { type DnsStage, DOMAIN, dnsStage, errorOf, zoneOf } from "./stage.ts";

describe("what is chosen changes", () => {
  let world: DnsStage;
  let before: readonly string[];
  /** Nothing but this. */
  const install = (domain: string, ...more: readonly string[]): Promise<Outcome> =>
    world.run(
      "install",
      "--yes",
      "--reset-choices",
      "--dns",
      "route53",
      "--domain",
      domain,
      "--tls",
      "self-signed",
      ...more,
    );
  const names = (): readonly string[] =>
    world.internet.dns
      .zone("example.com")
      .records.list()
      .filter(({ type }) => type === "A" || type === "TXT")
      .map(({ name, type }) => `${name} ${type}`)
      .sort();
  const nested = ["--domain-template", "nested", "--namespaces", "shop"];

  beforeAll(async () => {
    world = await dnsStage();
    before = zoneOf(world);
  });
  afterAll(() => world.close());

  it("with a namespace that is certified by itself its wildcard comes, and it goes with it", async () => {
    await done(install(DOMAIN, ...nested));
    expect(names()).toContain(`*.shop.${DOMAIN} A`);
    await done(install(DOMAIN));
    expect(names()).toEqual([`*.${DOMAIN} A`, `_kn-bootstrap.${DOMAIN} TXT`]);
  });

  it("a wildcard of others below the domain is not taken because the domain is ours", async () => {
    const { records } = world.internet.dns.zone("example.com");
    records.set({ name: `*.shop.${DOMAIN}`, type: "A", ttl: 60, values: ["192.0.2.9"] });
    const outcome = await install(DOMAIN, ...nested);
    expect(outcome.code).toBe(1);
    expect(errorOf(outcome)).toMatch(/\*\.shop\.apps\.example\.com A \(owned by/);
    records.delete(`*.shop.${DOMAIN}`, "A");
  });

  it("with another domain the records of the old one go, in the same batch", async () => {
    const { zone } = world.writes();
    await done(install("cloud.example.com"));
    expect(names()).toEqual(["*.cloud.example.com A", "_kn-bootstrap.cloud.example.com TXT"]);
    expect(world.writes().zone).toBe(zone + 1);
    expect((await install("cloud.example.com")).stdout).toContain("Nothing to do");
  });

  it("what somebody has changed since stays", async () => {
    const { records } = world.internet.dns.zone("example.com");
    records.set({ name: "*.cloud.example.com", type: "A", ttl: 60, values: ["192.0.2.9"] });
    await done(install(DOMAIN));
    expect(names()).toEqual([`*.${DOMAIN} A`, "*.cloud.example.com A", `_kn-bootstrap.${DOMAIN} TXT`]);
    records.delete("*.cloud.example.com", "A");
  });

  it("who turns the provider away is told what stays there", async () => {
    const { stdout } = await world.run("plan", "--dns", "none", "--domain", DOMAIN, "--tls", "self-signed");
    expect(stdout.replace(/\s+/g, " ")).toContain(`The records of ${DOMAIN} at Amazon Route 53 stay as they are`);
  });

  it("uninstall leaves the zone as it was before all of it", async () => {
    await done(world.run("uninstall", "--yes"));
    expect(zoneOf(world)).toEqual(before);
  });
});

const done = async (running: Promise<Outcome>): Promise<void> => {
  const outcome = await running;
  expect(outcome.code, outcome.stderr).toBe(0);
};
