import { hasMonitors } from "../../app/planning.ts";
import { controllers } from "../../certificates/index.ts";
import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { providers } from "../../dns/index.ts";
import type { ZoneNamesOptions } from "../../dns/provider.ts";
import { findAddress, type Ports, reachedIn } from "../../ingress/address.ts";
import { ingressProvider } from "../../ingress/index.ts";
import { entrances, findIstio } from "../../ingress/istio/found.ts";
import { type Cloud, cloudOf, type LoadBalancers, loadBalancersOf, nodeAddresses } from "../../ingress/reach.ts";
import { STATE } from "../../kube/prior.ts";
import { quantity, UNIT } from "../../kube/quantity.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { messageOf } from "../../ports/error.ts";
import { at, dataOf, type KubeObject } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { readerOf } from "../../ports/reader.ts";
import { findStores } from "../../steps/logging/existing/index.ts";
import type { Store } from "../../steps/logging/existing/store.ts";
import { type Memory, memoryOf } from "../../steps/logging/memory.ts";
import { keptIn } from "../../steps/state/chosen.ts";
import { findCollectors } from "./collectors.ts";
import { completed } from "./settle.ts";
import { type Component, componentsIn } from "./whose.ts";

/** What a DNS provider's credentials at hand let us see. */
export interface VisibleZones {
  /** Id of the provider. */
  readonly provider: string;
  readonly title: string;
  /** Names of public zones; empty: it does not tell. */
  readonly zones: readonly string[];
  /** Why nothing could be seen. */
  readonly trouble?: string;
}

/** What can be known without asking anybody. Undefined: it could not be read. */
export interface Sight {
  readonly nodes: { readonly count: number; readonly cpu: number; readonly memory: number } | undefined;
  readonly cloud: Cloud | undefined;
  readonly components: readonly Component[] | undefined;
  readonly loadBalancers: LoadBalancers;
  readonly addresses: { readonly external: readonly string[]; readonly internal: readonly string[] };
  /** Of namespaces that are nobody's system, those with Services of Knative first. */
  readonly namespaces: readonly string[];
  /** Those that have them. */
  readonly served: readonly string[];
  readonly zones: readonly VisibleZones[];
  /** `namespace/name` of each gateway of an Istio that somebody else has installed. */
  readonly gateways: readonly string[];
  /** What the choices of logging with pods of their own take. */
  readonly logMemory: Readonly<Record<"fluent-bit" | "elasticsearch", Memory>>;
  /** What takes logs already. */
  readonly stores: readonly Store[];
  /** The Prometheus operator is there. */
  readonly isMonitored: boolean;
  /** URLs of OpenTelemetry collectors that take metrics. */
  readonly collectors: readonly string[];
  /** What our installation here was told; undefined: there is none. */
  readonly installed: Written | undefined;
  /** The version that would come, and why. Absent: nobody has chosen. */
  readonly knative?: { readonly version: string; readonly remarks: readonly string[] };
  /** IP address or host name that the load balancer of our gateway has; absent: none is known. */
  readonly balancer?: string;
  /** At which ports the proof was answered; absent: nothing is kept. */
  readonly reached?: Ports;
}

interface Sighting extends ZoneNamesOptions {
  readonly signal: AbortSignal;
  readonly zonesMs?: number;
}

/** Longest that a DNS provider may keep the first question waiting. */
const ZONES_MS = 3_000;

const SYSTEM = /^(kube-|knative-|istio-)|^(kourier-system|kn-bootstrap|metallb-system|local-path-storage)$/;
const isSystem = (name: string): boolean =>
  SYSTEM.test(name) || controllers.some(({ namespace }) => namespace === name);

