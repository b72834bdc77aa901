import type { CanaryContext } from "../../checks/canary/context.ts";
import type { HealthContext } from "../../checks/health-check.ts";
import { selects } from "../../kube/snapshot.ts";
import { ApiError, type ClusterIdentity, type ClusterRead } from "../../ports/cluster.ts";
import type { Resolver } from "../../ports/dns.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../../ports/object.ts";
import { GREETING } from "../../steps/proof/hello.ts";
import { authorityBy } from "./authorities.ts";
import { NotRecorded } from "./errors.ts";
import type { Ask, Questions } from "./questions.ts";
import { recordsBy } from "./zones.ts";

/** Those of other namespaces are nobody's business, and many. */
const WITHIN_A_NAMESPACE: ReadonlySet<string> = new Set(["ConfigMap"]);

export interface Surroundings {
  readonly identity: ClusterIdentity;
  readonly resolver: string;
  readonly now: Date;
  /** Absent: now. */
  readonly readAt?: Date;
  readonly signal: AbortSignal;
  /** Whether writes may be tried without effect. Default false. */
  readonly tries?: boolean;
}

/**
 * What checks read with: each kind is listed once. Where the account may not list it in the whole cluster, it is listed in the namespaces
 * that are asked about; Secrets are read by name.
 */
export const contextOf = (
  ask: Ask,
  { identity, resolver: server, now, readAt = now, signal, tries = false }: Surroundings,
): HealthContext => {
  const listed = async ({ namespace, ...all }: Questions["list"]["of"]): Promise<readonly KubeObject[]> => {
    const inNamespace = () => ask("list", { ...all, ...(namespace ? { namespace } : {}) });
    if (namespace !== undefined && WITHIN_A_NAMESPACE.has(all.kind)) return inNamespace();
    try {
      return await ask("list", all);
    } catch (error) {
      if (namespace === undefined || !isForbidden(error)) throw error;
      return inNamespace();
    }
  };
  const index = new Map<readonly KubeObject[], ReadonlyMap<string, KubeObject>>();
  const byKey = (objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> => {
    const known = index.get(objects) ?? new Map(objects.map((object) => [keyOf(object), object]));
    index.set(objects, known);
    return known;
  };
  const byName = async (ref: ObjectRef): Promise<KubeObject | undefined> => (await ask("get", exact(ref))) ?? undefined;
  const cluster: ClusterRead = {
    identity,
    account: () => ask("account", undefined),
    version: () => ask("version", undefined),
    resource: async (apiVersion, kind) => (await ask("resource", { apiVersion, kind })) ?? undefined,
    resources: () => ask("resources", undefined),
    get: async (ref) => {
      if (ref.kind === "Secret") return byName(ref);
      try {
        return byKey(await listed(placeOf(ref))).get(keyOf(ref));
      } catch (error) {
        if (isForbidden(error)) return byName(ref);
        throw error;
      }
    },
    list: async ({ apiVersion, kind, namespace, labelSelector, metadataOnly }) => {
      const of = {
        ...{ apiVersion, kind },
        ...(namespace === undefined ? {} : { namespace }),
        ...(metadataOnly ? { metadataOnly } : {}),
      };
      return (await listed(of)).filter(
        ({ metadata }) =>
          (namespace === undefined || metadata.namespace === namespace) && selects(labelSelector, metadata.labels),
      );
    },
    watch: () => {
      throw new Error("a diagnosis looks once");
    },
    can: (question) => ask("can", question),
    askPod: () => {
      throw new Error("a diagnosis asks no pods");
    },
    logs: (query) => ask("logs", query),
    canEach: (questions) => Promise.all(questions.map((question) => ask("can", question))),
  };
  const resolver: Resolver = {
    server,
    inOrder: true,
    ask: (name, type) => ask("dns", { name, type }, signal),
    askUnchecked: (name, type) => ask("unchecked", { name, type }, signal),
    askServer: (asked, name, type) => ask("dns", { name, type, server: asked }, signal),
  };
  return {
    cluster,
    resolver,
    records: recordsBy(ask, { cluster, resolver, signal, tries }),
    createAuthority: authorityBy(ask, signal),
    skewMs: async () => (await ask("skew", undefined).catch(ifRecorded)) ?? undefined,
    probe: ({ signal: _one, ...request }) => ask("probe", request, signal),
    now: () => now,
    readAt: () => readAt,
    signal,
  };
};

/** The same for what is true while the canary is there, and the canary itself. Undefined: none was made, or was to be. */
export const canaryContext = async (ask: Ask, surroundings: Surroundings): Promise<CanaryContext | undefined> => {
  const { signal } = surroundings;
  const canary = await ask("canary", undefined).catch(ifRecorded);
  if (!canary) return undefined;
  const later: Ask = (async (asked, of, ends) =>
    ask("later", { asked, ...(of === undefined ? {} : { of }) }, ends)) as Ask;
  return {
    ...contextOf(later, surroundings),
    canary: {
      ...canary,
      greeting: GREETING,
      settled: () => later("settled", undefined, signal),
      through: (request) => later("through", request, signal),
      probe: (request) => later("timed", request, signal),
    },
  };
};

/** What earlier recordings do not have. */
const ifRecorded = (error: unknown): undefined => {
  if (error instanceof NotRecorded) return undefined;
  throw error;
};

const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

/** Without fields that are not the reference's own: whole objects are given too. */
const exact = ({ apiVersion, kind, namespace, name }: ObjectRef): ObjectRef => ({
  apiVersion,
  kind,
  ...(namespace ? { namespace } : {}),
  name,
});

const placeOf = ({ apiVersion, kind, namespace }: Omit<ObjectRef, "name">) => ({
  apiVersion,
  kind,
  ...(namespace === undefined ? {} : { namespace }),
});
