/** From a request to an answer: who asks, what for, may they, and then the verb. */

import type { ApiRequest } from "../types.ts";
import { StatusError } from "../types.ts";
import type { Attributes, User } from "./access.ts";
import { ADMIN, decide, refusal } from "./access.ts";
import { readJson, unknownFormat } from "./body.ts";
import type { Call, Target, World } from "./call.ts";
import { aggregated, apiGroup, apiGroups, apiResources, coreVersions, wantsAggregated } from "./discovery.ts";
import { fieldsOf } from "./json.ts";
import { patchObject } from "./patching.ts";
import type { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
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
  refuse,
  unsupported,
} from "./status.ts";
import * as verbs from "./verbs.ts";
import type { Stream } from "./watch.ts";
import { watch } from "./watch.ts";

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly body: string;
  readonly stream?: Stream;
}

export interface Server {
  readonly world: World;
  readonly registry: Registry;
  readonly token: string;
  /** e.g. `v1.36.2`. */
  readonly version: string;
  /** `127.0.0.1:6443`, for discovery. */
  readonly address: () => string;
}

const JSON_TYPE = "application/json";
const json = (status: number, body: string | object, warnings: readonly string[] = []): Reply => ({
  status,
  contentType: JSON_TYPE,
  warnings,
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const text = (status: number, body: string): Reply => ({
  status,
  contentType: "text/plain; charset=utf-8",
  warnings: [],
  body,
});
const nowhere = (): Reply => text(404, "404 page not found\n");

/** `trusted` requests come from this process and need no token. */
export async function handle(server: Server, request: ApiRequest, trusted = false): Promise<Reply> {
  const warnings: string[] = [];
  try {
    const headers = Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const user = authenticate(server, headers, trusted);
    return await route(server, request, headers, user, warnings);
  } catch (error) {
    if (error instanceof StatusError) return json(error.status.code, bodyOf(error), warnings);
    // Our own bug: say so instead of leaving the client without an answer.
    return json(500, bodyOf(internal(error instanceof Error ? (error.stack ?? error.message) : String(error))));
  }
}

type Headers = Readonly<Record<string, string>>;

function authenticate(server: Server, headers: Headers, trusted: boolean): User {
  if (!trusted && headers.authorization !== `Bearer ${server.token}`) throw refuse(401, "Unauthorized", "Unauthorized");
  const name = headers["impersonate-user"];
  if (name === undefined) return ADMIN;
  const groups = (headers["impersonate-group"] ?? "")
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
  return { name, groups: groups.includes("system:authenticated") ? groups : [...groups, "system:authenticated"] };
}

async function route(
  server: Server,
  request: ApiRequest,
  headers: Headers,
  user: User,
  warnings: string[],
): Promise<Reply> {
  const found = parsePath(request.path);
  const query = request.query ?? {};
  const accept = headers.accept ?? JSON_TYPE;
  authorize(server, user, request, found, query);
  if (!found) return meta(server, request.path, accept);
  const { registry } = server;
  const { group, version, namespace, subresource } = found;
  const resource = registry.find(group, version, found.resource);
  if (!resource) {
    const builtin = registry.all().some((r) => r.group === group && !r.custom);
    if (builtin || registry.hasVersion(group, version)) throw noSuchResource();
    return nowhere();
  }
  if (resource.namespaced && namespace === "" && found.name !== "") throw noSuchResource();
  if (!resource.namespaced && namespace !== "" && resource.plural !== "namespaces") throw noSuchResource();
  if (!/json|\*\/\*|yaml|protobuf/.test(accept))
    throw refuse(
      406,
      "NotAcceptable",
      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
      {},
    );
  if (resource.deprecated !== undefined) warnings.push(resource.deprecated);
  const target: Target = {
    resource,
    namespace: resource.namespaced ? namespace : "",
    name: found.name,
    subresource,
  };
  if (resource.virtual) return answerReview(server, resource, user, namespace, request);
  if (request.method === "GET" && target.name === "" && (query.watch === "true" || query.watch === "1"))
    return { ...json(200, ""), warnings, stream: watch(server.world.store, resource, scopeOf(target), query) };
  const result = await perform(server, request, headers, user, target, warnings);
  return json(result.status, result.body, warnings);
}

/** Undefined lists all namespaces. */
const scopeOf = (target: Target): string | undefined =>
  target.resource.namespaced && target.namespace !== "" ? target.namespace : undefined;

function answerReview(server: Server, resource: Resource, user: User, namespace: string, request: ApiRequest): Reply {
  if (request.method !== "POST") throw methodNotAllowed();
  const type = mediaType(request.headers?.["content-type"]);
  if (type !== "" && type !== JSON_TYPE) throw unknownFormat(JSON_TYPE);
  return json(201, review(server.world.store, resource, user, namespace, fieldsOf(readJson(request.body))));
}

const mediaType = (header: string | undefined): string => (header ?? "").split(";")[0]?.trim() ?? "";

const OPTIONS: Readonly<Record<string, string>> = {
  POST: "CreateOptions",
  PUT: "UpdateOptions",
  PATCH: "PatchOptions",
  DELETE: "DeleteOptions",
};

async function perform(
  server: Server,
  request: ApiRequest,
  headers: Headers,
  user: User,
  target: Target,
  warnings: string[],
): Promise<verbs.Answer> {
  const { world } = server;
  const query = request.query ?? {};
  const incoming: verbs.Incoming = { query, contentType: mediaType(headers["content-type"]), body: request.body };
  const single = target.name !== "";
  if (request.method === "GET")
    return single ? verbs.getObject(world, target) : verbs.listObjects(world, target.resource, scopeOf(target), query);
  const validation = query.fieldValidation;
  const call: Call = {
    user,
    manager: query.fieldManager ?? agentName(headers["user-agent"]),
    dryRun: isDryRun(query.dryRun, OPTIONS[request.method] ?? ""),
    validation: validation === "Strict" || validation === "Ignore" ? validation : "Warn",
    warnings,
  };
  if (request.method === "POST") return verbs.createObject(world, call, target, incoming);
  if (!single) {
    if (request.method !== "DELETE" || !target.resource.verbs.includes("deletecollection")) throw methodNotAllowed();
    return verbs.removeObjects(world, call, target.resource, scopeOf(target), incoming);
  }
  if (request.method === "PUT") return verbs.replaceObject(world, call, target, incoming);
  if (request.method === "PATCH") return patchObject(world, call, target, incoming);
  if (request.method === "DELETE") return verbs.removeObject(world, call, target, incoming);
  throw methodNotAllowed();
}

/** Throws StatusError 422. */
function isDryRun(dryRun: string | undefined, kind: string): boolean {
  if (dryRun === undefined || dryRun === "All") return dryRun === "All";
  throw invalid("meta.k8s.io", kind, "", [unsupported("dryRun", [dryRun], ["All"])]);
}

/** Who did not name a field manager is known by the first word of the User-Agent. */
const agentName = (agent: string | undefined): string => agent?.split("/")[0] || "unknown";

const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  GET: "get",
  HEAD: "get",
};

function authorize(
  server: Server,
  user: User,
  request: ApiRequest,
  found: Route | undefined,
  query: Readonly<Record<string, string>>,
): void {
  const verb = VERBS[request.method] ?? request.method.toLowerCase();
  const { store } = server.world;
  if (!found) {
    const wanted = { verb, path: request.path, namespace: "", group: "", resource: "", subresource: "", name: "" };
    if (!decide(store, user, wanted).allowed)
      throw refuse(403, "Forbidden", `forbidden: User "${user.name}" cannot ${verb} path "${request.path}"`, {});
    return;
  }
  const many = found.name === "";
  const watching = query.watch === "true" || query.watch === "1";
  const wanted: Attributes = {
    ...found,
    verb:
      many && verb === "get" ? (watching ? "watch" : "list") : many && verb === "delete" ? "deletecollection" : verb,
  };
  const named = { group: found.group, plural: found.resource, kind: "" };
  const check = (attributes: Attributes): void => {
    if (!decide(store, user, attributes).allowed) throw forbidden(named, found.name, refusal(user, attributes));
  };
  check(wanted);
  // An apply that will create needs both rights.
  const creates = request.method === "PATCH" && /apply-patch/.test(request.headers?.["content-type"] ?? "");
  if (
    creates &&
    found.subresource === "" &&
    !store.get(`${found.group}/${found.resource}`, found.namespace, found.name)
  )
    check({ ...wanted, verb: "create" });
}

/** Discovery, version and health. */
function meta(server: Server, path: string, accept: string): Reply {
  const { registry } = server;
  const parts = path.split("/").filter((part) => part !== "");
  const [root, group, version] = parts;
  const together = (core: boolean): Reply => ({
    ...json(200, aggregated(registry, core)),
    contentType: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  });
  switch (root) {
    case "healthz":
    case "livez":
    case "readyz":
      return text(200, "ok");
    case "version":
      return json(200, versionInfo(server.version));
    case "api":
      if (group === undefined)
        return wantsAggregated(accept) ? together(true) : json(200, coreVersions(server.address()));
      if (group === "v1") return json(200, apiResources(registry, "", "v1"));
      break;
    case "apis":
      if (group === undefined) return wantsAggregated(accept) ? together(false) : json(200, apiGroups(registry));
      if (!registry.hasGroup(group)) return nowhere();
      if (version === undefined) return json(200, apiGroup(registry, group));
      if (registry.hasVersion(group, version)) return json(200, apiResources(registry, group, version));
      if (registry.all().some((r) => r.group === group && !r.custom)) throw noSuchResource();
      break;
    default:
  }
  return nowhere();
}

function versionInfo(gitVersion: string): object {
  const [major = "1", minor = "0"] = gitVersion.replace(/^v/, "").split(".");
  return {
    major,
    minor,
    gitVersion,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "2026-01-01T00:00:00Z",
    goVersion: "",
    compiler: "gc",
    platform: "linux/amd64",
  };
}
