/** From a request to an answer: who asks, what for, may they, and then the verb. */

import type { ApiRequest, NodeAnswer, NodeCall, NodeSubresource } from "../types.ts";
import { StatusError } from "../types.ts";
import type { Attributes, User } from "./access.ts";
import { ADMIN, decide, refusal } from "./access.ts";
import { minorOf, UPGRADES_CREATE_SINCE, watchesList } from "./ages.ts";
import { readJson, unknownFormat } from "./body.ts";
import type { Call, Target, World } from "./call.ts";
import { inVersion } from "./codec.ts";
import { fieldsOf } from "./json.ts";
import { APPLY, patchObject } from "./patching.ts";
import { listPage, type Page } from "./read.ts";
import type { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { storageKey } from "./resource.ts";
import { review } from "./reviews.ts";
import type { Route } from "./route.ts";
import { parsePath } from "./route.ts";
import {
  bodyOf,
  forbidden,
  internal,
  invalid,
  methodNotAllowed,
  noSuchResource,
  notFound,
  refuse,
  unsupported,
} from "./status.ts";
import { tableOf, wantsTable } from "./tables/index.ts";
import type { Answer } from "./verbs.ts";
import { createObject, getObject, listObjects, removeObject, removeObjects, replaceObject, storedAt } from "./verbs.ts";
import type { Stream } from "./watch.ts";
import { watch } from "./watch.ts";
import { wellKnown } from "./well-known.ts";

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly body: string | Buffer;
  /** Besides those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly stream?: Stream;
  readonly upgrade?: NodeAnswer["upgrade"];
}

export interface Server {
  readonly world: World;
  readonly registry: Registry;
  readonly token: string;
  /** e.g. `v1.36.2`. */
  readonly version: string;
  /** `127.0.0.1:6443`, for discovery. */
  readonly address: () => string;
  readonly now: () => Date;
  /** Answers what is left to the node of a pod; nobody does when absent. Throws StatusError. */
  readonly onNode?: ((call: NodeCall) => NodeAnswer) | undefined;
}

/** A request while it is answered. */
interface Exchange {
  readonly server: Server;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly user: User;
  /** Collects Warning headers. */
  readonly warnings: string[];
}

const JSON_TYPE = "application/json";

const json = (status: number, body: string | object, warnings: readonly string[]): Reply => ({
  status,
  contentType: JSON_TYPE,
  warnings,
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const nowhere: Reply = {
  status: 404,
  contentType: "text/plain; charset=utf-8",
  warnings: [],
  body: "404 page not found\n",
};

/** `trusted` requests come from this process and need no token. */
export async function handle(server: Server, request: ApiRequest, trusted = false): Promise<Reply> {
  const warnings: string[] = [];
  try {
    const { method, path, query = {}, body } = request;
    const named = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    const headers: Exchange["headers"] = Object.fromEntries(named);
    const user = authenticate(server, headers, trusted);
    return await route({ server, method, path, query, headers, body, user, warnings });
  } catch (error) {
    if (error instanceof StatusError) return json(error.status.code, bodyOf(error), warnings);
    // Our own bug: say so instead of leaving the client without an answer.
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return json(500, bodyOf(internal(what)), warnings);
  }
}

const EVERYBODY = "system:authenticated";

function authenticate(server: Server, headers: Exchange["headers"], trusted: boolean): User {
  if (!trusted && headers.authorization !== `Bearer ${server.token}`) throw refuse(401, "Unauthorized", "Unauthorized");
  const name = headers["impersonate-user"];
  if (name === undefined) return ADMIN;
  const given = (headers["impersonate-group"] ?? "").split(",").map((group) => group.trim());
  const groups = given.filter((group) => group !== "");
  return { name, groups: [...new Set([...(groups.length > 0 ? groups : groupsOf(name)), EVERYBODY])] };
}

/** Of an account that is impersonated without any (apiserver's impersonation filter). */
function groupsOf(name: string): readonly string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name) ?? [];
  return namespace ? ["system:serviceaccounts", `system:serviceaccounts:${namespace}`] : [];
}

async function route(exchange: Exchange): Promise<Reply> {
  const { server, method, path, query, headers, user, warnings } = exchange;
  const { registry, world } = server;
  const accept = headers.accept ?? JSON_TYPE;
  const found = parsePath(path);
  if (!found) {
    authorizePath(exchange);
    const page = wellKnown(registry, path, accept, server.version, server.address());
    return page ? { ...json(200, page.body, []), contentType: page.contentType } : nowhere;
  }
  authorize(exchange, found);
  const resource = registry.find(found.group, found.version, found.resource);
  if (!resource) {
    if (registry.isBuiltin(found.group) || registry.hasVersion(found.group, found.version)) throw noSuchResource();
    return nowhere;
  }
  const target = targetOf(resource, found);
  if (!/json|\*\/\*|yaml|protobuf/.test(accept)) throw notAcceptable();
  if (resource.deprecated !== undefined) warnings.push(resource.deprecated);
  if (resource.virtual) {
    if (method !== "POST") throw methodNotAllowed();
    const type = mediaType(headers);
    if (type !== "" && type !== JSON_TYPE) throw unknownFormat(JSON_TYPE);
    const sent = fieldsOf(readJson(exchange.body));
    return json(201, review(world.store, resource, user, found.namespace, sent), warnings);
  }
  if (method === "GET" && target.name === "" && isWatch(query)) {
    const lists = watchesList(minorOf(server.version));
    return { ...json(200, "", warnings), stream: watch(world.store, resource, scopeOf(target), query, lists) };
  }
  if (resource.plural === "pods" && isNodeSubresource(target.subresource) && server.onNode) {
    const { subresource, namespace, name } = target;
    if (method !== "GET") throw methodNotAllowed();
    const pod = world.store.get(storageKey(resource), namespace, name);
    if (!pod) throw notFound(resource, name);
    return { contentType: "text/plain", warnings, ...server.onNode({ pod, subresource, query, headers }) };
  }
  if (method === "GET" && target.subresource === "" && wantsTable(accept))
    return json(200, table(exchange, target), []);
  const { status, body } = await perform(exchange, target);
  return json(status, body, warnings);
}

