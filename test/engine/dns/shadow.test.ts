import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createResolver } from "../../../src/adapters/resolver/index.ts";
import type { Outcome } from "../cli.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage } from "./stage.ts";

/** Milliseconds between two questions: 50 in a second. */
const EVERY = 20;
/** Milliseconds until every server of the zone has a change, one after the other. */
const PROPAGATION = 150;

interface Watch {
  readonly questions: number;
  /** Every answer that was none. */
  readonly silences: readonly string[];
}

/** Asks below the parents in turn, each time for a name that nobody has cached, while the work is done and a little longer. */
const watching = async (
  { internet }: DnsStage,
  parents: readonly string[],
  work: () => Promise<Outcome>,
): Promise<Watch & { readonly outcome: Outcome }> => {
  const resolver = createResolver({ server: internet.dns.resolver });
  const silences: string[] = [];
  const open: Promise<void>[] = [];
  let outcome: Outcome | undefined;
  const working = work().then((result) => {
    outcome = result;
  });
  const one = async (name: string): Promise<void> => {
    const { rcode, answers } = await resolver.ask(name, "A");
    if (rcode !== "NOERROR" || answers.length === 0) silences.push(`${name}: ${rcode}, ${answers.length} answers`);
  };
  for (let rest = parents.length; rest > 0; rest -= outcome ? 1 : 0) {
    open.push(one(`api-${open.length}.${parents[open.length % parents.length]}`));
    await sleep(EVERY);
  }
  await Promise.all([working, ...open]);
  if (!outcome) throw new Error("it never ended");
  return { questions: open.length, silences, outcome };
};

const report = (title: string, { questions, silences }: Watch): void => {
  process.stdout.write(`shadow: ${title}: ${questions} questions, ${silences.length} without an answer\n`);
  expect(silences).toEqual([]);
  // 50 in a second, on a machine that has others to serve as well.
  expect(questions).toBeGreaterThan(20);
};

describe.each([
  { dns: "route53", resolver: "a resolver that caches", isCaching: true },
  { dns: "rfc2136", resolver: "a resolver that does not", isCaching: false },
])("--dns $dns, asked through $resolver", ({ dns, resolver, isCaching }) => {
  const way = ["--dns", dns, "--domain", DOMAIN];

  it("Services of a namespace answer while its wildcard is issued", async () => {
    const world = await dnsStage({ isCaching, route53: { delay: PROPAGATION } });
    const flat = await world.run("install", "--yes", ...way, "--tls", "self-signed");
    expect(flat.code, flat.stderr).toBe(0);
    const nested = [...way, "--domain-template", "nested", "--namespaces", "shop", ...world.letsEncrypt];
    const plan = await world.runWith({ env: { COLUMNS: "300" } }, "plan", ...nested);
    expect(plan.stdout).toMatch(/\*\.shop\.apps\.example\.com answers .* no longer \*\.apps\.example\.com/);
    const parents = [`shop.${DOMAIN}`, `kn-bootstrap.${DOMAIN}`, `other.${DOMAIN}`];
    const watch = await watching(world, parents, () => world.run("install", "--yes", ...nested));
    expect(watch.outcome.code, watch.outcome.stderr).toBe(0);
    report(`namespace, ${dns}, ${resolver}`, watch);
    const [certificate] = world.internet.acme.certificates();
    expect(certificate?.names).toEqual([`*.kn-bootstrap.${DOMAIN}`, `*.shop.${DOMAIN}`]);
    expect(challengesIn(world)).toEqual([]);
    await world.close();
  });

  it("a wildcard of others above the domain goes on answering until ours does", async () => {
    const world = await dnsStage({ isCaching, route53: { delay: PROPAGATION } });
    const { records } = world.internet.dns.zone("example.com");
    records.set({ name: "*.example.com", type: "A", ttl: 60, values: ["192.0.2.7"] });
    const plan = await world.runWith({ env: { COLUMNS: "300" } }, "plan", ...way, ...world.letsEncrypt);
    expect(plan.stdout).toMatch(/\*\.apps\.example\.com.*no longer \*\.example\.com/);
    const watch = await watching(world, [DOMAIN, "example.com"], () =>
      world.run("install", "--yes", ...way, ...world.letsEncrypt),
    );
    expect(watch.outcome.code, watch.outcome.stderr).toBe(0);
    report(`foreign wildcard above, ${dns}, ${resolver}`, watch);
    expect(records.get("*.example.com", "A")?.values).toEqual(["192.0.2.7"]);
    await world.close();
  });
});
