/** Each verb on a resource: from a decoded request to an answer. Throws StatusError. */

import { randomBytes } from "node:crypto";
import type { Obj } from "../types.ts";
import { apply } from "./apply/field-manager.ts";
import { readJson, readObject, readYaml } from "./body.ts";
import { inVersion } from "./codec.ts";
import type { DeleteOptions } from "./delete.ts";
import { deleteObject } from "./delete.ts";
import type { Fields } from "./json.ts";
import { at, fieldsOf, isFields } from "./json.ts";
import { jsonPatch, mergePatch, strategicMerge } from "./patch.ts";
import { listPage, listText } from "./read.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, splitApiVersion, storageKey } from "./resource.ts";
import { scaleOf, withScale } from "./scale.ts";
import { badRequest, invalid, methodNotAllowed, notFound, prohibited, refuse, required, unsupported } from "./status.ts";
import { textOf } from "./store.ts";
import type { Call, World } from "./write.ts";
import { create, decodeRequest, owned, updateObject, writeOf } from "./write.ts";

export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

export interface Incoming {
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** Text, or JSON that was parsed before. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  /** JSON text, or an object to be serialised. */
  readonly body: string | object;
}

const answer = (status: number, resource: Resource, object: Obj): Answer => ({ status, body: textOf(inVersion(resource, object)) });

function stored(world: World, { resource, namespace, name }: Target): Obj {
  const object = world.store.get(storageKey(resource), namespace, name);
  if (!object) throw notFound(resource, name);
  return object;
}

/** Subresources that every kind with them has; others are not found. */
function checkSubresource({ resource, subresource, name }: Target): void {
  if (subresource === "" || (subresource === "status" && resource.status) || (subresource === "scale" && resource.scale)) return;
  throw resource.custom ? notFound(resource, name) : refuse(404, "NotFound", "the server could not find the requested resource", {});
}

export function getObject(world: World, target: Target): Answer {
  checkSubresource(target);
  const object = stored(world, target);
  const { scale } = target.resource;
  if (target.subresource === "scale" && scale) return { status: 200, body: scaleOf(scale, object) };
  return answer(200, target.resource, object);
}

export function listObjects(world: World, resource: Resource, namespace: string | undefined, query: Incoming["query"]): Answer {
  return { status: 200, body: listText(resource, listPage(world.store, resource, namespace, query)) };
}

/** The namespace of the path, in the object too. */
function settleNamespace(resource: Resource, namespace: string, draft: Obj): void {
  const sent = draft.metadata.namespace;
  if (!resource.namespaced) {
    delete draft.metadata.namespace;
    return;
  }
  if (sent !== undefined && sent !== "" && sent !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  draft.metadata = { ...draft.metadata, namespace };
}

export async function createObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, namespace } = target;
  if (target.subresource === "token" && resource.plural === "serviceaccounts") return tokenFor(stored(world, target), incoming);
  if (target.name !== "") throw methodNotAllowed();
  const draft = decodeRequest(resource, readObject(resource, incoming.body), call);
  settleNamespace(resource, namespace, draft);
  return answer(201, resource, await create(world, resource, call, owned(resource, call, "", undefined, draft)));
}

