import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { keyNamed, namedBy } from "../../dns/signers.ts";
import { dig } from "../../ports/dig.ts";
import type { Answer } from "../../ports/dns.ts";
import { few } from "../../ports/few.ts";
import { type HealthContext, healthCheck } from "../health-check.ts";
import { type Located, OUTSIDE, type Outside, outside } from "./view.ts";
import { worst } from "./worst.ts";

const valuesOf = ({ answers }: Answer, zone: string, type: string): readonly string[] =>
  answers.filter((record) => record.type === type && record.name === zone).map(({ value }) => value);

const REFUSED =
  "whoever validates (RFC 4035), such as every public CA and the large resolvers, takes the zone for forged and says SERVFAIL";

/** Whether the zone above names a key that the zone has; else whether a resolver that validates believes what it says. */
const judge = async ({ resolver }: Outside, { zone, domain }: Located, { signal }: HealthContext): Promise<Finding> => {
  const [checked, ds] = await Promise.all([
    resolver.ask(zone, "SOA", signal),
    resolver.askUnchecked(zone, "DS", signal),
  ]);
  const named = valuesOf(ds, zone, "DS").map(namedBy);
  const isDoubted = checked.rcode === "SERVFAIL";
  if (named.length === 0 && !isDoubted) return ok(`${zone} is not signed`);
  const [unchecked, keys] = await Promise.all([
    isDoubted ? resolver.askUnchecked(zone, "SOA", signal) : checked,
    named.length > 0 ? resolver.askUnchecked(zone, "DNSKEY", signal) : undefined,
  ]);
  // Not even without validation: that is nothing of signatures.
  if (unchecked.rcode === "SERVFAIL" || keys?.rcode === "SERVFAIL")
    return skipped(`the resolver ${resolver.server} gets no answer about ${zone}`);
  const own = keys ? valuesOf(keys, zone, "DNSKEY").map(keyNamed) : [];
  const seen = {
    facts: { domain: domain.name },
    evidence: [
      { field: `${zone} DS at the parent`, observed: named },
      { field: `${zone} DNSKEY`, observed: own, expected: named },
      { field: `${zone} SOA`, observed: `${checked.rcode}, without validation ${unchecked.rcode}` },
    ],
  };
  if (keys && !named.some((one) => own.includes(one)))
    return fail(
      `the zone above names the key ${few(named)} of ${zone}, which has ${own.length > 0 ? `${few(own)} alone` : "none"}: ${REFUSED}`,
      {
        text: `Remove the DS of ${zone} at its registrar, or in the zone above, or replace it by the one that the DNS provider shows for the zone as it is now. It is often left of an earlier provider.`,
        command: dig(["+trace", "DS"], zone),
      },
      seen,
    );
  if (isDoubted)
    return fail(
      `the resolver ${resolver.server} answers about ${zone} with SERVFAIL, and without validation with ${unchecked.rcode}: ${REFUSED}`,
      {
        text: "Have the DNS provider sign the zone anew: signatures that have ended are the usual reason. Or stop signing: take the DS away first, wait for its TTL, and only then the keys.",
        command: dig(["+dnssec", "+cd", "SOA"], zone),
      },
      seen,
    );
  return ok(`${zone} by key ${few(named)}`, seen);
};

export const zonesSigned = healthCheck({
  id: "dns.signed",
  title: "Where a domain's zone is signed, it can be verified",
  needs: ["dns.delegated"],
  reads: OUTSIDE,
  meaning:
    "The zone above names a key that the zone does not have, or its signatures have ended. Resolvers that validate answer SERVFAIL, so that the names work for some people and not for others, and no public CA issues.",
  todo: "Remove or replace the DS at the registrar, or have the zone signed anew. A zone that moves to another provider takes its DS away first.",
  threads: ["certbot/certbot#9236"],
  run: outside(async (view, ctx) => {
    const one = [...new Map((await view.located()).map((each) => [each.zone, each])).values()];
    const findings = await Promise.all(one.map((each) => judge(view, each, ctx)));
    const first = worst(findings);
    return first?.status === "ok"
      ? ok(few(findings.map(({ summary }) => summary)))
      : (first ?? skipped("there is none"));
  }),
});
