import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { ancestorsOf, askOneOf, isUnder } from "../../dns/servers.ts";
import { dig } from "../../ports/dig.ts";
import { challengeName } from "../../ports/dns-name.ts";
import type { Evidence } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import { healthCheck } from "../health-check.ts";
import { type Located, NOBODY, OUTSIDE, type Outside, outside } from "./view.ts";
import { worst } from "./worst.ts";

const isThere = ({ via, addresses }: { readonly via: readonly string[]; readonly addresses: readonly string[] }) =>
  via.length > 0 || addresses.length > 0;

/** Names that have no wildcard's answer because they, or one above, exist (RFC 4592 section 3.3.1). */
interface Hidden {
  /** The uppermost name below the domain that exists. */
  readonly at: string;
  readonly hosts: readonly string[];
  /** What stands there or right below, as far as it can be asked for. */
  readonly by: readonly Evidence[];
}

/** Records that people leave: a challenge's TXT, one's own at the name, a delegation, another family of addresses. */
const recordsAround = async (
  view: Outside,
  { delegation: { servers } }: Located,
  name: string,
  signal: AbortSignal,
): Promise<readonly Evidence[]> => {
  const places = [
    [challengeName(name), "TXT"],
    [name, "TXT"],
    [name, "NS"],
    [name, "CAA"],
  ] as const;
  const found = await Promise.all(
    places.map(async ([place, type]): Promise<readonly Evidence[]> => {
      const said = await askOneOf(view.resolver, servers, place, type, signal);
      const records = [...(said?.answer.answers ?? []), ...(type === "NS" ? (said?.answer.authority ?? []) : [])];
      const own = records.filter((record) => record.name === place && record.type === type);
      return own.length > 0 ? [{ field: `${place} ${type}`, observed: own.map(({ value }) => value) }] : [];
    }),
  );
  return found.flat();
};

/** The name nearest to the domain, at or above the host, that exists without answers of its own. */
const encloser = async (
  view: Outside,
  { domain, delegation: { servers } }: Located,
  host: string,
  signal: AbortSignal,
): Promise<string> => {
  const above = [host, ...ancestorsOf(host)].filter((name) => name !== domain.name && isUnder(name, domain.name));
  const said = await Promise.all(above.map((name) => askOneOf(view.resolver, servers, name, "A", signal)));
  // From the top down, the first one that is there; below it the wildcard's answers have ended.
  return above.findLast((_name, index) => said[index]?.answer.rcode === "NOERROR") ?? host;
};

const judge = async (view: Outside, located: Located, signal: AbortSignal): Promise<Finding> => {
  const { domain, zone } = located;
  if (domain.isMapping || domain.hosts.length === 0) return skipped(`${domain.name} has no Service`);
  const wildcard = await view.resolve(`${NOBODY}.${domain.name}`, located);
  if (!isThere(wildcard)) return skipped(`${domain.name} has no wildcard`);
  const all = await Promise.all(domain.hosts.map((host) => view.resolve(host, located)));
  const lost = all.filter((one) => !isThere(one));
  if (lost.length === 0)
    return ok(`*.${domain.name} answers for ${all.length === 1 ? "the one host" : `all ${all.length} hosts`}`);
  const enclosers = await Promise.all(lost.map(({ host }) => encloser(view, located, host, signal)));
  const hidden = await Promise.all(
    [...Map.groupBy(lost, (_one, index) => enclosers[index] ?? "")].map(
      async ([at, some]): Promise<Hidden> => ({
        at,
        hosts: some.map(({ host }) => host),
        by: await recordsAround(view, located, at, signal),
      }),
    ),
  );
  const [first] = hidden;
  if (!first) return ok("");
  const { at, hosts, by } = first;
  const cause = by.find(({ field }) => field.startsWith("_acme-challenge.")) ?? by[0];
  const target = [...wildcard.via.slice(0, 1), ...(wildcard.via.length > 0 ? [] : wildcard.addresses)];
  return fail(
    `*.${domain.name} does not answer for ${few(hosts)}, because ${cause ? `of ${cause.field}` : `something stands at or below ${at}`}`,
    {
      text: `A name that exists takes itself and all below it from the wildcard. Remove what nobody needs any more at and below ${at}, or add the wildcard's values (${few(target)}) at *.${at}${hosts.includes(at) ? ` and at ${at}` : ""} in zone ${zone}.`,
      command: dig(["+norecurse", "TXT"], challengeName(at), located.delegation.servers[0]?.addresses[0]),
    },
    {
      facts: { domain: domain.name },
      evidence: [
        ...by,
        ...hosts.map((host) => ({ field: `${host} A`, expected: [...wildcard.via, ...wildcard.addresses] })),
      ],
    },
  );
};

export const nothingShadows = healthCheck({
  id: "dns.shadows",
  title: "No record takes a Service's name from the wildcard",
  needs: ["dns.delegated"],
  reads: OUTSIDE,
  meaning:
    "One Service, or all of a namespace, have no address any more, while others of the domain have: a record at or below the name, such as a challenge's TXT at _acme-challenge, ends the wildcard's answers there (RFC 4592). It often comes and goes with a renewal.",
  todo: "Remove records that nobody needs any more, or add a wildcard of its own below the name that the finding shows.",
  threads: ["cert-manager/cert-manager#806", "aureq/cert-manager-webhook-ovh#66", "polymind-inc/acmebot#152"],
  run: outside(async (view, { signal }) => {
    const findings = await Promise.all((await view.located()).map((one) => judge(view, one, signal)));
    return worst(findings) ?? skipped("there is none");
  }),
});
