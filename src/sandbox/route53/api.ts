/** Which action a request is, and what is answered to it. */

import type { Propagation, Zone } from "../dns/index.ts";
import { type AliasTargets, applyBatch } from "./batch.ts";
import { hostedZone, listHostedZones, listHostedZonesByName, listRecordSets } from "./listing.ts";
import { type Change, changeFromXml } from "./record-sets.ts";
import { invalidInput, Refusal } from "./refusal.ts";
import { childOf, element, field, parseXml, textOf, type Xml, xmlDocument } from "./xml.ts";

export interface Route53Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `ChangeResourceRecordSets` …; `Unknown` for what this API does not have. */
  readonly action: string;
  readonly isWrite: boolean;
  /** Of the hosted zone or the change that it is about. */
  readonly id?: string;
}

const ROUTES: readonly (readonly [method: string, path: RegExp, action: string])[] = [
  ["GET", /^\/2013-04-01\/hostedzone\/?$/, "ListHostedZones"],
  ["GET", /^\/2013-04-01\/hostedzonesbyname\/?$/, "ListHostedZonesByName"],
  ["GET", /^\/2013-04-01\/hostedzone\/([^/]+)\/?$/, "GetHostedZone"],
  ["GET", /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/, "ListResourceRecordSets"],
  ["POST", /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/, "ChangeResourceRecordSets"],
  ["GET", /^\/2013-04-01\/change\/([^/]+)\/?$/, "GetChange"],
];

export const actionOf = (method: string, path: string): Pick<Route53Request, "action" | "isWrite" | "id"> => {
  for (const [verb, pattern, action] of ROUTES) {
    const match = verb === method ? pattern.exec(path) : null;
    if (match) return { action, isWrite: method === "POST", ...(match[1] === undefined ? {} : { id: match[1] }) };
  }
  return { action: "Unknown", isWrite: method !== "GET" };
};

/** The resource that a policy would name; lists have none. */
export const resourceOf = ({ action, id }: Route53Request, partition: string): string | undefined =>
  id === undefined ? undefined : `arn:${partition}:route53:::${action === "GetChange" ? "change" : "hostedzone"}/${id}`;

export interface ApiOptions {
  readonly aliasTargets: AliasTargets;
  readonly zones: () => readonly Zone[];
  readonly pageLimit: number;
  /** Milliseconds from a change to INSYNC, asked for each change. */
  readonly delay: () => number;
  /** When each server of a zone has a change that needs `delay` milliseconds. */
  readonly propagation: (zone: Zone, delay: number) => Propagation;
  readonly now: () => number;
}

interface Submitted {
  readonly at: number;
  readonly delay: number;
  readonly comment: string | undefined;
}

/** Answers with a document; throws a Refusal. */
export const createApi = (options: ApiOptions): ((request: Route53Request) => string) => {
  const submitted = new Map<string, Submitted>();
  const zoneOf = ({ id = "" }: Route53Request): Zone => {
    const zone = options.zones().find((each) => each.id === id);
    if (!zone) throw new Refusal(404, "NoSuchHostedZone", `No hosted zone found with ID: ${id}`);
    return zone;
  };
  const change = (request: Route53Request): string => {
    const zone = zoneOf(request);
    const { changes, comment } = batchIn(request.body);
    const delay = options.delay();
    applyBatch(options.aliasTargets, zone, changes, options.propagation(zone, delay));
    const id = `C${(submitted.size + 1).toString().padStart(20, "0")}`;
    const entry = { at: options.now(), delay, comment };
    submitted.set(id, entry);
    return xmlDocument("ChangeResourceRecordSetsResponse", changeInfo(id, entry, "PENDING"));
  };
  const status = ({ id = "" }: Route53Request): string => {
    const entry = submitted.get(id);
    if (!entry) throw new Refusal(404, "NoSuchChange", `Could not find resource with ID: ${id}`);
    const isDone = options.now() >= entry.at + entry.delay;
    return xmlDocument("GetChangeResponse", changeInfo(id, entry, isDone ? "INSYNC" : "PENDING"));
  };
  const actions: Readonly<Record<string, (request: Route53Request) => string>> = {
    ListHostedZones: ({ query }) => listHostedZones(options.zones(), query, options.pageLimit),
    ListHostedZonesByName: ({ query }) => listHostedZonesByName(options.zones(), query, options.pageLimit),
    GetHostedZone: (request) => hostedZone(zoneOf(request)),
    ListResourceRecordSets: (request) => listRecordSets(zoneOf(request), request.query, options.pageLimit),
    ChangeResourceRecordSets: change,
    GetChange: status,
  };
  return (request) => {
    const act = actions[request.action];
    if (!act) throw new Refusal(404, "UnknownOperation", `No such operation here: ${request.method} ${request.path}`);
    return act(request);
  };
};

const changeInfo = (id: string, { at, comment }: Submitted, status: string): Xml =>
  element(
    "ChangeInfo",
    field("Id", `/change/${id}`),
    field("Status", status),
    field("SubmittedAt", new Date(at).toISOString()),
    field("Comment", comment),
  );

/** The changes of a batch as it was sent. Throws a Refusal. */
export const batchIn = (
  body: string,
): { readonly changes: readonly Change[]; readonly comment: string | undefined } => {
  const document = parseXml(body);
  if (document?.name !== "ChangeResourceRecordSetsRequest")
    throw new Refusal(400, "MalformedInput", "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest");
  const batch = childOf(document, "ChangeBatch");
  const changes = childOf(batch, "Changes")?.children ?? [];
  if (changes.length === 0) throw invalidInput("Invalid XML ; The content of element 'Changes' is not complete.");
  return { changes: changes.map(changeFromXml), comment: textOf(batch, "Comment") };
};
