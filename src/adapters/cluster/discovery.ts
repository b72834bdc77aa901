import { ApiError, type ApiResource } from "../../ports/cluster.ts";
import { at, isRecord } from "../../ports/object.ts";
import type { Timing } from "./timing.ts";
import type { Send } from "./transport.ts";

export interface Discovery {
  /**
   * The kind as the server knows it. Absence is only believed from an answer that is at most `maxAgeMs` old; 0 asks again in any
   * case. Questions at the same time share one answer, and the server is asked once per 200 ms at most.
   */
  readonly find: (apiVersion: string, kind: string, maxAgeMs: number) => Promise<ApiResource | undefined>;
  /** Every kind in its preferred version, subresources left out. */
  readonly preferred: () => Promise<readonly ApiResource[]>;
}

interface Group {
  /** The preferred version first. */
  readonly versions: readonly (readonly ApiResource[])[];
}

const AGGREGATED = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");
const PAUSE_MS = 200;

export const createDiscovery = (send: Send, timing: Timing): Discovery => {
  let known: { groups: readonly Group[]; at: number } | undefined;
  let asking: Promise<readonly Group[]> | undefined;

  const ask = async (): Promise<readonly Group[]> => {
    try {
      const wait = known ? known.at + PAUSE_MS - timing.now() : 0;
      if (wait > 0) await timing.sleep(wait);
      const asked = timing.now();
      const roots = await Promise.all(["/api", "/apis"].map((root) => readRoot(send, root)));
      const groups = roots.flat();
      known = { groups, at: asked };
      return groups;
    } finally {
      asking = undefined;
    }
  };
  const refresh = (): Promise<readonly Group[]> => {
    asking ??= ask();
    return asking;
  };
  const current = async (): Promise<readonly Group[]> => known?.groups ?? refresh();

  return {
    find: async (apiVersion, kind, maxAgeMs) => {
      const found = maxAgeMs > 0 ? lookUp(await current(), apiVersion, kind) : undefined;
      if (found || (known && maxAgeMs > 0 && timing.now() - known.at <= maxAgeMs)) return found;
      return lookUp(await refresh(), apiVersion, kind);
    },
    preferred: async () => {
      const groups = await current();
      return groups.flatMap(({ versions }) => {
        const kinds = new Map<string, ApiResource>();
        for (const resource of versions.flat()) if (!kinds.has(resource.kind)) kinds.set(resource.kind, resource);
        return [...kinds.values()];
      });
    },
  };
};

const lookUp = (groups: readonly Group[], apiVersion: string, kind: string): ApiResource | undefined =>
  groups
    .flatMap(({ versions }) => versions.flat())
    .find((resource) => resource.apiVersion === apiVersion && resource.kind === kind);

/** `/api` or `/apis`, aggregated (Kubernetes ≥ 1.26) or version by version. */
const readRoot = async (send: Send, root: string): Promise<readonly Group[]> => {
  const { body } = await send({ method: "GET", path: root, accept: AGGREGATED });
  if (at(body, "kind") === "APIGroupDiscoveryList") return list(at(body, "items")).map(aggregatedGroup);
  if (root === "/api") {
    const versions = list(at(body, "versions")).map((version) => readVersion(send, `/api/${version}`, String(version)));
    return [{ versions: await Promise.all(versions) }];
  }
  return Promise.all(
    list(at(body, "groups")).map(async (group) => {
      const preferred = at(group, "preferredVersion", "groupVersion");
      const all = list(at(group, "versions")).map((version) => String(at(version, "groupVersion")));
      const ordered = all.toSorted((a, b) => Number(b === preferred) - Number(a === preferred));
      return { versions: await Promise.all(ordered.map((name) => readVersion(send, `/apis/${name}`, name))) };
    }),
  );
};

const aggregatedGroup = (group: unknown): Group => {
  const name = at(group, "metadata", "name");
  return {
    versions: list(at(group, "versions")).map((version) => {
      const apiVersion = name ? `${name}/${at(version, "version")}` : String(at(version, "version"));
      return list(at(version, "resources")).map((resource) => ({
        apiVersion,
        kind: String(at(resource, "responseKind", "kind")),
        plural: String(at(resource, "resource")),
        namespaced: at(resource, "scope") === "Namespaced",
        verbs: list(at(resource, "verbs")).map(String),
      }));
    }),
  };
};

/** An aggregated API whose server is down (metrics, for example) answers 503, a version just removed 404: neither has kinds now. */
const readVersion = async (send: Send, path: string, apiVersion: string): Promise<readonly ApiResource[]> => {
  try {
    const { body } = await send({ method: "GET", path });
    return list(at(body, "resources"))
      .filter((resource) => isRecord(resource) && !String(resource.name).includes("/"))
      .map((resource) => ({
        apiVersion,
        kind: String(at(resource, "kind")),
        plural: String(at(resource, "name")),
        namespaced: at(resource, "namespaced") === true,
        verbs: list(at(resource, "verbs")).map(String),
      }));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 503 || error.status === 404)) return [];
    throw error;
  }
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
