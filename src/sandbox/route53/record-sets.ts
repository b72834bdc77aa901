/** Record sets as the API writes them, to and from what a zone holds. */

import { nameOf, type RecordSet, type Routing } from "../dns/index.ts";
import { invalidInput } from "./refusal.ts";
import { childOf, type Element, element, field, text, textOf, type Xml } from "./xml.ts";

/** With its dot; everything but letters, digits, `-` and `_` as octal codes: `\052.example.com.` */
export const apiName = (name: string): string =>
  `${name.replace(/[^a-z0-9._-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`)}.`;

/** A code, or a character that a backslash stands before: after `\\`, digits are digits. */
const ESCAPES = { 8: /\\(?:([0-7]{3})|.)/gs, 10: /\\(?:(\d{3})|.)/gs };

export const nameFromApi = (name: string): string =>
  nameOf(
    name.replace(ESCAPES[8], (whole, code) =>
      code === undefined ? whole.slice(1) : String.fromCharCode(Number.parseInt(code, 8)),
    ),
  );

/** The API writes octal codes into a TXT, zone files decimal ones. */
const exchangeCodes = (type: string, value: string, from: 8 | 10, to: 8 | 10): string =>
  type === "TXT"
    ? value.replace(ESCAPES[from], (whole, code) =>
        code === undefined ? whole : `\\${Number.parseInt(code, from).toString(to).padStart(3, "0")}`,
      )
    : value;

/** Policies whose answer this world does not know how to choose. */
const OTHER_POLICIES = ["Region", "Failover", "HealthCheckId", "TrafficPolicyInstanceId"];
const STRUCTURED_POLICIES = ["GeoLocation", "CidrRoutingConfig", "GeoProximityLocation"];

export const recordSetXml = ({ name, type, ttl, values, alias, routing }: RecordSet): string =>
  element(
    "ResourceRecordSet",
    field("Name", apiName(name)),
    field("Type", type),
    field("SetIdentifier", routing?.id),
    field("Weight", routing?.weight),
    Object.entries(routing?.other ?? {}).map(([policy, value]) => element(policy, value)),
    field("MultiValueAnswer", routing?.multivalue || undefined),
    alias ? undefined : field("TTL", ttl),
    alias ? undefined : valuesXml(type, values),
    alias &&
      element(
        "AliasTarget",
        field("HostedZoneId", alias.zone),
        field("DNSName", apiName(nameOf(alias.target))),
        field("EvaluateTargetHealth", alias.evaluateTargetHealth),
      ),
  );

const valuesXml = (type: string, values: readonly string[]): Xml =>
  element(
    "ResourceRecords",
    values.map((value) => element("ResourceRecord", field("Value", exchangeCodes(type, value, 10, 8)))),
  );

export type Action = "CREATE" | "DELETE" | "UPSERT";

export interface Change {
  readonly action: Action;
  readonly set: RecordSet;
}

/** Throws what the API answers to a change that does not hold together. */
export const changeFromXml = (change: Element): Change => {
  const action = textOf(change, "Action");
  const source = childOf(change, "ResourceRecordSet");
  if (action !== "CREATE" && action !== "DELETE" && action !== "UPSERT")
    throw invalidInput(
      `Invalid XML ; Value '${action}' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'.`,
    );
  const [name, type] = [textOf(source, "Name"), textOf(source, "Type")];
  if (name === undefined || type === undefined)
    throw invalidInput("Invalid XML ; The content of element 'ResourceRecordSet' is not complete.");
  const where = `Change with [Action=${action}, Name=${apiName(nameFromApi(name))}, Type=${type}, SetIdentifier=${textOf(source, "SetIdentifier") ?? "null"}]`;
  const ttl = textOf(source, "TTL");
  const target = childOf(source, "AliasTarget");
  const records = childOf(source, "ResourceRecords")?.children ?? [];
  const isPlain = ttl !== undefined && records.length > 0;
  if (isPlain === (target !== undefined))
    throw invalidInput(
      `Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], ` +
        `but found ${isPlain ? "more than one" : "none"} in ${where}`,
    );
  if (ttl !== undefined && !(Number(ttl) >= 0 && Number(ttl) <= 2_147_483_647))
    throw invalidInput(`Invalid request: TTL ${ttl} is out of range in ${where}`);
  const routing = routingFromXml(source, where);
  return {
    action,
    set: {
      name: nameFromApi(name),
      type,
      ...(target ? {} : { ttl: Number(ttl) }),
      values: records.map((record) => exchangeCodes(type, textOf(record, "Value") ?? "", 8, 10)),
      ...(target
        ? {
            alias: {
              target: nameFromApi(textOf(target, "DNSName") ?? ""),
              zone: textOf(target, "HostedZoneId") ?? "",
              evaluateTargetHealth: textOf(target, "EvaluateTargetHealth") === "true",
            },
          }
        : {}),
      ...(routing ? { routing } : {}),
    },
  };
};

const routingFromXml = (source: Element | undefined, where: string): Routing | undefined => {
  const id = textOf(source, "SetIdentifier");
  const weight = textOf(source, "Weight");
  const multivalue = textOf(source, "MultiValueAnswer") === "true";
  const other: Record<string, string> = {};
  for (const policy of OTHER_POLICIES) {
    const value = textOf(source, policy);
    if (value !== undefined) other[policy] = text(value);
  }
  for (const policy of STRUCTURED_POLICIES) {
    const structure = childOf(source, policy);
    if (structure) other[policy] = structure.children.map((each) => field(each.name, each.text)).join("");
  }
  const policies = Object.keys(other).filter((policy) => policy !== "HealthCheckId").length;
  const count = policies + (weight === undefined ? 0 : 1) + (multivalue ? 1 : 0);
  const expected =
    "[Weight, Region, Failover, GeoLocation, GeoProximityLocation, MultiValueAnswer, or CidrRoutingConfig]";
  if (id === undefined && count > 0) throw invalidInput(`Invalid request: Missing field 'SetIdentifier' in ${where}`);
  if (id !== undefined && count !== 1)
    throw invalidInput(
      `Invalid request: Expected exactly one of ${expected}, but found ${count === 0 ? "none" : "more than one"} in ${where}`,
    );
  if (id === undefined) return undefined;
  return {
    id,
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    ...(multivalue ? { multivalue } : {}),
    ...(Object.keys(other).length > 0 ? { other } : {}),
  };
};
