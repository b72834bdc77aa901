import type { HostedZone } from "@aws-sdk/client-route-53";
import { UserError } from "../../ports/error.ts";
import type { Zone } from "../../ports/zones.ts";
import { type Access, asking } from "./asking.ts";
import { escapeName, normalName } from "./names.ts";
import { type About, garbled } from "./problems.ts";

const LIST = "route53:ListHostedZonesByName";
/** Of ten zones with one name: an account has 500. */
const MOST_PAGES = 100;

/**
 * The hosted zones of exactly this name. ListHostedZonesByName lists from a name on, it does not search: we stop at the first
 * other name.
 */
const named = async (access: Access, about: About, name: string): Promise<readonly HostedZone[]> => {
  const found: HostedZone[] = [];
  const places = new Set<string>();
  let from: { DNSName?: string; HostedZoneId?: string } = { DNSName: escapeName(name) };
  for (;;) {
    const page = await asking(
      access,
      LIST,
      about,
      (http) => access.client.listHostedZonesByName({ ...from, MaxItems: 10 }, http),
      // Emulators leave IsTruncated out where there is no more.
      ({ HostedZones: zones }) => zones?.every(({ Id, Name }) => Id && Name) === true,
    );
    const zones = page.HostedZones ?? [];
    const same = zones.filter((zone) => normalName(zone.Name ?? "") === name);
    found.push(...same);
    if (same.length < zones.length || !page.IsTruncated || !page.NextDNSName) return found;
    const place = JSON.stringify([page.NextDNSName, page.NextHostedZoneId]);
    if (places.has(place) || places.size > MOST_PAGES)
      throw garbled({ action: LIST, host: access.host() }, "its pages have no end");
    places.add(place);
    from = { DNSName: page.NextDNSName, ...(page.NextHostedZoneId ? { HostedZoneId: page.NextHostedZoneId } : {}) };
  }
};

const bareId = (id: string | undefined): string => (id ?? "").replace(/^\/hostedzone\//, "");

/** With its name servers, which only GetHostedZone tells. A private zone has none. */
const detailed = async (access: Access, about: About, found: HostedZone): Promise<Zone> => {
  const zone = {
    id: bareId(found.Id),
    name: normalName(found.Name ?? ""),
    isPrivate: found.Config?.PrivateZone ?? false,
  };
  if (zone.isPrivate) return { ...zone, nameServers: [] };
  const { DelegationSet } = await asking(
    access,
    "route53:GetHostedZone",
    about,
    (http) => access.client.getHostedZone({ Id: zone.id }, http),
    ({ HostedZone }) => bareId(HostedZone?.Id) === zone.id,
  );
  return { ...zone, nameServers: (DelegationSet?.NameServers ?? []).map(normalName) };
};

/**
 * Every hosted zone of the domain's name or above it. A policy may allow GetHostedZone for one zone alone: the others then come
 * without name servers, and the right is missed only when it is missing for all public ones.
 */
export const findZones = async (access: Access, domain: string): Promise<readonly Zone[]> => {
  const about = { name: normalName(domain) };
  const labels = about.name.split(".");
  const names = labels.map((_, index) => labels.slice(index).join("."));
  const found = (await Promise.all(names.map((name) => named(access, about, name)))).flat();
  const asked = await Promise.allSettled(found.map((zone) => detailed(access, about, zone)));
  const isMissing = (reason: unknown): boolean => reason instanceof UserError && reason.id === "dns.route53.denied";
  const failed = asked.filter((result) => result.status === "rejected");
  const isNoneSeen = failed.length === found.filter(({ Config }) => !Config?.PrivateZone).length;
  const worst = failed.find(({ reason }) => !isMissing(reason)) ?? (isNoneSeen ? failed[0] : undefined);
  if (worst) throw worst.reason;
  return asked.map((result, index) =>
    result.status === "fulfilled"
      ? result.value
      : {
          id: bareId(found[index]?.Id),
          name: normalName(found[index]?.Name ?? ""),
          isPrivate: false,
          nameServers: [],
        },
  );
};
