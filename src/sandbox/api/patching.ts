/** PATCH in its four forms: merge, JSON, strategic merge and server-side apply. */

import type { Obj } from "../types.ts";
import { apply } from "./apply/field-manager.ts";
import { readJson, readYaml, unknownFormat } from "./body.ts";
import type { Call, Target, World } from "./call.ts";
import { inVersion } from "./codec.ts";
import type { Fields } from "./json.ts";
import { fieldsOf, isFields } from "./json.ts";
import { jsonPatch, mergePatch, strategicMerge } from "./patch.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, splitApiVersion, storageKey } from "./resource.ts";
import { badRequest, invalid, notFound, prohibited, refuse, required, uidWithoutObject } from "./status.ts";
import type { Answer, Incoming } from "./verbs.ts";
import { answer, checkSubresource, settleNamespace, writeScale } from "./verbs.ts";
import { create, decodeRequest, owned, update, writeOf } from "./write.ts";

const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
export const APPLY = "application/apply-patch+yaml";

/** Throws StatusError. */
export async function patchObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, subresource } = target;
  const type = incoming.contentType;
  if (![MERGE, JSON_PATCH, APPLY, ...(resource.custom ? [] : [STRATEGIC])].includes(type))
    throw unsupportedType(resource);
  if (type === APPLY) return applyPatch(world, call, target, incoming);
  if (incoming.query.force !== undefined)
    throw invalid("meta.k8s.io", "PatchOptions", "", [prohibited("force", "may not be specified for non-apply patch")]);
  checkSubresource(target);
  const patch = readJson(incoming.body);
  const patched = (from: Fields): Fields => {
    if (type === JSON_PATCH) return jsonPatch(from, patch);
    if (!isFields(patch))
      throw badRequest("json: cannot unmarshal array into Go value of type map[string]interface {}");
    return type === MERGE ? fieldsOf(mergePatch(from, patch)) : strategicMerge(resource.schema, from, patch);
  };
  if (subresource === "scale") return writeScale(world, call, target, (current) => patched(current));
  const change = (old: Obj): Obj => {
    const draft = decodeRequest(resource, patched(inVersion(resource, old)), call);
    settleNamespace(resource, target.namespace, draft);
    return owned(call, target, old, draft);
  };
  return answer(200, resource, await update(world, call, target, change));
}

const unsupportedType = (resource: Resource): Error =>
  resource.custom
    ? unknownFormat([JSON_PATCH, MERGE, APPLY].join(", "))
    : refuse(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

async function applyPatch(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  if (incoming.query.fieldManager === undefined)
    throw invalid("meta.k8s.io", "PatchOptions", "", [required("fieldManager", "is required for apply patch")]);
  checkSubresource(target);
  const applied = readYaml(incoming.body);
  checkApplied(target, applied);
  const { object, created } = await applyObject(world, call, target, applied, incoming.query.force === "true");
  return answer(created ? 201 : 200, target.resource, object);
}

/** Server-side apply. Throws StatusError. */
export async function applyObject(
  world: World,
  call: Call,
  target: Target,
  applied: Fields,
  force: boolean,
): Promise<{ object: Obj; created: boolean }> {
  const { resource, namespace, name, subresource } = target;
  const change = (live: Obj | undefined): Obj => {
    const base = live ? inVersion(resource, live) : { ...resource.zero, metadata: {} };
    const merged = apply(
      writeOf(resource, call, subresource),
      base as Fields,
      withNamespace(resource, namespace, applied),
      force,
    );
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
    if (draft.metadata.uid) throw uidWithoutObject(resource, name, draft.metadata.uid);
    delete draft.metadata.resourceVersion;
    return { object: await create(world, call, resource, draft), created: true };
  }
  const always = resource.rules.applyAlwaysWrites === true;
  return { object: await update(world, call, target, change, always), created: false };
}

/** The namespace of the path; a cluster-scoped object loses the one its manifest may carry. */
function withNamespace(resource: Resource, namespace: string, applied: Fields): Fields {
  const { namespace: _, ...metadata } = fieldsOf(applied.metadata);
  return { ...applied, metadata: resource.namespaced ? { ...metadata, namespace } : metadata };
}

function checkApplied({ resource, namespace, name }: Target, applied: Fields): void {
  if (applied.kind !== resource.kind || applied.apiVersion !== apiVersionOf(resource)) {
    const { group, version } = splitApiVersion(String(applied.apiVersion ?? ""));
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${String(applied.kind ?? "")}`);
  }
  const metadata = fieldsOf(applied.metadata);
  if (!metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`);
  if (resource.namespaced && metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}
