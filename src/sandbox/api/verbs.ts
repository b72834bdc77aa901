/** Each verb on a resource: from a decoded request to an answer. Throws StatusError. */

import { randomBytes } from "node:crypto";
import type { Obj } from "../types.ts";
import { readJson, readObject } from "./body.ts";
import type { Call, Target, World } from "./call.ts";
import { timestamp } from "./call.ts";
import { inVersion } from "./codec.ts";
import type { DeleteOptions } from "./delete.ts";
import { deleteObject, finalizeNamespace } from "./delete.ts";
import type { Fields } from "./json.ts";
import { at, fieldsOf } from "./json.ts";
import { listPage, listText, metadataListText } from "./read.ts";
import type { Resource } from "./resource.ts";
import { storageKey } from "./resource.ts";
import { scaleOf, withScale } from "./scale.ts";
import { badRequest, methodNotAllowed, noSuchResource, notFound, uidMismatch } from "./status.ts";
import { textOf } from "./store.ts";
import { create, decodeRequest, owned, update } from "./write.ts";

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

export const answer = (status: number, resource: Resource, object: Obj): Answer => ({
  status,
  body: textOf(inVersion(resource, object)),
});

/** Throws StatusError 404. */
export function storedAt(world: World, { resource, namespace, name }: Target): Obj {
  const object = world.store.get(storageKey(resource), namespace, name);
  if (!object) throw notFound(resource, name);
  return object;
}

/** Subresources that every kind with them has; others are not found. */
export function checkSubresource({ resource, subresource, name }: Target): void {
  if (
    subresource === "" ||
    (subresource === "status" && resource.status) ||
    (subresource === "scale" && resource.scale)
  )
    return;
  throw resource.custom ? notFound(resource, name) : noSuchResource();
}

export function getObject(world: World, target: Target): Answer {
  checkSubresource(target);
  const object = storedAt(world, target);
  const { scale } = target.resource;
  if (target.subresource === "scale" && scale) return { status: 200, body: scaleOf(scale, object) };
  return answer(200, target.resource, object);
}

/** Of several forms a server takes the first that it can give. */
const METADATA = /^application\/json;as=PartialObjectMetadataList;g=meta\.k8s\.io;v=v1(,|$)/;

export function listObjects(
  world: World,
  resource: Resource,
  namespace: string | undefined,
  query: Incoming["query"],
  accept: string,
): Answer {
  const page = listPage(world.store, resource, namespace, query);
  return { status: 200, body: METADATA.test(accept) ? metadataListText(page) : listText(resource, page) };
}

/** The namespace of the path, in the object too. */
export function settleNamespace(resource: Resource, namespace: string, draft: Obj): void {
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
  if (target.subresource === "token" && resource.plural === "serviceaccounts")
    return tokenFor(storedAt(world, target), incoming);
  if (target.name !== "") throw methodNotAllowed();
  const draft = decodeRequest(resource, readObject(resource, incoming.body, incoming.contentType), call);
  settleNamespace(resource, namespace, draft);
  return answer(201, resource, await create(world, call, resource, owned(call, target, undefined, draft)));
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
      spec: {
        audiences: ["https://kubernetes.default.svc"],
        ...spec,
        expirationSeconds: seconds,
        boundObjectRef: spec.boundObjectRef ?? null,
      },
      status: {
        token: randomBytes(32).toString("base64url"),
        expirationTimestamp: timestamp(seconds),
      },
    },
  };
}

export async function replaceObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource, namespace, name, subresource } = target;
  if (subresource === "finalize" && resource.plural === "namespaces") return finalize(world, call, target, incoming);
  checkSubresource(target);
  if (subresource === "scale") return writeScale(world, call, target, () => fieldsOf(readJson(incoming.body)));
  const draft = decodeRequest(resource, readObject(resource, incoming.body, incoming.contentType), call);
  if (draft.metadata.name !== undefined && draft.metadata.name !== name)
    throw badRequest(`the name of the object (${draft.metadata.name}) does not match the name on the URL (${name})`);
  draft.metadata.name = name;
  settleNamespace(resource, namespace, draft);
  const existing = world.store.get(storageKey(resource), namespace, name);
  const creates = resource.rules.createOnUpdate && subresource === "" && !existing;
  const { uid } = draft.metadata;
  if (uid && (existing || creates) && uid !== existing?.metadata.uid)
    throw uidMismatch(resource, namespace, name, uid, existing?.metadata.uid ?? "");
  if (creates) {
    delete draft.metadata.resourceVersion;
    return answer(201, resource, await create(world, call, resource, owned(call, target, undefined, draft)));
  }
  return answer(200, resource, await update(world, call, target, (old) => owned(call, target, old, draft)));
}

/** PUT …/finalize: only spec.finalizers count. */
function finalize(world: World, call: Call, target: Target, incoming: Incoming): Answer {
  const finalizers = at(readJson(incoming.body), "spec", "finalizers");
  const object = finalizeNamespace(world, call, storedAt(world, target), Array.isArray(finalizers) ? finalizers : []);
  return answer(200, target.resource, object);
}

/** Writes the replicas of a Scale that `sent` makes from the current one. */
export async function writeScale(
  world: World,
  call: Call,
  target: Target,
  sent: (current: Obj) => Fields,
): Promise<Answer> {
  const { resource, name } = target;
  const { scale } = resource;
  if (!scale) throw notFound(resource, name);
  const object = await update(world, call, target, (old) =>
    withScale(resource, scale, call, old, sent(scaleOf(scale, old))),
  );
  return { status: 200, body: scaleOf(scale, object) };
}

function deleteOptions(incoming: Incoming): DeleteOptions {
  const sent = incoming.body === undefined || incoming.body === "" ? {} : fieldsOf(readJson(incoming.body));
  const { uid, resourceVersion } = fieldsOf(sent.preconditions);
  const policy = incoming.query.propagationPolicy ?? sent.propagationPolicy;
  const grace = incoming.query.gracePeriodSeconds ?? sent.gracePeriodSeconds;
  return {
    ...(uid === undefined ? {} : { uid: String(uid) }),
    ...(resourceVersion === undefined ? {} : { resourceVersion: String(resourceVersion) }),
    ...(policy === undefined ? {} : { propagationPolicy: String(policy) }),
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
  };
}

export async function removeObject(world: World, call: Call, target: Target, incoming: Incoming): Promise<Answer> {
  const { resource } = target;
  const { object, gone } = await deleteObject(world, call, target, deleteOptions(incoming));
  if (!gone || resource.rules.returnsDeleted) return answer(200, resource, object);
  const { group, plural } = resource;
  const details = { name: target.name, ...(group === "" ? {} : { group }), kind: plural, uid: object.metadata.uid };
  return { status: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

export async function removeObjects(
  world: World,
  call: Call,
  resource: Resource,
  namespace: string | undefined,
  incoming: Incoming,
): Promise<Answer> {
  const page = listPage(world.store, resource, namespace, incoming.query);
  const options = deleteOptions(incoming);
  for (const { metadata } of page.items) {
    const target = { resource, namespace: metadata.namespace ?? "", name: metadata.name, subresource: "" };
    await deleteObject(world, call, target, options);
  }
  return { status: 200, body: listText(resource, page) };
}
