import type { ListResourceRecordSetsCommandInput, ResourceRecordSet, RRType } from "@aws-sdk/client-route-53";
import type { RecordType } from "../../ports/dns.ts";
import { absolute, isInZone, type Zone } from "../../ports/zones.ts";
import { type Access, asking } from "./asking.ts";
import { escapeName, normalName } from "./names.ts";
import { garbled } from "./problems.ts";
import { type Route53Set, readSet } from "./record-sets.ts";

/** A set as Route 53 sent it, which is how a DELETE has to name it, beside what it says. */
export interface SeenSet {
  readonly raw: ResourceRecordSet;
  readonly set: Route53Set;
}

const LIST = "route53:ListResourceRecordSets";
/** A zone has 10,000 records, more by agreement with AWS. */
const MOST_PAGES = 5_000;

const isSetOf = (zone: Zone, { Name, Type }: ResourceRecordSet): boolean =>
  Type !== undefined && Name !== undefined && isInZone(zone, normalName(Name));

type Start = Pick<ListResourceRecordSetsCommandInput, "StartRecordName" | "StartRecordType" | "MaxItems">;

/**
 * The sets from a place on, for as long as they belong to what was asked for. Route 53 sorts by reversed labels, so a name and
 * all below it stand together. There is no paginator for this operation in the SDK.
 */
const setsFrom = async (
  access: Access,
  zone: Zone,
  start: Start,
  belongs: (set: Route53Set) => boolean,
): Promise<readonly SeenSet[]> => {
  const seen: SeenSet[] = [];
  const places = new Set<string>();
  let from: Omit<ListResourceRecordSetsCommandInput, "HostedZoneId"> = start;
  for (;;) {
    const page = await asking(
      access,
      LIST,
      zone,
      (http) => access.client.listResourceRecordSets({ ...from, HostedZoneId: zone.id }, http),
      ({ ResourceRecordSets: sets, IsTruncated }) =>
        typeof IsTruncated === "boolean" && sets !== undefined && sets.every((raw) => isSetOf(zone, raw)),
    );
    for (const raw of page.ResourceRecordSets ?? []) {
      const set = readSet(zone, raw);
      if (!belongs(set)) return seen;
      seen.push({ raw, set });
    }
    if (!page.IsTruncated || !page.NextRecordName) return seen;
    const place = JSON.stringify([page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier]);
    // They are sorted: a page that begins where another did is no page of that list.
    if (places.has(place) || places.size > MOST_PAGES)
      throw garbled({ action: LIST, host: access.host() }, "its pages have no end");
    places.add(place);
    from = {
      StartRecordName: page.NextRecordName,
      StartRecordType: page.NextRecordType,
      StartRecordIdentifier: page.NextRecordIdentifier,
      MaxItems: start.MaxItems,
    };
  }
};

/** Several only with routing policies. */
export const setsOf = (access: Access, zone: Zone, name: string, type: RecordType): Promise<readonly SeenSet[]> => {
  const wanted = normalName(name);
  return setsFrom(
    access,
    zone,
    {
      StartRecordName: escapeName(absolute(zone, wanted)),
      StartRecordType: type satisfies RRType,
      MaxItems: 10,
    },
    (set) => set.name === wanted && set.type === type,
  );
};

export const setsUnder = (access: Access, zone: Zone, under: string): Promise<readonly SeenSet[]> => {
  const top = absolute(zone, normalName(under));
  return setsFrom(access, zone, { StartRecordName: escapeName(top), MaxItems: 300 }, (set) =>
    isInZone({ name: top }, absolute(zone, set.name)),
  );
};
