import { createApi } from "./api/index.ts";
import type { Door } from "./cert-manager/door.ts";
import { type CloudName, cloudOf, nodesOf } from "./clouds/index.ts";
import { createFaults, type Faults, type Outside } from "./faults/index.ts";
import { type NodePortFront, startFront } from "./front.ts";
import type { DataPlane } from "./knative/data-plane.ts";
import { LOCAL_STORAGE, provideStorage } from "./kubernetes/claims.ts";
import { createCronJobs } from "./kubernetes/cron-jobs.ts";
import { kubernetesControllers } from "./kubernetes/index.ts";
import { leaderElection } from "./kubernetes/leader-election.ts";
import type { LoadBalancer } from "./kubernetes/load-balancers.ts";
import { createLogs } from "./kubernetes/logs/files.ts";
import { podLog } from "./kubernetes/logs/read.ts";
import { joinNodes, type NodeSpec } from "./kubernetes/nodes.ts";
import { type Admits, type Carried, podProxy } from "./kubernetes/pod-proxy.ts";
import { portForward, type ServedAt } from "./kubernetes/port-forward.ts";
import type { Work } from "./kubernetes/processes.ts";
import { bringAs, type Stage } from "./objects.ts";
import type { Ground, Part } from "./part.ts";
import { PARTS } from "./parts.ts";
import { runReconcilers } from "./reconcile.ts";
import type { Api, ApiOptions } from "./types.ts";
import { callWebhooks, type Webhook } from "./webhooks.ts";

export interface WorldOptions {
  /** Of the context, the cluster and the user in its kubeconfig; `rehearsal` when absent. */
  readonly name?: string;
  /** Of the API server; `v1.36.2` when absent. */
  readonly version?: string;
  /** What LoadBalancer Services get: an address of loopback each, from 127.0.0.1 on (default), a host name, or no address ever. */
  readonly loadBalancer?: "ip" | "hostname" | "none";
  /** Whose cluster it is like; its own choice counts of what is absent here. */
  readonly cloud?: CloudName;
  /** What leads to node ports besides themselves; nothing when absent. `kind`: the nodes are kind's, too. */
  readonly nodePortFront?: NodePortFront;
  /** One node with 8 CPU, 16 Gi and the addresses 127.0.0.1 when absent. */
  readonly nodes?: readonly NodeSpec[];
  /** `none`: no StorageClass, so that no claim is bound; else one that is the default. */
  readonly storage?: "none";
  readonly onRequest?: ApiOptions["onRequest"];
  /**
   * Milliseconds that one second of cluster time lasts (20): a pod is pulled and started in one, crash loops back off by ten
   * and more, an idle Revision keeps its pods for ninety by default.
   */
  readonly pace?: number;
  /** The registry's refusal of an image, e.g. `manifest unknown`; images can all be pulled when absent. */
  readonly pull?: (image: string) => string | undefined;
  /** Programs by image, for the pods of Jobs; the containers of other images end well after a second. */
  readonly images?: Readonly<Record<string, Work>>;
  /** Of pod names and of the gateway's choice between Revisions; 1 when absent. */
  readonly seed?: number;
  /** How cert-manager reaches a CA and the DNS; nobody answers at the CA's name when absent. */
  readonly certManager?: Door;
  /** What is wrong from the beginning, as {@link Faults} takes it. */
  readonly faults?: readonly string[];
  /** What is around it: for the faults there. */
  readonly outside?: Outside;
  /** What the world knows by heart; {@link PARTS} when absent. */
  readonly parts?: readonly Part[];
}

