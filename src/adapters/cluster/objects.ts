import {
  ApiError,
  type ApiResource,
  type Applied,
  type ApplyOptions,
  BrokenAnswer,
  type ClusterWrite,
  type ListQuery,
} from "../../ports/cluster.ts";
import { at, type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";
import { isDeletion, isObject } from "./answers.ts";
import type { Discovery } from "./discovery.ts";
import { readingOlder } from "./older-kinds.ts";
import { listAll } from "./pages.ts";
import { pathOf } from "./paths.ts";
import { isAbsence, isPathMissing, unknownKind } from "./status.ts";
import type { Timing } from "./timing.ts";
import type { Request, Send } from "./transport.ts";

/** What reads and writes objects: the part of the port that goes over one kind of connections. */
export type Objects = Pick<
  ClusterWrite,
  "get" | "list" | "dryRun" | "apply" | "mergePatch" | "create" | "replace" | "remove"
>;

interface Tools {
  /** For people. */
  readonly server: string;
  readonly send: Send;
  readonly discovery: Discovery;
  readonly timing: Timing;
  readonly onWrite: () => void;
  /** Told the version of each list. */
  readonly onList: (query: ListQuery, list: readonly KubeObject[], version: string) => void;
  /** Asked before each try of a write. */
  readonly permit?: () => Promise<void>;
}

/** How long the absence of a kind is believed, in milliseconds. */
const ABSENCE = { toRead: 1_000, toApply: 1 };
/** A new CRD is served some 20 ms after it is Established, on a busy server later. */
const KIND_APPEARS_MS = 3_000;
const KIND_PAUSE_MS = 50;

export const createObjects = ({ server, send, discovery, timing, onWrite, onList, permit }: Tools): Objects => {
  const write = async (request: Request): Promise<Applied> => {
    onWrite();
    const { status, body, tries } = await send({ ...request, permit });
    return { object: body as KubeObject, created: status === 201, repeated: tries > 1 };
  };

  const find = (ref: ObjectRef | ListQuery): Promise<ApiResource | undefined> =>
    discovery.find(ref.apiVersion, ref.kind, ABSENCE.toRead);

  const must = async (method: string, ref: ObjectRef): Promise<ApiResource> => {
    const resource = await find(ref);
    if (!resource) throw unknownKind(method, ref);
    return resource;
  };

  /** What `work` finds; undefined where it is certain that there is nothing. */
  const ifThere = async <T>(
    ref: ObjectRef | ListQuery,
    work: (resource: ApiResource) => Promise<T>,
  ): Promise<T | undefined> => {
    const until = timing.now() + KIND_APPEARS_MS;
    for (;;) {
      const resource = await find(ref);
      if (!resource) return undefined;
      try {
        return await work(resource);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
        if ("name" in ref && isAbsence(error, resource, ref.name)) return undefined;
        if (!(await discovery.find(ref.apiVersion, ref.kind, 0))) return undefined;
        if (timing.now() + KIND_PAUSE_MS > until)
          throw new BrokenAnswer(server, error.request, `404 about something that it serves: ${error.message}`);
        await timing.sleep(KIND_PAUSE_MS);
      }
    }
  };

  const reads: Pick<Objects, "get" | "list"> = {
    get: (ref) =>
      ifThere(ref, async (resource) => {
        const { body } = await send({ method: "GET", path: pathOf(resource, ref), expect: isObject(ref, ref) });
        return body as KubeObject;
      }),

    list: async (query) => {
      const listed = await ifThere(query, async (resource) => {
        const { items, resourceVersion } = await listAll(send, resource, query, server);
        onList(query, items, resourceVersion);
        return items;
      });
      return listed ?? [];
    },
  };

  return {
    ...readingOlder(reads, discovery, ABSENCE.toRead),

    dryRun: async (object, options) => {
      const request = applyRequest(await must("PATCH", refOf(object)), object, options);
      return (await send({ ...request, query: { ...request.query, dryRun: "All" } })).body as KubeObject;
    },

    apply: async (object, options) => {
      const { apiVersion, kind } = object;
      const until = timing.now() + KIND_APPEARS_MS;
      for (;;) {
        const resource = await discovery.find(apiVersion, kind, ABSENCE.toApply);
        try {
          if (!resource) throw unknownKind("PATCH", refOf(object));
          return await write(applyRequest(resource, object, options));
        } catch (error) {
          if (!isPathMissing(error) || timing.now() + KIND_PAUSE_MS > until) throw error;
          await timing.sleep(KIND_PAUSE_MS);
        }
      }
    },

    mergePatch: async (ref, patch, manager) => {
      const { object } = await write({
        method: "PATCH",
        path: pathOf(await must("PATCH", ref), ref),
        query: { fieldManager: manager, fieldValidation: "Strict" },
        contentType: "application/merge-patch+json",
        body: patch,
        // With a precondition a second try would fail because the first has succeeded.
        repeatable: at(patch, "metadata", "resourceVersion") === undefined,
        expect: isObject(ref, ref),
      });
      return object;
    },

    create: async (object, manager) => {
      const { name: _, ...place } = refOf(object);
      const path = pathOf(await must("POST", refOf(object)), place);
      const query = { fieldManager: manager, fieldValidation: "Strict" };
      // The name is empty where the server makes it (generateName).
      const expect = isObject(object, { ...object.metadata, name: object.metadata.name || undefined });
      return (await write({ method: "POST", path, query, body: object, expect })).object;
    },

    replace: async (object, manager) => {
      const path = pathOf(await must("PUT", refOf(object)), refOf(object));
      const query = { fieldManager: manager, fieldValidation: "Strict" };
      const expect = isObject(object, object.metadata);
      return (await write({ method: "PUT", path, query, body: object, expect })).object;
    },

    remove: async (ref, preconditions) => {
      const conditional = preconditions.uid !== undefined || preconditions.resourceVersion !== undefined;
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        ...(conditional ? { preconditions } : {}),
      };
      const removed = await ifThere(ref, async (resource) => {
        const expect = isDeletion(resource, ref);
        await write({ method: "DELETE", path: pathOf(resource, ref), body, repeatable: conditional, expect });
        return true;
      });
      return removed ?? false;
    },
  };
};

const applyRequest = (
  resource: ApiResource,
  object: KubeObject,
  { manager, force = false }: ApplyOptions,
): Request => ({
  method: "PATCH",
  path: pathOf(resource, refOf(object)),
  query: { fieldManager: manager, force: String(force), fieldValidation: "Strict" },
  contentType: "application/apply-patch+yaml",
  body: object,
  repeatable: true,
  expect: isObject(object, object.metadata),
});
