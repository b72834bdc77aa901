import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kn, type Outcome } from "../cli.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage, errorOf } from "./stage.ts";

/** The lines of a zone file in a text, as a person would copy them. */
const linesIn = (text: string): readonly { name: string; ttl: number; type: string; value: string }[] =>
  [...text.matchAll(/^\s*(\S+)\. (\d+) IN (\w+) "?([^"\n]+)"?$/gm)].map(
    ([, name = "", ttl, type = "", value = ""]) => ({
      name,
      ttl: Number(ttl),
      type,
      value,
    }),
  );

describe("--dns manual without a terminal", () => {
  let world: DnsStage;
  let first: Outcome;
  const install = (...more: readonly string[]): Promise<Outcome> =>
    world.runWith(
      { env: { COLUMNS: "250" } },
      ...["install", "--yes", "--dns", "manual", "--domain", DOMAIN, ...world.letsEncrypt, ...more],
    );
  const publish = (text: string): number => {
    const { records } = world.internet.dns.zone("example.com");
    const lines = linesIn(text);
    for (const { name, ttl, type, value } of lines) {
      const values = [...new Set([...(records.get(name, type)?.values ?? []), value])];
      records.set({ name, type, ttl, values });
    }
    return lines.length;
  };

  beforeAll(async () => {
    world = await dnsStage();
  });
  afterAll(() => world.close());

  it("looks for the zone's name servers twice, however many records there are: for the choice, and for what stands there", async () => {
    const looks: string[] = [];
    const stop = world.internet.dns.onQuery(({ name, type }) => {
      if (name === "example.com" && type === "NS") looks.push(name);
    });
    const names = ["--domain-template", "nested", "--namespaces", "default,shop"];
    const planned = await world.run("plan", "--dns", "manual", "--domain", DOMAIN, "--tls", "self-signed", ...names);
    stop();
    expect(planned.code, planned.stderr).toBe(0);
    expect(planned.stdout).toContain(`*.shop.${DOMAIN}`);
    // Two name servers of `com` are asked each time.
    expect(looks.length).toBeLessThanOrEqual(4);
  });

  it("ends with exit code 3, and prints every record that it needs", async () => {
    first = await install();
    expect(first.code, first.stderr).toBe(3);
    expect(linesIn(first.stderr.slice(first.stderr.lastIndexOf("Error: ")))).toEqual([
      { name: `*.${DOMAIN}`, ttl: 300, type: "A", value: "127.0.0.1" },
      { name: `_acme-challenge.${DOMAIN}`, ttl: 60, type: "TXT", value: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
    expect(errorOf(first)).toMatch(/run the same command again/);
  });

  it("asks for the same records again while they are not there, with the same order", async () => {
    const again = await install();
    expect(again.code, again.stderr).toBe(3);
    const records = (outcome: Outcome) => linesIn(outcome.stderr.slice(outcome.stderr.lastIndexOf("Error: ")));
    expect(records(again)).toEqual(records(first));
    expect(world.internet.acme.orders()).toHaveLength(1);
    expect(world.internet.acme.certificates()).toEqual([]);
  });

  it("goes on once they are published: one order, one certificate", async () => {
    expect(publish(errorOfLines(first))).toBe(2);
    const outcome = await install();
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(/Prove it: a Service answers https,.*answers 200/s);
    expect(world.internet.acme.orders()).toHaveLength(1);
    expect(world.internet.acme.certificates()).toHaveLength(1);
    // It cannot be taken away by us; whoever can is told.
    expect(outcome.stderr).toMatch(/not needed any more[\s\S]*_acme-challenge/);
  });

  it("has nothing to do then, and asks the CA nothing", async () => {
    const asked = world.asked.length;
    const outcome = await install();
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain("Nothing to do");
    expect(outcome.stats.writes).toBe(0);
    expect(world.asked.length).toBe(asked);
  });

  it("says on uninstall which records nobody needs any more, and writes nothing itself", async () => {
    const outcome = await world.runWith({ env: { COLUMNS: "250" } }, "uninstall", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout + outcome.stderr).toMatch(/\*\.apps\.example\.com\. 300 IN A 127\.0\.0\.1/);
    expect(challengesIn(world)).toHaveLength(1);
    expect(world.writes().zone).toBe(0);
  });
});

const errorOfLines = ({ stderr }: Outcome): string => stderr.slice(stderr.lastIndexOf("Error: "));

it("a rehearsal with somebody at the terminal waits until they have published what it asks for", async () => {
  const outcome = await kn(
    { kubeconfig: "/nowhere", standIns: true },
    ["rehearse", "--dns", "manual", "--domain", DOMAIN],
    { env: { COLUMNS: "250" } },
  );
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.stderr).toMatch(/publish in zone example\.com, then this goes on/);
  expect(outcome.stderr).toMatch(/https:\/\/hello-kn-bootstrap\.apps\.example\.com answers 200/);
});
