import { accountUrl, caaForbids } from "../certificates/acme/index.ts";
import { type Finding, ok } from "../core/check.ts";
import { findingOf } from "../core/finding-error.ts";
import { permits } from "../dns/caa.ts";
import type { Places } from "../dns/place.ts";
import type { DirectoryInfo } from "../ports/authority.ts";
import type { Zone } from "../ports/zones.ts";
import type { HealthContext, Order } from "./health-check.ts";

/** What {@link caaPermits} looks at beside the order. */
export const CAA_BY = ["Secret", "authority", "dns"] as const;

/**
 * Whether CAA lets the CA issue for each name. `info`: what the CA says of itself; undefined: it does not answer now, which forbids nothing.
 * `known`: URL of the account, where it is not ours.
 */
export const caaPermits = async (
  { names, directory }: Order,
  { places, zone }: { readonly places: Pick<Places, "caa">; readonly zone: Pick<Zone, "name"> },
  { cluster }: Pick<HealthContext, "cluster">,
  info: DirectoryInfo | undefined,
  known?: string,
): Promise<Finding> => {
  if (!info) return ok("not looked at, as the CA has not said under which name CAA records know it");
  if (info.caaIdentities.length === 0) return ok("the CA does not say under which name CAA records know it");
  const account = known ?? (await accountUrl(cluster, directory));
  const looks = names.map(async (name): Promise<Finding> => {
    const found = await places.caa(name.replace(/^\*\./, ""));
    if (found === "unknown") return ok(`${name}: no name server of ${zone.name} can be asked from here`);
    if (found === "none") return ok(`${name}: there are no CAA records, so that every CA may issue`);
    const { at, values } = found;
    const shown = `${at} has ${values.map((value) => `CAA ${value}`).join(", ")}`;
    const seen = { evidence: [{ field: `${at} CAA`, observed: values }] };
    const issuance = { wildcard: name.startsWith("*."), identities: info.caaIdentities, account };
    if (permits(values, issuance)) return ok(`${name}: ${shown}`, seen);
    const words = { why: `${shown}. Nothing was changed.`, kind: "input" } as const;
    return { ...findingOf(caaForbids(name, { directory, info, names, accountUrl: account }, words)), ...seen };
  });
  const findings = await Promise.all(looks);
  return (
    findings.find(({ status }) => status !== "ok") ??
    ok(findings.map(({ summary }) => summary).join("; "), {
      evidence: findings.flatMap(({ evidence = [] }) => evidence),
    })
  );
};
