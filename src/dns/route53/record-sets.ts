import type { ResourceRecordSet, RRType } from "@aws-sdk/client-route-53";
import type { RecordType } from "../../ports/dns.ts";
import { absolute, type RecordSet, relativeTo, type Zone } from "../../ports/zones.ts";
import { escapeName, normalName } from "./names.ts";
import { normalValue, readValue, writeValue } from "./rdata.ts";

const POLICIES: readonly (readonly [keyof ResourceRecordSet, string])[] = [
  ["TrafficPolicyInstanceId", "traffic-policy"],
  ["MultiValueAnswer", "multivalue"],
  ["Weight", "weighted"],
  ["Region", "latency"],
  ["Failover", "failover"],
  ["GeoLocation", "geolocation"],
  ["GeoProximityLocation", "geoproximity"],
  ["CidrRoutingConfig", "cidr"],
];

/** A record set as Route 53 has it. */
export interface Route53Set extends RecordSet {
  /** Answers what this AWS name answers. `zone` is the hosted zone that the target belongs to. */
  readonly alias?: { readonly zone: string; readonly target: string };
  /** One of several sets of this name and type, and by what it is chosen; `multivalue`, or another policy, which is never ours. */
  readonly routing?: { readonly policy: string; readonly id: string };
}

const routingOf = (raw: ResourceRecordSet): Route53Set["routing"] => {
  const policy = POLICIES.find(([field]) => raw[field] !== undefined && raw[field] !== false)?.[1];
  if (policy === undefined && raw.SetIdentifier === undefined) return undefined;
  return { policy: policy ?? "unknown", id: raw.SetIdentifier ?? raw.TrafficPolicyInstanceId ?? "" };
};

/** Route 53 knows more types than we write; they are told as they are, because their names exist too (RFC 4592 §2.2.2). */
const typeOf = (raw: ResourceRecordSet): RecordType => raw.Type as RecordType;

export const readSet = (zone: Zone, raw: ResourceRecordSet): Route53Set => {
  const { AliasTarget: alias } = raw;
  const routing = routingOf(raw);
  return {
    name: relativeTo(zone, normalName(raw.Name ?? "")),
    type: typeOf(raw),
    ...(raw.TTL === undefined || alias ? {} : { ttl: raw.TTL }),
    values: (raw.ResourceRecords ?? []).map(({ Value = "" }) => readValue(typeOf(raw), Value)),
    ...(alias ? { alias: { zone: alias.HostedZoneId ?? "", target: normalName(alias.DNSName ?? "") } } : {}),
    ...(routing ? { routing } : {}),
  };
};

/** The same set in the one spelling that {@link readSet} gives. */
export const normalSet = (set: Route53Set): Route53Set => ({
  ...set,
  name: normalName(set.name),
  values: set.values.map((value) => normalValue(set.type, value)),
  ...(set.alias ? { alias: { ...set.alias, target: normalName(set.alias.target) } } : {}),
});

/** Only simple and multivalue sets are ever ours to write; anything else that comes here is a bug. */
export const writeSet = (zone: Zone, set: Route53Set): ResourceRecordSet => {
  if (set.routing && set.routing.policy !== "multivalue")
    throw new Error(`${absolute(zone, set.name)} ${set.type}: a ${set.routing.policy} set is not ours to write`);
  return {
    Name: escapeName(absolute(zone, set.name)),
    Type: set.type satisfies RRType,
    ...(set.routing ? { SetIdentifier: set.routing.id, MultiValueAnswer: true } : {}),
    ...(set.alias
      ? { AliasTarget: { HostedZoneId: set.alias.zone, DNSName: set.alias.target, EvaluateTargetHealth: false } }
      : {
          TTL: set.ttl,
          ResourceRecords: set.values.map((value) => ({ Value: writeValue(set.type, value) })),
        }),
  };
};
