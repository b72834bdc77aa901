/** What the API lists, page by page. */

import { inOrder, nameOf, type RecordSet, reversed, type Zone } from "../dns/index.ts";
import { apiName, nameFromApi, recordSetXml } from "./record-sets.ts";
import { invalidInput, Refusal } from "./refusal.ts";
import { element, field, type Xml, xmlDocument } from "./xml.ts";

type Query = Readonly<Record<string, string>>;

/** @param limit what a page holds at most, whatever is asked for. */
const pageSize = ({ maxitems }: Query, usual: number, limit: number): number => {
  if (maxitems !== undefined && !/^[1-9]\d*$/.test(maxitems))
    throw invalidInput(`1 validation error detected: Value '${maxitems}' at 'maxItems' failed to satisfy constraint`);
  return Math.min(Number(maxitems ?? usual), limit);
};

const hostedZoneXml = ({ id, name, isPrivate, records }: Zone): string =>
  element(
    "HostedZone",
    field("Id", `/hostedzone/${id}`),
    field("Name", apiName(name)),
    field("CallerReference", `rehearsal-${id}`),
    element("Config", field("PrivateZone", isPrivate)),
    field("ResourceRecordSetCount", records.list().length),
  );

export const listHostedZones = (zones: readonly Zone[], query: Query, limit: number): string => {
  const size = pageSize(query, 100, Math.min(limit, 100));
  const all = zones.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const start = query.marker === undefined ? 0 : all.findIndex(({ id }) => id === query.marker);
  if (start === -1) throw new Refusal(400, "NoSuchHostedZone", `The marker ${query.marker} names no hosted zone.`);
  const page = all.slice(start, start + size);
  const next = all[start + size];
  return xmlDocument(
    "ListHostedZonesResponse",
    element("HostedZones", page.map(hostedZoneXml)),
    field("Marker", query.marker),
    field("IsTruncated", next !== undefined),
    field("NextMarker", next?.id),
    field("MaxItems", size),
  );
};

export const listHostedZonesByName = (zones: readonly Zone[], query: Query, limit: number): string => {
  const size = pageSize(query, 100, Math.min(limit, 100));
  const { dnsname, hostedzoneid } = query;
  if (hostedzoneid !== undefined && dnsname === undefined)
    throw invalidInput("Invalid request: dnsname must be specified when hostedzoneid is.");
  const keyOf = (name: string, id: string): string => `${reversed(name)} ${id}`;
  const from = dnsname === undefined ? "" : keyOf(nameFromApi(dnsname), hostedzoneid ?? "");
  const all = zones
    .map((zone) => ({ zone, key: keyOf(zone.name, zone.id) }))
    .filter(({ key }) => key >= from)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ zone }) => zone);
  const next = all[size];
  return xmlDocument(
    "ListHostedZonesByNameResponse",
    element("HostedZones", all.slice(0, size).map(hostedZoneXml)),
    field("DNSName", dnsname === undefined ? undefined : apiName(nameOf(dnsname))),
    field("HostedZoneId", hostedzoneid),
    field("IsTruncated", next !== undefined),
    field("NextDNSName", next && apiName(next.name)),
    field("NextHostedZoneId", next?.id),
    field("MaxItems", size),
  );
};

export const hostedZone = (zone: Zone): string =>
  xmlDocument(
    "GetHostedZoneResponse",
    hostedZoneXml(zone),
    zone.isPrivate
      ? element("VPCs", element("VPC", field("VPCRegion", "us-east-1"), field("VPCId", "vpc-0123456789abcdef0")))
      : delegationSet(zone),
  );

const delegationSet = ({ nameServers }: Zone): Xml =>
  element(
    "DelegationSet",
    element(
      "NameServers",
      nameServers.map((server) => field("NameServer", server)),
    ),
  );

export const listRecordSets = (zone: Zone, query: Query, limit: number): string => {
  const size = pageSize(query, 300, Math.min(limit, 300));
  const { name, type, identifier } = query;
  if (type !== undefined && name === undefined)
    throw invalidInput("The start name must be specified with the start type.");
  if (identifier !== undefined && type === undefined)
    throw invalidInput("The start type must be specified with the start identifier.");
  const start: RecordSet = {
    name: nameFromApi(name ?? ""),
    type: type ?? "",
    values: [],
    ...(identifier === undefined ? {} : { routing: { id: identifier } }),
  };
  const all = zone.records.list().filter((set) => name === undefined || inOrder(set, start) >= 0);
  const next = all[size];
  return xmlDocument(
    "ListResourceRecordSetsResponse",
    element("ResourceRecordSets", all.slice(0, size).map(recordSetXml)),
    field("IsTruncated", next !== undefined),
    field("NextRecordName", next && apiName(next.name)),
    field("NextRecordType", next?.type),
    field("NextRecordIdentifier", next?.routing?.id),
    field("MaxItems", size),
  );
};
