import { afterAll, describe, expect, it } from "vitest";
import { inspect } from "../../../src/certificates/secret.ts";
import type { KubeObject } from "../../../src/ports/object.ts";
import { FAULTS } from "../../../src/sandbox/faults/index.ts";
import { patient, patientSeconds } from "../../patience.ts";
import { sampled } from "../../thorough.ts";
import type { Outcome } from "../cli.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage, errorOf } from "./stage.ts";

const CERTIFICATE = { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" };
const WAY = ["--dns", "route53", "--domain", DOMAIN, "-o", "json"];

const open: DnsStage[] = [];
afterAll(() => Promise.all(open.map(({ close }) => close())));

const opened = async (): Promise<DnsStage> => {
  const world = await dnsStage();
  open.push(world);
  return world;
};

const reasonsIn = ({ events }: Outcome): readonly string[] =>
  events.flatMap(({ type, reason }) => (type === "waiting" ? [String(reason)] : []));

const installed = async (): Promise<DnsStage> => {
  const world = await opened();
  const outcome = await world.run("install", "--yes", ...WAY, ...world.letsEncrypt);
  expect(outcome.code, outcome.stderr).toBe(0);
  return world;
};

/** The CA answers 500 to so many requests; each is tried four times before it is told, once for CAA and twice for the directory. */
const briefly = { unavailable: { status: 500, requests: 10 } };

/** What is said while it lasts; a late answer is simply waited for. */
const SAID: Readonly<Record<string, { readonly fault: string; readonly reason?: RegExp; readonly orders?: number }>> = {
  "resolver-servfail": {
    fault: `resolver-servfail:${patient(1)}`,
    reason: /the resolver \S+ answers SERVFAIL for \S+ NS/,
  },
  "resolver-late": { fault: "resolver-late:3" },
  "dns-late": { fault: "dns-late:3" },
  "ca-500": { fault: `ca-500:${patient(4)}`, reason: /The CA at \S+ does not answer as it should: it answers 500/ },
  "ca-503": {
    fault: `ca-503:${patient(4)}`,
    reason: /accepts nothing more for \*\.apps\.example\.com for now: Service busy/,
  },
  "ca-servfail": {
    fault: "ca-servfail:0.5",
    reason: /could not look up \S+: .*SERVFAIL looking up CAA for .*; order 2 of at most 3 follows in 5 s/,
    orders: 2,
  },
};

describe.concurrent("trouble around the cluster passes", () => {
  it("each of its faults has a row", () => {
    const outside = FAULTS.filter(({ isOutside }) => isOutside).map(({ name }) => name);
    expect(Object.keys(SAID).sort()).toEqual([...outside].sort());
  });

  it.each(sampled(Object.values(SAID), 2))(
    "install waits out $fault, and one certificate is made",
    async ({ fault, ...wanted }) => {
      const world = await opened();
      await world.faults.start(fault);
      const outcome = await world.run("install", "--yes", ...WAY, ...world.letsEncrypt);
      expect(outcome.code, outcome.stderr).toBe(0);
      if (wanted.reason) expect(reasonsIn(outcome)).toContainEqual(expect.stringMatching(wanted.reason));
      expect(world.internet.acme.certificates()).toHaveLength(1);
      expect(world.writes().orders).toBe(wanted.orders ?? 1);
      expect(challengesIn(world)).toEqual([]);
    },
  );

  it("plan, renew and renew --check wait for a resolver that says SERVFAIL for a moment", async () => {
    const world = await installed();
    for (const args of [["plan"], ["renew", "--check"], ["renew", "--yes"]]) {
      await world.faults.start("resolver-servfail:0.5");
      const outcome = await world.run(...args, "-o", "json");
      expect(outcome.code, outcome.stderr).toBe(0);
      expect(reasonsIn(outcome)[0]).toMatch(/the resolver \S+ answers SERVFAIL for/);
      await world.faults.end();
    }
  });

  it("a resolver that is still out of order when time is up ends it with exit code 3, and nothing was written", async () => {
    const world = await opened();
    world.internet.dns.setFault("resolver", "servfail");
    const outcome = await world.run("install", "--yes", "--timeout", "1s", ...WAY, ...world.letsEncrypt);
    expect({ code: outcome.code, writes: outcome.stats.writes }, outcome.stderr).toEqual({ code: 3, writes: 0 });
    expect(reasonsIn(outcome)).toContainEqual(expect.stringMatching(/answers SERVFAIL for/));
  });

  it("renew --check and renew wait for the CA, as install does", async () => {
    const world = await installed();
    const { acme } = world.internet;
    acme.setFaults(briefly);
    const check = await world.run("renew", "--check", "-o", "json");
    expect(check.code, check.stderr).toBe(0);
    expect(reasonsIn(check)).toContainEqual(expect.stringMatching(/the CA at \S+ does not answer as it should/));
    acme.setFaults({});
    acme.moveRenewal(inspect(world.api.get(CERTIFICATE) as KubeObject)?.serial ?? "");
    await world.faults.start(`ca-500:${patient(4)}`);
    const renew = await world.run("renew", "--yes", "-o", "json");
    expect(renew.code, renew.stderr).toBe(0);
    expect(reasonsIn(renew)).toContainEqual(
      expect.stringMatching(/The CA at \S+ does not answer as it should: it answers 500/),
    );
    expect(acme.certificates()).toHaveLength(2);
    expect(challengesIn(world)).toEqual([]);
  });

  it("a CA that stays away ends the step with its reason and the way to ask it", async () => {
    const world = await opened();
    world.internet.acme.setFaults({ unavailable: { status: 500, isFelt: ({ path }) => path !== "/directory" } });
    const outcome = await world.run("install", "--yes", "--timeout", patientSeconds(6), ...WAY, ...world.letsEncrypt);
    expect(outcome.code, outcome.stderr).toBe(1);
    expect(errorOf(outcome)).toMatch(
      /could not be had in time: The CA at \S+ does not answer as it should: it answers 500/,
    );
    expect(errorOf(outcome)).toMatch(/curl -sS https:\S+\/directory$/);
    expect(world.internet.acme.certificates()).toEqual([]);
  });
});
