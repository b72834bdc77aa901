import { ApiError, type ApiResource, BrokenAnswer, Unreachable } from "../../ports/cluster.ts";
import { at, isRecord, textAt } from "../../ports/object.ts";
import { isDiscovery, isResourcesOf } from "./answers.ts";
import { Silent } from "./silent.ts";
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
  readonly versions: readonly Version[];
}

interface Version {
  readonly apiVersion: string;
  /** Undefined: whoever serves it does not say. An aggregated API whose server is down, or a version just removed. */
  readonly resources: readonly ApiResource[] | undefined;
  /** Nothing came of it at all: it is not asked again. */
  readonly silence?: Unreachable;
}

const AGGREGATED = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");
const PAUSE_MS = 200;

export const createDiscovery = (server: string, send: Send, timing: Timing): Discovery => {
  let known: { groups: readonly Group[]; at: number } | undefined;
  let asking: Promise<readonly Group[]> | undefined;
  const silent = new Map<string, Version>();
  let core: readonly Group[] | undefined;
  let silence: Unreachable | undefined;

  const ask = async (): Promise<readonly Group[]> => {
    try {
      const wait = known ? known.at + PAUSE_MS - timing.now() : 0;
      if (wait > 0) await timing.sleep(wait);
      const asked = timing.now();
      const roots = [core ?? readRoot(send, "/api", silent), readRoot(send, "/apis", silent)];
      const [own = [], others = []] = await Promise.all(roots);
      // Its kinds come with the server: no definition adds to them.
      if (own.some(isTold)) core = own;
      const groups = [...own, ...others];
      for (const version of groups.flatMap(({ versions }) => versions))
        if (version.silence) silent.set(version.apiVersion, version);
      known = { groups, at: asked };
      return groups;
    } catch (error) {
      // Whoever asks next would wait as long.
      if (error instanceof Unreachable && error.cause instanceof Silent) silence = error;
      throw error;
    } finally {
      asking = undefined;
    }
  };
  const refresh = async (): Promise<readonly Group[]> => {
    if (silence) throw silence;
    asking ??= ask();
    return asking;
  };
  const current = async (): Promise<readonly Group[]> => known?.groups ?? refresh();

  return {
    find: async (apiVersion, kind, maxAgeMs) => {
      const seen = maxAgeMs > 0 ? versionIn(await current(), apiVersion) : undefined;
      const found = seen?.resources?.find((resource) => resource.kind === kind);
      if (seen?.silence) throw seen.silence;
      const isSilent = seen !== undefined && seen.resources === undefined;
      if (found || (known && !isSilent && maxAgeMs > 0 && timing.now() - known.at <= maxAgeMs)) return found;
      const version = versionIn(await refresh(), apiVersion);
      if (version?.silence) throw version.silence;
      if (version && !version.resources)
        throw new BrokenAnswer(server, `the question what it serves of ${apiVersion}`, "nothing usable");
      return version?.resources?.find((resource) => resource.kind === kind);
    },
    preferred: async () => {
      const groups = await current();
      return groups.flatMap(({ versions }) => {
        const kinds = new Map<string, ApiResource>();
        for (const resource of versions.flatMap(({ resources = [] }) => resources))
          if (!kinds.has(resource.kind)) kinds.set(resource.kind, resource);
        return [...kinds.values()];
      });
    },
  };
};

const versionIn = (groups: readonly Group[], apiVersion: string): Version | undefined =>
  groups.flatMap(({ versions }) => versions).find((version) => version.apiVersion === apiVersion);

const isTold = ({ versions }: Group): boolean => versions.some(({ resources }) => resources !== undefined);

/** `/api` or `/apis`, aggregated (Kubernetes ≥ 1.26) or version by version. */
const readRoot = async (
  send: Send,
  root: "/api" | "/apis",
  silent: ReadonlyMap<string, Version>,
): Promise<readonly Group[]> => {
  const read = async (path: string, apiVersion: string): Promise<Version> =>
    silent.get(apiVersion) ?? readVersion(send, path, apiVersion);
  const isRoot = isDiscovery(root);
  const expect = (body: unknown): boolean => isRoot(body) && versionsIn(body) <= MOST_VERSIONS;
  const { body } = await send({ method: "GET", path: root, accept: AGGREGATED, expect });
  if (at(body, "kind") === "APIGroupDiscoveryList") return list(at(body, "items")).map(aggregatedGroup);
  if (root === "/api") {
    const versions = list(at(body, "versions"))
      .map((version) => textAt(version))
      .map((version) => read(`/api/${version}`, version));
    return [{ versions: await Promise.all(versions) }];
  }
  return Promise.all(
    list(at(body, "groups")).map(async (group) => {
      const preferred = at(group, "preferredVersion", "groupVersion");
      const all = list(at(group, "versions")).map((version) => textAt(version, "groupVersion"));
      const ordered = all.toSorted((a, b) => Number(b === preferred) - Number(a === preferred));
      return { versions: await Promise.all(ordered.map((name) => read(`/apis/${name}`, name))) };
    }),
  );
};

/** Without aggregation each one is a request. */
const MOST_VERSIONS = 2000;

const versionsIn = (body: unknown): number =>
  list(at(body, "groups")).reduce<number>(
    (count, group) => count + list(at(group, "versions")).length,
    list(at(body, "versions")).length,
  );

const aggregatedGroup = (group: unknown): Group => {
  const name = textAt(group, "metadata", "name");
  return {
    versions: list(at(group, "versions")).map((version) => {
      const apiVersion = name ? `${name}/${textAt(version, "version")}` : textAt(version, "version");
      const resources = list(at(version, "resources")).map((resource) => ({
        apiVersion,
        kind: textAt(resource, "responseKind", "kind"),
        plural: textAt(resource, "resource"),
        namespaced: at(resource, "scope") === "Namespaced",
        verbs: list(at(resource, "verbs")).map((verb) => textAt(verb)),
      }));
      // For an aggregated API server that could not be reached, the answer is empty or out of date.
      return { apiVersion, resources: at(version, "freshness") === "Stale" && !resources[0] ? undefined : resources };
    }),
  };
};

/** An aggregated API whose server is down (metrics, for example) answers 503, a version just removed 404. */
const readVersion = async (send: Send, path: string, apiVersion: string): Promise<Version> => {
  try {
    const { body } = await send({ method: "GET", path, expect: isResourcesOf(apiVersion) });
    const resources = list(at(body, "resources"))
      .filter((resource) => isRecord(resource) && !textAt(resource, "name").includes("/"))
      .map((resource) => ({
        apiVersion,
        kind: textAt(resource, "kind"),
        plural: textAt(resource, "name"),
        namespaced: at(resource, "namespaced") === true,
        verbs: list(at(resource, "verbs")).map((verb) => textAt(verb)),
      }));
    return { apiVersion, resources };
  } catch (error) {
    if (error instanceof ApiError && (error.status === 503 || error.status === 404))
      return { apiVersion, resources: undefined };
    if (error instanceof Unreachable && error.cause instanceof Silent)
      return { apiVersion, resources: undefined, silence: error };
    throw error;
  }
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