/** The same objects that a plain GET gets. */
function table({ server, query }: Exchange, target: Target): object {
  const { resource, name } = target;
  const { items, metadata } =
    name === "" ? listPage(server.world.store, resource, scopeOf(target), query) : single(server, target);
  const shown = items.map((object) => inVersion(resource, object));
  return tableOf(resource, shown, metadata, server.now(), query.includeObject);
}

function single({ world }: Server, target: Target): Page {
  const object = storedAt(world, target);
  return { items: [object], metadata: { resourceVersion: object.metadata.resourceVersion ?? "" } };
}

/** Throws StatusError 404 for a path in the wrong scope. */
function targetOf(resource: Resource, { namespace, name, subresource }: Route): Target {
  if (resource.namespaced) {
    if (namespace === "" && name !== "") throw noSuchResource();
    return { resource, namespace, name, subresource };
  }
  if (namespace !== "" && resource.plural !== "namespaces") throw noSuchResource();
  return { resource, namespace: "", name, subresource };
}

const notAcceptable = (): StatusError =>
  refuse(
    406,
    "NotAcceptable",
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    {},
  );

const NODE_SUBRESOURCES: ReadonlySet<string> = new Set<NodeSubresource>(["log", "portforward"]);
const isNodeSubresource = (subresource: string): subresource is NodeSubresource => NODE_SUBRESOURCES.has(subresource);

const isWatch = (query: Exchange["query"]): boolean => query.watch === "true" || query.watch === "1";
const mediaType = (headers: Exchange["headers"]): string => (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
/** Undefined means all namespaces. */
const scopeOf = (target: Target): string | undefined => (target.namespace === "" ? undefined : target.namespace);

async function perform(exchange: Exchange, target: Target): Promise<Answer> {
  const { method, query, headers, body } = exchange;
  const { world } = exchange.server;
  const { resource } = target;
  const incoming = { query, contentType: mediaType(headers), body };
  const single = target.name !== "";
  if (method === "GET")
    return single
      ? getObject(world, target)
      : listObjects(world, resource, scopeOf(target), query, headers.accept ?? JSON_TYPE);
  const call = callOf(exchange);
  if (method === "POST") return createObject(world, call, target, incoming);
  if (!single) {
    if (method !== "DELETE" || !resource.verbs.includes("deletecollection")) throw methodNotAllowed();
    return removeObjects(world, call, resource, scopeOf(target), incoming);
  }
  if (method === "PUT") return replaceObject(world, call, target, incoming);
  if (method === "PATCH") return patchObject(world, call, target, incoming);
  if (method === "DELETE") return removeObject(world, call, target, incoming);
  throw methodNotAllowed();
}

const OPTIONS: Readonly<Record<string, string>> = {
  POST: "CreateOptions",
  PUT: "UpdateOptions",
  PATCH: "PatchOptions",
  DELETE: "DeleteOptions",
};

/** Throws StatusError 422. */
function callOf({ method, query, headers, user, warnings }: Exchange): Call {
  const { dryRun, fieldValidation: validation } = query;
  if (dryRun !== undefined && dryRun !== "All") {
    const error = unsupported("dryRun", [dryRun], ["All"]);
    throw invalid("meta.k8s.io", OPTIONS[method] ?? "", "", [error]);
  }
  // Who does not name a field manager is known by the first word of the User-Agent.
  const agent = headers["user-agent"]?.split("/")[0] || "unknown";
  return {
    user,
    manager: query.fieldManager ?? agent,
    dryRun: dryRun === "All",
    validation: validation === "Strict" || validation === "Ignore" ? validation : "Warn",
    warnings,
  };
}

/* May they? */

const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  GET: "get",
  HEAD: "get",
};
const MANY: Readonly<Record<string, string>> = { get: "list", delete: "deletecollection" };

function authorizePath({ server, method, path, user }: Exchange): void {
  const verb = VERBS[method] ?? method.toLowerCase();
  const wanted = { verb, path, namespace: "", group: "", resource: "", subresource: "", name: "" };
  if (!decide(server.world.store, user, wanted).allowed)
    throw refuse(403, "Forbidden", `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
}

function authorize(exchange: Exchange, found: Route): void {
  const { server, method, query, user } = exchange;
  const { store } = server.world;
  const check = (verb: string): void => {
    const wanted: Attributes = { ...found, verb };
    if (decide(store, user, wanted).allowed) return;
    throw forbidden({ group: found.group, plural: found.resource, kind: "" }, found.name, refusal(user, wanted));
  };
  const verb = VERBS[method] ?? method.toLowerCase();
  if (found.name !== "") check(verb);
  else check(verb === "get" && isWatch(query) ? "watch" : (MANY[verb] ?? verb));
  // A GET that becomes a WebSocket writes as well.
  if (found.subresource === "portforward" && minorOf(server.version) >= UPGRADES_CREATE_SINCE) check("create");
  // An apply that will create needs both rights.
  const applies = method === "PATCH" && mediaType(exchange.headers) === APPLY && found.subresource === "";
  if (!applies) return;
  const resource = server.registry.find(found.group, found.version, found.resource);
  const namespace = resource?.namespaced ? found.namespace : "";
  if (resource && !store.get(storageKey(resource), namespace, found.name)) check("create");
}
