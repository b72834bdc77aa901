/** The scale subresource: replicas of a workload as an object of their own (autoscaling/v1 Scale). */

import type { Obj } from "../types.ts";
import { update as trackUpdate } from "./apply/field-manager.ts";
import { fieldsAt, intersection, isEmpty } from "./apply/field-set.ts";
import { identity, readOwners, writeOwners } from "./apply/owners.ts";
import type { Call } from "./call.ts";
import type { Fields } from "./json.ts";
import { at, fieldsOf } from "./json.ts";
import type { Resource, ScalePaths } from "./resource.ts";
import { selectorText } from "./selectors.ts";
import { badRequest } from "./status.ts";
import { writeOf } from "./write.ts";

export function scaleOf(scale: ScalePaths, object: Obj): Obj {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = scale.selector ? at(object, ...scale.selector) : undefined;
  const text = typeof selector === "string" ? selector : selectorText(selector);
  const replicas = Number(at(object, ...scale.specReplicas) ?? 0);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Obj["metadata"],
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: Number(at(object, ...scale.statusReplicas) ?? 0), ...(text === "" ? {} : { selector: text }) },
  };
}

/** The object with the replicas of a Scale that was sent. Throws StatusError 400. */
export function withScale(resource: Resource, scale: ScalePaths, call: Call, old: Obj, sent: Fields): Obj {
  if (sent.kind !== undefined && sent.kind !== "Scale")
    throw badRequest(`wrong object passed to Scale update: ${String(sent.kind)}`);
  const replicas = Number(fieldsOf(sent.spec).replicas ?? 0);
  const version = fieldsOf(sent.metadata).resourceVersion;
  const draft = withValue(old, scale.specReplicas, replicas) as Obj;
  const resourceVersion = version === undefined ? old.metadata.resourceVersion : String(version);
  const next = {
    ...draft,
    metadata: { ...draft.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
  // Nobody owned the replicas: then the write is not tracked either.
  const owners = readOwners(old.metadata.managedFields);
  const replicated = fieldsAt(scale.specReplicas);
  const owned = [...owners.values()].some((owner) => !isEmpty(intersection(owner.set, replicated)));
  if (!owned) return next;
  return withoutTime(trackUpdate(writeOf(resource, call, "scale"), old, next));
}

/** Entries that came through /scale carry no time. */
function withoutTime(object: Obj): Obj {
  const owners = readOwners(object.metadata.managedFields);
  for (const owner of owners.values())
    if (owner.subresource === "scale") {
      const { time: _, ...rest } = owner;
      owners.set(identity(owner), rest);
    }
  return { ...object, metadata: { ...object.metadata, managedFields: writeOwners(owners) } };
}

function withValue(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return leaf;
  const fields = fieldsOf(value);
  return { ...fields, [name]: withValue(fields[name], rest, leaf) };
}