/** A cluster on loopback in which Knative Serving and its ingresses behave as the real ones do. */
export interface World {
  readonly api: Api;
  /** YAML with one context, named as the world is. */
  readonly kubeconfig: string;
  /** From the port as the cluster says (80, 443, 31080, 31443) to the port of the same address where it can be reached. */
  readonly connectTo: ReadonlyMap<number, number>;
  readonly faults: Faults;
  /**
   * The time of a CronJob's schedule has come; the clock alone never starts one. Resolves to the Job's name. Rejects where the real
   * controller would let the time pass: suspended, or Forbid while its last Job is active.
   */
  readonly runCronJob: (namespace: string, name: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

const DEFAULT_NODE: NodeSpec = {
  name: "rehearsal",
  cpu: "8",
  memory: "16Gi",
  internalIP: "127.0.0.1",
  externalIP: "127.0.0.1",
};

const LOAD_BALANCERS: Record<NonNullable<WorldOptions["loadBalancer"]>, LoadBalancer> = {
  ip: "addresses",
  hostname: { hostname: "lb.rehearsal.internal" },
  none: "none",
};

/** What LoadBalancer Services get in such a world. */
export const balancerFor = ({ loadBalancer, cloud }: Pick<WorldOptions, "loadBalancer" | "cloud">): LoadBalancer =>
  (loadBalancer ? LOAD_BALANCERS[loadBalancer] : cloudOf(cloud)?.loadBalancer) ?? LOAD_BALANCERS.ip;

/** Starts a world with its nodes joined and nothing installed. All its servers listen on 127.0.0.1 and keep no process alive. */
export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  const { version: release = "v1.36.2", pace = 20, seed = 1, parts = PARTS } = options;
  const cloud = cloudOf(options.cloud ?? (options.nodePortFront === "kind" ? "kind" : undefined));
  const version = cloud?.build?.(release) ?? release;
  const { nodes = cloud ? nodesOf(cloud.id as CloudName) : [DEFAULT_NODE] } = options;
  const logs = createLogs();
  let stage: Stage | undefined;
  const onStage = (): Stage => {
    if (!stage) throw new Error("the API called before the world was ready");
    return stage;
  };
  const { faults, hooks, begin } = createFaults(options.faults ?? [], pace, () => onStage().api, options.outside);
  const pull = (image: string): string | undefined => hooks.pull(image) ?? options.pull?.(image);
  const webhooks: Webhook[] = [];
  const api = await createApi({
    version,
    second: pace,
    clock: hooks.clock,
    lag: hooks.lag,
    callWebhook: hooks.callWebhook((...call) => callWebhooks(onStage(), webhooks)(...call)),
    onRequest: async (request) =>
      (await options.onRequest?.(request)) ??
      (await hooks.onRequest(request)) ??
      (stage && (await podProxy(stage.api, { admits, gateways, answers, exports, servedAt, stored }, request))),
    onNode: (call) => (call.subresource === "log" ? podLog(onStage().api, logs, call) : portForward(servedAt, call)),
  });
  stage = { api, version, second: pace, random: createRandom(seed) };
  const dataPlane: DataPlane = async (...request) => {
    const end = playing.find((part) => part.dataPlane)?.dataPlane;
    if (!end) throw new Error("no part answers requests");
    return end(...request);
  };
  const answers: Carried["answers"] = (...call) =>
    playing.map((part) => part.answers?.(...call)).find((answer) => answer !== undefined);
  const servedAt: ServedAt = (...call) =>
    playing.map((part) => part.servedAt?.(...call)).find((port) => port !== undefined);
  const admits: Admits = (...call) => playing.every((part) => part.admits?.(...call) ?? true);
  const exports: Carried["exports"] = (pod, port) =>
    playing.map((part) => part.exports?.(pod, port)).find((found) => found !== undefined);
  const stored: Carried["stored"] = (pod) =>
    playing.map((part) => part.stored?.(pod)).find((bytes) => bytes !== undefined);
  const ground: Ground = {
    stage,
    logs,
    pull,
    door: options.certManager,
    dataPlane,
    admits,
    servedAt,
    queues: () => running.queues(),
  };
  const playing = parts.flatMap(({ play }) => play?.(ground) ?? []);
  webhooks.push(...playing.flatMap((part) => part.webhooks ?? []));
  const gateways = playing.flatMap(({ gateway }) => gateway ?? []);
  const before = options.nodePortFront ?? (options.cloud && cloud?.isKind ? "kind" : "nothing");
  const front = await startFront(stage, before, gateways);
  const cronJobs = createCronJobs(stage);
  const controllers = [
    ...kubernetesControllers(stage, {
      programs: playing.flatMap(({ programs = [] }) => programs.map(hooks.program)),
      logs,
      pull,
      images: options.images,
      drainOf: (pod) => playing.map(({ drainOf }) => drainOf?.(pod)).find((drain) => drain !== undefined),
      workOf: (pod) => playing.map(({ workOf }) => workOf?.(pod)).find((work) => work !== undefined),
      outlives: (container) => playing.some(({ outlives }) => outlives?.(container)),
      cronJobs,
      loadBalancer: balancerFor(options),
    }),
    ...playing.flatMap(({ reconcilers = [] }) => reconcilers),
    front.reconciler,
    leaderElection(
      stage,
      playing.flatMap(({ elections = [] }) => elections),
    ),
  ];
  const running = runReconcilers(api, controllers.map(hooks.reconciler));
  const close = async (): Promise<void> => {
    await faults.end();
    await running.close();
    await front.close();
    await api.close();
  };
  try {
    await joinNodes(api, version, nodes);
    if (options.storage !== "none") await provideStorage(api, cloud?.storageClasses ?? LOCAL_STORAGE);
    await bringAs("installer", api, cloud?.objects ?? []);
    await begin();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    api,
    kubeconfig: kubeconfigOf(api, options.name ?? "rehearsal"),
    connectTo: front.ports,
    faults,
    runCronJob: cronJobs.run,
    close,
  };
};

const kubeconfigOf = ({ url, ca, token }: Api, name: string): string =>
  [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    `- name: ${name}`,
    "  cluster:",
    `    server: ${url}`,
    `    certificate-authority-data: ${Buffer.from(ca).toString("base64")}`,
    "users:",
    `- name: ${name}`,
    "  user:",
    `    token: ${token}`,
    "contexts:",
    `- name: ${name}`,
    "  context:",
    `    cluster: ${name}`,
    `    user: ${name}`,
    `current-context: ${name}`,
    "",
  ].join("\n");

/** mulberry32: small, and the same numbers for the same seed on every machine. */
const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