/** Everything at once. A read that is refused leaves its part out: what is needed later is refused by name then. */
export const look = async (cluster: ClusterRead, { zonesMs = ZONES_MS, ...at }: Sighting): Promise<Sight> => {
  const list = (apiVersion: string, kind: string): Promise<readonly KubeObject[] | undefined> =>
    readable(cluster.list({ apiVersion, kind }));
  const [nodes, services, deployments, namespaces, knative, state, zones, istio, stores, isMonitored] =
    await Promise.all([
      list("v1", "Node"),
      list("v1", "Service"),
      list("apps/v1", "Deployment"),
      list("v1", "Namespace"),
      list("serving.knative.dev/v1", "Service"),
      readable(cluster.get(STATE)),
      visibleZones({ ...at, zonesMs }),
      readable(findIstio(readerOf(cluster))),
      findStores(readerOf(cluster)),
      readable(hasMonitors(cluster)),
    ]);
  at.signal.throwIfAborted();
  const cloud = cloudOf(nodes ?? []);
  const reached = reachedIn(dataOf(state));
  const { values: kept } = keptIn(state);
  const balancer = Object.keys(kept).length > 0 ? await balancerOf(cluster, completed(kept)) : undefined;
  const memory = (logging: "fluent-bit" | "elasticsearch"): Promise<Memory> =>
    memoryOf(completed({ ...kept, logging }));
  const logMemory = { "fluent-bit": await memory("fluent-bit"), elasticsearch: await memory("elasticsearch") };
  const served = [...new Set((knative ?? []).flatMap(({ metadata }) => metadata.namespace ?? []))].sort();
  const own = (namespaces ?? []).map(({ metadata }) => metadata.name).filter((name) => !isSystem(name));
  return {
    nodes: nodes && {
      count: nodes.length,
      cpu: total(nodes, "cpu"),
      memory: total(nodes, "memory"),
    },
    cloud,
    components: deployments && componentsIn(deployments),
    loadBalancers: loadBalancersOf(cloud, services ?? [], deployments ?? []),
    addresses: nodeAddresses(nodes ?? []),
    namespaces: [...new Set([...served, ...own])],
    served,
    zones,
    gateways: istio?.istiods.some(({ isOurs }) => !isOurs) ? entrances(istio).map(({ id }) => id) : [],
    logMemory,
    stores,
    isMonitored: isMonitored ?? false,
    collectors: findCollectors(services ?? []),
    installed: Object.keys(kept).length > 0 ? kept : undefined,
    ...(balancer === undefined ? {} : { balancer }),
    ...(reached ? { reached } : {}),
  };
};

const balancerOf = async (cluster: ClusterRead, config: Config): Promise<string | undefined> =>
  config.expose === "loadbalancer"
    ? (await readable(findAddress(readerOf(cluster), config, ingressProvider(config.ingress))))?.host
    : undefined;

/** To be shown, not to be decided by. */
const total = (nodes: readonly KubeObject[], resource: string): number =>
  Number(nodes.reduce((sum, node) => sum + (quantity(at(node, "status", "allocatable", resource)) ?? 0n), 0n)) /
  Number(UNIT);

const visibleZones = async ({
  signal,
  zonesMs,
  ...at
}: Sighting & { readonly zonesMs: number }): Promise<readonly VisibleZones[]> => {
  const seen = providers.map(async ({ id, title, zoneNames }): Promise<readonly VisibleZones[]> => {
    const told = (trouble: string): readonly VisibleZones[] => [{ provider: id, title, zones: [], trouble }];
    const ask = await zoneNames?.(at).catch((error: unknown) => told(messageOf(error)));
    if (typeof ask !== "function") return ask ?? [];
    // What we load ourselves on a slow machine is no reason to give up on an answer.
    const late = AbortSignal.timeout(zonesMs);
    const gaveUp = new Promise<"late">((resolve) => late.addEventListener("abort", () => resolve("late")));
    try {
      const zones = await Promise.race([ask(AbortSignal.any([signal, late])), gaveUp]);
      return zones === "late" ? told(`no answer within ${zonesMs / 1000} s`) : [{ provider: id, title, zones }];
    } catch (error) {
      return told(late.aborted ? `no answer within ${zonesMs / 1000} s` : messageOf(error));
    }
  });
  return (await Promise.all(seen)).flat();
};
