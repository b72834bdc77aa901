/** The embedded Kubernetes API: the smallest faithful API server, on loopback and in this process. */

import { randomBytes } from "node:crypto";
import type { Api, ApiOptions, ApiRequest, ApiResponse, Obj, Ref } from "../types.ts";
import { StatusError } from "../types.ts";
import { ADMIN } from "./access.ts";
import { createAdmission } from "./admission.ts";
import { createServing } from "./certificate.ts";
import { decodeObject, inVersion } from "./codec.ts";
import { startControllers } from "./controllers/index.ts";
import { watchDefinitions } from "./crd/controller.ts";
import { deleteObject } from "./delete.ts";
import type { Reply, Server } from "./handler.ts";
import { handle } from "./handler.ts";
import { clone, equal } from "./json.ts";
import { createRegistry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { splitApiVersion, storageKey } from "./resource.ts";
import { scaleOf, withScale } from "./scale.ts";
import { listen } from "./server.ts";
import { noSuchResource } from "./status.ts";
import { createStore } from "./store.ts";
import type { Call } from "./write.ts";
import { create, owned, timestamp, updateObject } from "./write.ts";

/** Changes kept for watches to resume: more than an install makes. */
const HISTORY = 20_000;
const ATTEMPTS = 10;

/** Starts an empty cluster: the system namespaces, nothing else. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const store = createStore(HISTORY);
  const registry = createRegistry();
  const world = { store, admission: createAdmission(store, options.callWebhook) };
  const serving = await createServing();
  const stops = [watchDefinitions(world, registry)];
  let address = "127.0.0.1";
  const server: Server = {
    world,
    registry,
    token: randomBytes(24).toString("base64url"),
    version: options.version ?? "v1.36.2",
    address: () => address,
  };

  const answer = async (request: ApiRequest, trusted: boolean): Promise<Reply> => {
    const instead = await options.onRequest?.(request);
    if (instead) return fromResponse(instead);
    return handle(server, request, trusted);
  };
  const listening = await listen(serving, options.port ?? 0, (request) => answer(request, false));
  address = `127.0.0.1:${listening.port}`;

  const callOf = (manager: string): Call => ({ user: ADMIN, manager, dryRun: false, validation: "Ignore", warnings: [] });
  const resourceOf = (apiVersion: string, kind: string): Resource | undefined => {
    const { group, version } = splitApiVersion(apiVersion);
    return registry.ofKind(group, version, kind);
  };
  const needed = (apiVersion: string, kind: string): Resource => {
    const resource = resourceOf(apiVersion, kind);
    if (!resource) throw noSuchResource();
    return resource;
  };
  const read = (resource: Resource, ref: Ref): Obj | undefined => {
    const object = store.get(storageKey(resource), resource.namespaced ? (ref.namespace ?? "") : "", ref.name);
    return object && inVersion(resource, object);
  };

  const api: Api = {
    url: `https://${address}`,
    ca: serving.ca,
    token: server.token,
    request: async (request) => toResponse(await answer(request, true)),
    get: (ref) => {
      const resource = resourceOf(ref.apiVersion, ref.kind);
      return resource && read(resource, ref);
    },
    list: (apiVersion, kind, namespace) => {
      const resource = resourceOf(apiVersion, kind);
      if (!resource) return [];
      const objects = store.list(storageKey(resource), namespace);
      return objects.every((object) => object.apiVersion === apiVersion) ? objects : objects.map((object) => inVersion(resource, object));
    },
    create: async (manager, object) => {
      const resource = needed(object.apiVersion, object.kind);
      const call = callOf(manager);
      const draft = decodeObject(resource, clone(object), []);
      return create(world, resource, call, owned(resource, call, "", undefined, draft));
    },
    update: async (manager, ref, change, { subresource } = {}) => {
      const resource = needed(ref.apiVersion, ref.kind);
      const call = callOf(manager);
      for (let attempt = 1; ; attempt++) {
        const old = read(resource, ref);
        if (!old) return undefined;
        const scale = subresource === "scale" ? resource.scale : undefined;
        const before = scale ? scaleOf(scale, old) : old;
        const draft = clone(before);
        change(draft);
        if (equal(draft, before)) return before;
        try {
          const { object } = await updateObject(world, resource, call, old.metadata.namespace ?? "", old.metadata.name, {
            subresource: subresource ?? "",
            change: (current) =>
              scale
                ? withScale(resource, scale, call, current, draft)
                : owned(resource, call, subresource ?? "", current, decodeObject(resource, clone(draft), [])),
          });
          return scale ? scaleOf(scale, object) : object;
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          if (error.status.reason === "NotFound" && error.status.code === 404) return undefined;
          if (error.status.reason !== "Conflict" || attempt === ATTEMPTS) throw error;
        }
      }
    },
    remove: async (ref, { propagationPolicy } = {}) => {
      const resource = needed(ref.apiVersion, ref.kind);
      try {
        await deleteObject(world, resource, callOf("sandbox"), resource.namespaced ? (ref.namespace ?? "") : "", ref.name, propagationPolicy ? { propagationPolicy } : {});
      } catch (error) {
        if (!(error instanceof StatusError && error.status.code === 404)) throw error;
      }
    },
    onChange: (listener) => store.onChange(({ type, object }) => listener({ type, object })),
    close: async () => {
      for (const stop of stops) stop();
      await listening.close();
    },
  };

  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"])
    await api.create("kube-apiserver", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  if (options.controllers !== false) stops.push(startControllers({ api, world, registry, ca: serving.ca, now: timestamp }));
  return api;
}

const fromResponse = ({ status, body }: ApiResponse): Reply => ({
  status,
  contentType: typeof body === "string" ? "text/plain" : "application/json",
  warnings: [],
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** In-process callers get the parsed body; a watch needs the wire. */
function toResponse(reply: Reply): ApiResponse {
  if (reply.stream) throw new TypeError("a watch is only served over HTTPS; use onChange in this process");
  return { status: reply.status, body: reply.contentType.startsWith("application/json") ? JSON.parse(reply.body) : reply.body };
}
