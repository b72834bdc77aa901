/** The API as controllers in this process use it: the same writes, without the wire. */

import type { Api, Obj, Ref } from "../types.ts";
import { StatusError } from "../types.ts";
import type { Target, World } from "./call.ts";
import { internalCall } from "./call.ts";
import { decodeObject, inVersion } from "./codec.ts";
import { deleteObject } from "./delete.ts";
import { clone, equal } from "./json.ts";
import type { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { splitApiVersion, storageKey } from "./resource.ts";
import { scaleOf, withScale } from "./scale.ts";
import { noSuchResource } from "./status.ts";
import { create, owned, update } from "./write.ts";

/** How often an update is tried when somebody else writes the same object. */
const ATTEMPTS = 10;

export type Client = Pick<Api, "get" | "list" | "create" | "update" | "remove" | "onChange">;

/** A draft without owners keeps those that are stored: they are half of an object, and no controller changes them. */
const withoutOwners = (object: Obj): Obj => {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};

export function createClient(world: World, registry: Registry): Client {
  const { store } = world;
  const resourceOf = (apiVersion: string, kind: string): Resource | undefined => {
    const { group, version } = splitApiVersion(apiVersion);
    return registry.ofKind(group, version, kind);
  };
  const targetOf = ({ apiVersion, kind, namespace = "", name }: Ref, subresource = ""): Target => {
    const resource = resourceOf(apiVersion, kind);
    if (!resource) throw noSuchResource();
    return { resource, namespace: resource.namespaced ? namespace : "", name, subresource };
  };
  const stored = ({ resource, namespace, name }: Target): Obj | undefined =>
    store.get(storageKey(resource), namespace, name);

  return {
    get: (ref) => {
      const resource = resourceOf(ref.apiVersion, ref.kind);
      const object = resource && stored(targetOf(ref));
      return object && inVersion(resource, object);
    },
    list: (apiVersion, kind, namespace) => {
      const resource = resourceOf(apiVersion, kind);
      if (!resource) return [];
      const objects = store.list(storageKey(resource), namespace);
      const same = objects.every((object) => object.apiVersion === apiVersion);
      return same ? objects : objects.map((object) => inVersion(resource, object));
    },
    create: async (manager, object) => {
      const call = internalCall(manager);
      const { namespace = "", name } = object.metadata;
      const target = targetOf({ apiVersion: object.apiVersion, kind: object.kind, namespace, name });
      const draft = decodeObject(target.resource, clone(object), []);
      return create(world, call, target.resource, owned(call, target, undefined, draft));
    },
    update: async (manager, ref, change, { subresource = "" } = {}) => {
      const call = internalCall(manager);
      const target = targetOf(ref, subresource);
      const { resource } = target;
      const scale = subresource === "scale" ? resource.scale : undefined;
      const shown = (object: Obj): Obj => (scale ? scaleOf(scale, object) : inVersion(resource, object));
      for (let attempt = 1; ; attempt++) {
        const old = stored(target);
        if (!old) return undefined;
        const before = shown(old);
        const unowned = withoutOwners(before);
        const draft = clone(unowned);
        change(draft);
        if (equal(draft, unowned)) return before;
        try {
          const object = await update(world, call, target, (current) =>
            scale
              ? withScale(resource, scale, call, current, draft)
              : owned(call, target, current, decodeObject(resource, draft, [])),
          );
          return shown(object);
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          if (error.status.code === 404) return undefined;
          if (error.status.reason !== "Conflict" || attempt === ATTEMPTS) throw error;
        }
      }
    },
    remove: async (ref, options = {}) => {
      try {
        await deleteObject(world, internalCall("sandbox"), targetOf(ref), options);
      } catch (error) {
        if (!(error instanceof StatusError && error.status.code === 404)) throw error;
      }
    },
    onChange: (listener) => store.onChange(({ type, object }) => listener({ type, object })),
  };
}
