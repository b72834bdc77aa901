import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import { delegationProblem, delegationRemedy, delegationWords } from "../../dns/delegation.ts";
import { askAll, type NameServer } from "../../dns/servers.ts";
import { dig } from "../../ports/dig.ts";
import { NoAnswer, type Resolver } from "../../ports/dns.ts";
import { few } from "../../ports/few.ts";
import { healthCheck } from "../health-check.ts";
import { type Located, OUTSIDE, outside } from "./view.ts";
import { worst } from "./worst.ts";

const names = (servers: readonly NameServer[]): readonly string[] => servers.map(({ name }) => name).sort();

/** The zone's own NS records, as the first of its servers has them that answers with authority. */
const ownServers = async (resolver: Resolver, { zone, delegation }: Located, signal: AbortSignal) => {
  const said = await askAll(resolver, delegation.servers, zone, "NS", signal);
  for (const { answer } of said) {
    if (answer instanceof NoAnswer || !answer.authoritative) continue;
    const own = answer.answers.filter(({ type, name }) => type === "NS" && name === zone).map(({ value }) => value);
    if (own.length > 0) return own.sort();
  }
  return undefined;
};

const judge = async (resolver: Resolver, located: Located, signal: AbortSignal): Promise<Finding> => {
  const { zone, delegation, domain } = located;
  const { servers } = delegation;
  const seen = (own?: readonly string[]) => ({
    facts: { domain: domain.name },
    evidence: [
      { object: domain.object, field: domain.name },
      { field: `${zone} NS at the parent`, observed: names(servers), ...(own ? { expected: own } : {}) },
    ],
  });
  if (servers.length === 0)
    return fail(`${zone} is not delegated: ${delegationWords(delegation)}`, delegationRemedy(delegation, []), seen());
  // A zone of one label is a registry's: what is not delegated there is nobody's.
  if (!zone.includes(".") && domain.name !== zone) {
    const child = domain.name.split(".").slice(-2).join(".");
    return fail(
      `${child} is not delegated: the servers of ${zone} know no such zone`,
      {
        text: `Register ${child}, or set its name servers there to those that your DNS provider shows for the zone.`,
        command: dig(["+trace", "NS"], child),
      },
      seen(),
    );
  }
  const problem = await delegationProblem(
    resolver,
    delegation,
    { id: zone, name: zone, isPrivate: false, nameServers: [] },
    signal,
  );
  if (problem?.severity === "fail")
    return fail(
      problem.what,
      {
        ...delegationRemedy(delegation, []),
        text: `Set the name servers of ${zone}, at its registrar or in the zone above, to those that your DNS provider shows for the zone that you write to: these know nothing of it, as after a zone was made anew.`,
      },
      seen(),
    );
  const own = await ownServers(resolver, located, signal);
  if (own && own.join() !== names(servers).join())
    return warn(
      `${zone} is delegated to ${few(names(servers))}, and says of itself that it is served by ${few(own)}`,
      delegationRemedy(delegation, own),
      seen(own),
    );
  return problem ? warn(problem.what, problem.remedy, seen()) : ok(`${zone} by ${few(names(servers))}`);
};

export const zonesDelegated = healthCheck({
  id: "dns.delegated",
  title: "Each domain's zone is delegated to servers that know it",
  // A domain that nobody chose is misspelt more often than it is for sale.
  symptomOf: ["domain.default"],
  reads: OUTSIDE,
  meaning:
    "What is written to the zone is seen by nobody, or by some: it is not delegated, or the zone above names the servers of a twin, of a zone that was deleted, or of an earlier provider.",
  todo: "Set the name servers at the registrar, or in the zone above, to those that the DNS provider shows for the zone; delete twins.",
  threads: [
    "go-acme/lego#192",
    "konstructio/kubefirst#1498",
    "konstructio/kubefirst#1759",
    "cert-manager/cert-manager#5515",
    "win-acme/win-acme#1578",
  ],
  run: outside(async ({ resolver, located }, { signal }) => {
    const one = [...new Map((await located()).map((each) => [each.zone, each])).values()];
    const findings = await Promise.all(one.map((each) => judge(resolver, each, signal)));
    const first = worst(findings);
    return first?.status === "ok"
      ? ok(few(findings.map(({ summary }) => summary)))
      : (first ?? skipped("there is none"));
  }),
});