/** A token nobody checks: it only has to look and expire like one. */
function tokenFor(account: Obj, { body }: Incoming): Answer {
  const sent = fieldsOf(readJson(body));
  const spec = fieldsOf(sent.spec);
  const seconds = Number(spec.expirationSeconds ?? 3600);
  const { name, namespace } = account.metadata;
  return {
    status: 201,
    body: {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: { name, namespace },
      spec: { audiences: ["https://kubernetes.default.svc"], ...spec, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
      status: {
        token: randomBytes(32).toString("base64url"),
        expirationTimestamp: new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
      },
    },
  };
}

export async function replaceObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, namespace, name, subresource } = target;
  if (subresource === "finalize" && resource.plural === "namespaces") return finalize(world, call, target, incoming);
  checkSubresource(target);
  if (subresource === "scale") return writeScale(world, call, target, () => fieldsOf(readJson(incoming.body)));
  const draft = decodeRequest(resource, readObject(resource, incoming.body), call);
  if (draft.metadata.name !== undefined && draft.metadata.name !== name)
    throw badRequest(`the name of the object (${draft.metadata.name}) does not match the name on the URL (${name})`);
  draft.metadata.name = name;
  settleNamespace(resource, namespace, draft);
  if (resource.rules.createOnUpdate && subresource === "" && !world.store.get(storageKey(resource), namespace, name))
    return answer(201, resource, await create(world, resource, call, owned(resource, call, "", undefined, draft)));
  const { object } = await updateObject(world, resource, call, namespace, name, {
    subresource: subresource === "status" ? "status" : "",
    change: (old) => owned(resource, call, subresource, old, structuredDraft(draft)),
  });
  return answer(200, resource, object);
}

/** A retry must not see what an earlier try changed in place. */
const structuredDraft = (draft: Obj): Obj => structuredClone(draft);

/** PUT …/finalize: only spec.finalizers, and the end of a namespace that waited for them. */
async function finalize(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { store } = world;
  const old = stored(world, target);
  const finalizers = at(readJson(incoming.body), "spec", "finalizers");
  const spec = Array.isArray(finalizers) && finalizers.length > 0 ? { finalizers } : {};
  const draft: Obj = { ...old, spec };
  const key = storageKey(target.resource);
  if (call.dryRun) return answer(200, target.resource, draft);
  const done = old.metadata.deletionTimestamp !== undefined && !("finalizers" in spec) && (old.metadata.finalizers ?? []).length === 0;
  return answer(200, target.resource, done ? store.remove(key, draft) : store.put(key, draft, old));
}

async function writeScale(world: World, call: Call, target: Target, sent: (current: Obj) => Fields): Promise<Answer> {
  const { resource, namespace, name } = target;
  const { scale } = resource;
  if (!scale) throw notFound(resource, name);
  const { object } = await updateObject(world, resource, call, namespace, name, {
    subresource: "scale",
    change: (old) => withScale(resource, scale, call, old, sent(scaleOf(scale, old))),
  });
  return { status: 200, body: scaleOf(scale, object) };
}

const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const APPLY = "application/apply-patch+yaml";

export async function patchObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, name, subresource } = target;
  const type = incoming.contentType;
  if (![MERGE, JSON_PATCH, APPLY, ...(resource.custom ? [] : [STRATEGIC])].includes(type)) throw unsupportedType(resource);
  if (type === APPLY) return applyObject(world, call, target, incoming);
  if (incoming.query.force !== undefined)
    throw invalid("meta.k8s.io", "PatchOptions", "", [prohibited("force", "may not be specified for non-apply patch")]);
  checkSubresource(target);
  const patch = readJson(incoming.body);
  const patched = (from: Fields): Fields => {
    if (type === JSON_PATCH) return jsonPatch(from, patch);
    if (!isFields(patch)) throw badRequest("json: cannot unmarshal array into Go value of type map[string]interface {}");
    return type === MERGE ? fieldsOf(mergePatch(from, patch)) : strategicMerge(resource.schema, from, patch);
  };
  if (subresource === "scale") return writeScale(world, call, target, (current) => patched(current));
  const { object } = await updateObject(world, resource, call, target.namespace, name, {
    subresource: subresource === "status" ? "status" : "",
    change: (old) => {
      const draft = decodeRequest(resource, patched(inVersion(resource, old)), call);
      settleNamespace(resource, target.namespace, draft);
      return owned(resource, call, subresource, old, draft);
    },
  });
  return answer(200, resource, object);
}

