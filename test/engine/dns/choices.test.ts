import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DnsStage, DOMAIN, dnsStage, zoneOf } from "./stage.ts";

describe("choices around records and a CA", () => {
  let world: DnsStage;
  let before: readonly string[];
  const install = async (...args: readonly string[]) => {
    const outcome = await world.run("install", "--yes", ...args);
    expect(outcome.code, outcome.stderr).toBe(0);
    return outcome;
  };
  const plan = (...args: readonly string[]) => world.run("plan", "--exit-code", ...args);

  beforeAll(async () => {
    world = await dnsStage();
    before = zoneOf(world);
  });
  afterAll(() => world.close());

  it("from a first evening with magic DNS to a domain: who makes the certificate follows", async () => {
    await install();
    const [, , ...ca] = world.privateCa;
    const { stdout } = await install("--dns", "route53", "--domain", DOMAIN, ...ca, "--acme-email", "me@example.com");
    expect(stdout).toMatch(/~ tls: self-signed → acme \(it follows from dns route53\)/);
    expect(stdout).toMatch(/~ domain: magic → apps\.example\.com\n/);
  });

  it("need not be said again: neither the provider nor the CA and its root", async () => {
    const { zone, orders } = world.writes();
    const nothing = await plan();
    expect(nothing.code, nothing.stdout + nothing.stderr).toBe(0);
    const again = await install();
    expect([again.stats.writes, world.writes()]).toEqual([0, expect.objectContaining({ zone, orders })]);
    const renewed = await world.run("renew", "--check");
    expect(renewed.code, renewed.stderr).toBe(0);
  });

  it("fall away with the CA, and so does its root", async () => {
    const plain = (await plan("--tls", "self-signed")).stdout.replace(/\s+/g, " ");
    expect(plain).toContain("~ acme-email: me@example.com → none (--acme-email does not go with --tls self-signed)");
    expect(plain).toMatch(/~ acme-directory: https:\S+ → the directory of the CA .* \(it belonged to tls acme\)/);
    expect(plain).toContain('- .data["acme-ca.pem"]');
    await install("--tls", "self-signed");
    expect((await plan()).code).toBe(0);
  });

  it("are what uninstall takes away without a word", async () => {
    const { code, stderr } = await world.run("uninstall", "--yes");
    expect(code, stderr).toBe(0);
    expect(zoneOf(world)).toEqual(before);
  });
});
