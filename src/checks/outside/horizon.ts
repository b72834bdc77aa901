import { type Finding, ok, skipped, warn } from "../../core/check.ts";
import { dig } from "../../ports/dig.ts";
import { few } from "../../ports/few.ts";
import { isInside } from "../../ports/networks.ts";
import { healthCheck } from "../health-check.ts";
import type { Resolved } from "./resolved.ts";
import { type Located, OUTSIDE, type Outside, outside } from "./view.ts";
import { worst } from "./worst.ts";

const said = ({ rcode, via, addresses }: Resolved): string =>
  via.length + addresses.length > 0 ? few([...via, ...addresses]) : rcode === "NOERROR" ? "nothing" : rcode;

const isAlike = (a: Resolved, b: Resolved): boolean =>
  // Behind a name the addresses change.
  a.via.join() === b.via.join() && (a.via.length > 0 || a.addresses.join() === b.addresses.join());

const judge = async (view: Outside, located: Located): Promise<Finding> => {
  const [host] = located.domain.hosts;
  if (host === undefined) return skipped(`${located.domain.name} has no Service`);
  const [theirs, here] = await Promise.all([view.resolve(host, located), view.resolveHere(host)]);
  if (theirs.by === "resolver") return skipped(`no server of ${located.zone} can be asked from here`);
  if (isAlike(theirs, here)) return ok(`${host}: ${said(here)}`);
  const words = `the resolver ${view.resolver.server} answers ${said(here)} for ${host}, and the servers of ${located.zone} ${said(theirs)}`;
  // Such a zone beside the public one is made on purpose.
  if (here.addresses.length > 0 && here.addresses.every(isInside)) return ok(`${words}: a zone for this network`);
  return warn(
    words,
    {
      text: "Its cache may be old: then it is over when the record's TTL, or for a name that was missing the zone's negative TTL, has passed. If it stays, the resolver has a zone of its own for the domain, or is lied to; whoever looks for challenges through it then has to be given other servers.",
      command: dig(["A"], host, view.resolver.server.replace(/:\d+$/, "")),
    },
    {
      facts: { domain: located.domain.name },
      evidence: [
        { field: host, observed: [...here.via, ...here.addresses], expected: [...theirs.via, ...theirs.addresses] },
      ],
    },
  );
};

export const oneHorizon = healthCheck({
  id: "dns.horizon",
  title: "The resolver of this machine says what the zone's servers say",
  needs: ["dns.delegated"],
  symptomOf: ["dns.signed"],
  reads: OUTSIDE,
  meaning:
    "A Service works from one network and not from another, or a challenge is never seen: the resolver answers from an old cache or from a zone of its own.",
  todo: "Wait for the TTL after a change. Where it stays, correct or remove the other zone, or name another resolver.",
  threads: [
    "cert-manager/cert-manager#903",
    "cert-manager/cert-manager#894",
    "cert-manager/cert-manager#2823",
    "cert-manager/cert-manager#4624",
    "cert-manager/cert-manager#4837",
  ],
  run: outside(async (view) => {
    const findings = await Promise.all((await view.located()).map((one) => judge(view, one)));
    return worst(findings) ?? skipped("there is none");
  }),
});