const unsupportedType = (resource: Resource): Error =>
  resource.custom
    ? refuse(415, "UnsupportedMediaType", `the body of the request was in an unknown format - accepted media types include: ${JSON_PATCH}, ${MERGE}, ${APPLY}`)
    : refuse(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

async function applyObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, namespace, name, subresource } = target;
  if (incoming.query.fieldManager === undefined)
    throw invalid("meta.k8s.io", "PatchOptions", "", [required("fieldManager", "is required for apply patch")]);
  checkSubresource(target);
  const applied = readYaml(incoming.body);
  checkApplied(target, applied);
  const force = incoming.query.force === "true";
  const change = (live: Obj | undefined): Obj => {
    const base = live ? inVersion(resource, live) : { ...resource.zero, metadata: {} };
    const merged = apply(writeOf(resource, call, subresource), base as Fields, withNamespace(resource, namespace, applied), force);
    const { managedFields } = merged.metadata;
    const draft = decodeRequest(resource, merged, { ...call, validation: "Ignore" });
    if (managedFields) draft.metadata.managedFields = managedFields;
    else delete draft.metadata.managedFields;
    return draft;
  };
  const key = storageKey(resource);
  if (!world.store.get(key, namespace, name)) {
    if (subresource !== "") throw notFound(resource, name);
    const draft = change(undefined);
    delete draft.metadata.resourceVersion;
    return answer(201, resource, await create(world, resource, call, draft));
  }
  const { object } = await updateObject(world, resource, call, namespace, name, {
    subresource: subresource === "status" ? "status" : "",
    change,
    always: resource.rules.applyAlwaysWrites === true,
  });
  return answer(200, resource, object);
}

function withNamespace(resource: Resource, namespace: string, applied: Fields): Fields {
  if (!resource.namespaced) return applied;
  return { ...applied, metadata: { ...fieldsOf(applied.metadata), namespace } };
}

function checkApplied({ resource, namespace, name }: Target, applied: Fields): void {
  if (applied.kind !== resource.kind || applied.apiVersion !== apiVersionOf(resource)) {
    const { group, version } = splitApiVersion(String(applied.apiVersion ?? ""));
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${String(applied.kind ?? "")}`);
  }
  const metadata = fieldsOf(applied.metadata);
  if (!metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`);
  if (resource.namespaced && metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

function deleteOptions(incoming: Incoming): DeleteOptions {
  const sent = incoming.body === undefined || incoming.body === "" ? {} : fieldsOf(readJson(incoming.body));
  const { uid, resourceVersion } = fieldsOf(sent.preconditions);
  const policy = incoming.query.propagationPolicy ?? sent.propagationPolicy;
  return {
    ...(uid === undefined ? {} : { uid: String(uid) }),
    ...(resourceVersion === undefined ? {} : { resourceVersion: String(resourceVersion) }),
    ...(policy === undefined ? {} : { propagationPolicy: String(policy) }),
  };
}

export async function removeObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, namespace, name } = target;
  const { object, gone } = await deleteObject(world, resource, call, namespace, name, deleteOptions(incoming));
  if (!gone || resource.rules.returnsDeleted) return answer(200, resource, object);
  const { group, plural } = resource;
  const details = { name, ...(group === "" ? {} : { group }), kind: plural, uid: object.metadata.uid };
  return { status: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

export async function removeObjects(world: World, call: Call, resource: Resource, namespace: string | undefined, incoming: Incoming): Promise<Answer> {
  const page = listPage(world.store, resource, namespace, incoming.query);
  const options = deleteOptions(incoming);
  for (const object of page.items)
    await deleteObject(world, resource, call, object.metadata.namespace ?? "", object.metadata.name, options);
  return { status: 200, body: listText(resource, page) };
}

/** The options of a write. Throws StatusError 422. */
export function checkOptions(query: Incoming["query"], kind: string): boolean {
  const { dryRun } = query;
  if (dryRun === undefined) return false;
  if (dryRun !== "All") throw invalid("meta.k8s.io", kind, "", [unsupported("dryRun", [dryRun], ["All"])]);
  return true;
}
