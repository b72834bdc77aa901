/** One change batch: all of it or nothing, change by change in its order, with what Route 53 says to each that cannot be. */

import { type Dns, type Draft, dataOf, isWithin, type Propagation, type RecordSet, type Zone } from "../dns/index.ts";
import { apiName, type Change, nameFromApi } from "./record-sets.ts";
import { invalidBatch } from "./refusal.ts";

const MAX_CHANGES = 1000;
const MAX_CHARACTERS = 32_000;

/** What aliases may point at outside of their zone. */
export interface AliasTargets {
  readonly hosts: Dns["hosts"];
  /** The hosted zone that such a name belongs to; any is accepted when undefined. */
  readonly zoneOf: (target: string) => string | undefined;
}

/** Throws a Refusal with every message; then nothing has changed. */
export const applyBatch = (
  targets: AliasTargets,
  zone: Zone,
  changes: readonly Change[],
  propagation: Propagation,
): void => {
  const before = [...tooMuch(changes), ...contradictions(changes)];
  if (before.length > 0) throw invalidBatch(before);
  zone.records.edit((draft) => {
    const messages = changes.flatMap((change) => {
      const problem = problemOf(targets, zone, change, draft);
      if (problem === undefined) carryOut(change, draft);
      return problem ?? [];
    });
    if (messages.length > 0) throw invalidBatch(messages);
  }, propagation);
};

const carryOut = ({ action, set }: Change, draft: Draft): void => {
  if (action === "DELETE") draft.remove(set.name, set.type, set.routing?.id);
  else draft.put(set);
};

const tooMuch = (changes: readonly Change[]): readonly string[] => {
  const cost = (measure: (set: RecordSet) => number): number =>
    changes.reduce((sum, { action, set }) => sum + measure(set) * (action === "UPSERT" ? 2 : 1), 0);
  if (cost((set) => Math.max(1, set.values.length)) > MAX_CHANGES)
    return [`Number of records limit of ${MAX_CHANGES} exceeded.`];
  return cost((set) => set.values.join("").length) > MAX_CHARACTERS
    ? [`Number of characters limit of ${MAX_CHARACTERS} exceeded.`]
    : [];
};

/** A set may be deleted and then created, once each. */
const contradictions = (changes: readonly Change[]): readonly string[] => {
  const actions = new Map<string, string>();
  for (const { action, set } of changes) {
    const key = JSON.stringify([set.type, set.name, set.routing?.id]);
    actions.set(key, `${actions.get(key) ?? ""}${action === "DELETE" ? "d" : "c"}`);
  }
  return [...actions]
    .filter(([, history]) => !["d", "c", "dc"].includes(history))
    .map(([key]) => {
      const [type, name] = JSON.parse(key) as [string, string];
      return `The request contains an invalid set of changes for a resource record set '${type} ${apiName(name)}'`;
    });
};

const problemOf = (targets: AliasTargets, zone: Zone, change: Change, draft: Draft): string | undefined => {
  const { action, set } = change;
  if (!isWithin(set.name, zone.name))
    return `RRSet with DNS name ${apiName(set.name)} is not permitted in zone ${apiName(zone.name)}`;
  const now = draft.get(set.name, set.type, set.routing?.id);
  const said = [
    `name='${apiName(set.name)}'`,
    `type='${set.type}'`,
    ...(set.routing ? [`set identifier='${set.routing.id}'`] : []),
  ];
  const title = `resource record set [${said.join(", ")}]`;
  if (action === "DELETE") {
    if (!now) return `Tried to delete ${title} but it was not found`;
    if (!matches(now, set)) return `Tried to delete ${title} but the values provided do not match the current values`;
    return keptAtApex(zone, set);
  }
  if (action === "CREATE" && now) return `Tried to create ${title} but it already exists`;
  return valueProblem(set) ?? conflict(zone, set, draft) ?? aliasProblem(targets, zone, set, draft);
};

const keptAtApex = (zone: Zone, { name, type }: RecordSet): string | undefined => {
  if (name !== zone.name) return undefined;
  if (type === "NS") return "A HostedZone must contain at least one NS record for the zone itself.";
  return type === "SOA" ? "A HostedZone must contain exactly one SOA record." : undefined;
};

const matches = (now: RecordSet, given: RecordSet): boolean =>
  comparable(now) === comparable(given) &&
  (given.routing?.weight === undefined || given.routing.weight === now.routing?.weight);

const comparable = ({ type, ttl, values, alias }: RecordSet): string =>
  JSON.stringify([
    ttl ?? null,
    values.map((value) => JSON.stringify(attempt(type, value) ?? value)).sort(),
    alias ? [nameFromApi(alias.target), alias.zone, alias.evaluateTargetHealth] : null,
  ]);

const attempt = (type: string, value: string): unknown => {
  try {
    return dataOf(type, value);
  } catch {
    return undefined;
  }
};

const PROBLEMS: Readonly<Record<string, string>> = {
  A: "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)",
  AAAA: "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)",
  CAA: "CAARRDATAFormat (Value is not a valid CAA record)",
};

const valueProblem = ({ type, values }: RecordSet): string | undefined => {
  const fatal = (problem: string, value: string): string =>
    `Invalid Resource Record: 'FATAL problem: ${problem} encountered with '${value}''`;
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) return `Duplicate Resource Record: '${twice}'`;
  for (const value of values) {
    if (type === "TXT" && !/^\s*"/.test(value))
      return fatal("InvalidCharacterString (Value should be enclosed in quotation marks)", value);
    if (attempt(type, value) === undefined) {
      const isLong = type === "TXT" && /"(?:[^"\\]|\\.){256,}"/.test(value);
      if (isLong) return fatal("CharacterStringTooLong (Value is too long)", value);
      return fatal(PROBLEMS[type] ?? "UnsupportedCharacter (Value contains unsupported characters)", value);
    }
  }
  return type === "CNAME" && values.length > 1
    ? fatal("CNAMERRSetTooLarge (Too many values)", values.join(","))
    : undefined;
};

const conflict = (zone: Zone, set: RecordSet, draft: Draft): string | undefined => {
  const { name, type, routing } = set;
  const beside = draft.at(name).filter((other) => other.type !== type);
  const rrset = `RRSet of type ${type} with DNS name ${apiName(name)} is not permitted`;
  if (type === "CNAME" && name === zone.name) return `${rrset} at apex in zone ${apiName(zone.name)}`;
  if (type === "CNAME" && beside.length > 0)
    return `${rrset} as it conflicts with other records with the same DNS name in zone ${apiName(zone.name)}`;
  if (beside.some((other) => other.type === "CNAME"))
    return `${rrset} because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${apiName(zone.name)}`;
  const twins = draft.at(name).filter((other) => other.type === type && other.routing?.id !== routing?.id);
  const named = `RRSet with DNS name ${apiName(name)}, type ${type}${routing ? `, SetIdentifier "${routing.id}"` : ""} cannot be created`;
  if (routing?.multivalue && twins.some((other) => !other.routing?.multivalue))
    return `${named} because a non multivalue answer rrset exists with the same name and type.`;
  const differs = twins.some((other) => policyOf(other) !== policyOf(set));
  return differs ? `${named} as other RRSets exist with the same name and type.` : undefined;
};

const policyOf = ({ routing }: RecordSet): string => {
  if (!routing) return "simple";
  if (routing.multivalue) return "multivalue";
  return routing.weight === undefined ? Object.keys(routing.other ?? {}).join() : "weighted";
};

const aliasProblem = (
  { hosts, zoneOf }: AliasTargets,
  zone: Zone,
  { name, type, alias }: RecordSet,
  draft: Draft,
): string | undefined => {
  if (!alias) return undefined;
  const title = `Tried to create an alias that targets ${apiName(alias.target)}, type ${type} in zone ${alias.zone}`;
  if (alias.zone !== zone.id) {
    const target = alias.target.replace(/^dualstack\./, "");
    return hosts.has(target) && (zoneOf(target) ?? alias.zone) === alias.zone
      ? undefined
      : `${title}, but the alias target name does not lie within the target zone`;
  }
  const isThere = alias.target !== name && draft.at(alias.target).some((set) => set.type === type);
  return isThere ? undefined : `${title}, but that target was not found`;
};
