import type { Account, ListQuery, LockableCluster } from "../../ports/cluster.ts";
import type { PodLogs } from "../../ports/logs.ts";
import { at, type KubeObject } from "../../ports/object.ts";
import type { PodPorts } from "../../ports/pod-ports.ts";
import { type Learn, learnNothing } from "../../ports/secrets.ts";
import { createAccess } from "./access.ts";
import { askAccount } from "./account.ts";
import { createCredentials } from "./credentials.ts";
import { createDiscovery } from "./discovery.ts";
import { logLines } from "./log-lines.ts";
import { createObjects } from "./objects.ts";
import { openForward } from "./port-forward.ts";
import type { Patience } from "./retry.ts";
import { learnLogin } from "./secrets.ts";
import type { ClusterTarget } from "./target.ts";
import { systemTiming, type Timing } from "./timing.ts";
import { createTransport } from "./transport.ts";
import { watch } from "./watch.ts";

export { type KubeconfigOptions, loadKubeconfig } from "./kubeconfig.ts";
export type { ClusterTarget } from "./target.ts";
export { systemTiming, type Timing } from "./timing.ts";

export interface OpenOptions {
  /** Default: the system's clock and chance. */
  readonly timing?: Timing;
  /**
   * Ends reads under way and waiting between tries. Writes under way are finished, and what is asked later gets one try, so that a
   * clean-up can still talk to the cluster.
   */
  readonly signal?: AbortSignal;
  /** Standard input is a terminal, which a credential plugin may use to ask. Default false. */
  readonly interactive?: boolean;
  /** For one request, from the connection to the answer's last byte. Default 30 000. */
  readonly timeoutMs?: number;
  /** For what only looks: how long nothing at all may come to a request, which is not made again then. Default: as long as `timeoutMs` allows. */
  readonly silentMs?: number;
  /** For a connection, TLS included. Default 5 000. */
  readonly connectTimeoutMs?: number;
  /** Default 5 000 before the first answer, 60 000 after it. */
  readonly patience?: Patience;
  /** Told why it takes longer, when a request has to be made again or gets no answer for a while; each reason once while it lasts. */
  readonly onTrouble?: (reason: string) => void;
  /** Told of credentials, and of the data of every Secret that is read or written. */
  readonly learn?: Learn;
}

export interface ClusterStats {
  /** Everything sent, with repetitions, discovery and watches. */
  readonly requests: number;
  readonly connections: number;
  /** Operations that change something; dry runs and access reviews do not. */
  readonly writes: number;
  /** Calls of `list`, by `apiVersion kind`; pages and the lists of watches are not counted. */
  readonly lists: Readonly<Record<string, number>>;
}

export interface Cluster extends LockableCluster, PodLogs, PodPorts {
  /** What the person should know about this connection, one sentence each; about the clocks once something was answered. */
  readonly warnings: () => readonly string[];
  readonly stats: () => ClusterStats;
  /** Closes all connections and ends a credential plugin that runs. */
  readonly close: () => void;
}

/** Opens nothing yet: the first request finds out whether the cluster answers. */
export const openCluster = (target: ClusterTarget, options: OpenOptions = {}): Cluster => {
  const { timing = systemTiming, interactive = false, onTrouble, learn = learnNothing } = options;
  learnLogin(target, learn);
  const closed = new AbortController();
  const transport = createTransport(target, {
    credentials: createCredentials(target.login, {
      timing,
      interactive,
      signal: closed.signal,
      interrupted: options.signal,
      onTrouble,
      learn,
    }),
    timing,
    signal: options.signal,
    timeoutMs: options.timeoutMs ?? 30_000,
    silentMs: options.silentMs,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    patience: options.patience ?? { firstContactMs: 5_000, midRunMs: 60_000 },
    onTrouble,
    learn,
  });
  const discovery = createDiscovery(target.server, transport.send, timing);
  let writes = 0;
  const lists: Record<string, number> = {};
  const versions = new WeakMap<readonly KubeObject[], string>();
  const counted = {
    onWrite: () => {
      writes++;
    },
    onList: ({ apiVersion, kind }: ListQuery, list: readonly KubeObject[], version: string) => {
      const name = `${apiVersion} ${kind}`;
      lists[name] = (lists[name] ?? 0) + 1;
      versions.set(list, version);
    },
  };
  const { server } = target;
  const tools = { server, send: transport.send, discovery, timing, ...counted };
  const objects = createObjects(tools);
  const { get, create, replace, remove } = createObjects({
    server,
    send: transport.sendLease,
    discovery,
    timing,
    ...counted,
  });

  let account: Promise<Account> | undefined;
  const cluster: Cluster = {
    ...objects,
    ...createAccess(transport.send),
    identity: { context: target.context, server: target.server },
    account: () => {
      account ??= askAccount(transport.send, target.user).catch((error: unknown) => {
        account = undefined;
        throw error;
      });
      return account;
    },
    version: async () => {
      const expect = (body: unknown): boolean => typeof at(body, "gitVersion") === "string";
      const { body } = await transport.send({ method: "GET", path: "/version", expect });
      const text = String(at(body, "gitVersion"));
      return text.match(/(?<!\d)\d+\.\d+\.\d+/)?.[0] ?? text;
    },
    resource: (apiVersion, kind, fresh = false) =>
      discovery.find(apiVersion, kind, fresh ? 0 : Number.POSITIVE_INFINITY),
    resources: discovery.preferred,
    askPod: async ({ kind, namespace = "", name }, port, path) => {
      const plural = kind === "Service" ? "services" : "pods";
      const at =
        kind === "Node"
          ? `/api/v1/nodes/${encodeURIComponent(name)}/proxy`
          : `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}:${port}/proxy`;
      // Once: what the pod does not answer is told as what a server says that is not well.
      const { body } = await transport.send({ method: "GET", path: `${at}${path}`, isText: true, repeatable: false });
      return String(body);
    },
    askThrough: async ({ kind, namespace, name, port, host }) => {
      const plural = kind === "Pod" ? "pods" : "services";
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}:${port}/proxy/`;
      const asked = { method: "GET", path, host, isText: true, isCarried: true, repeatable: false } as const;
      const { status, headers, body } = await transport.send(asked);
      return { status, server: String(headers?.server ?? ""), body: String(body) };
    },
    logs: async ({ namespace, pod, container, previous, lines }) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
      const query = {
        container,
        previous: previous ? "true" : undefined,
        tailLines: String(lines),
        limitBytes: String(MOST_OF_A_LOG),
      };
      const { body } = await transport.send({
        method: "GET",
        path,
        query,
        accept: "application/json, */*",
        isText: true,
      });
      return String(body);
    },
    forward: (to, onTrouble) =>
      openForward(
        transport.upgrade,
        to,
        onTrouble,
        AbortSignal.any([closed.signal, ...(options.signal ? [options.signal] : [])]),
      ),
    logLines: (log, signal) => logLines(transport.stream, log, AbortSignal.any([signal, closed.signal])),
    watch: (query, signal, known = []) =>
      watch(query, AbortSignal.any([signal, closed.signal]), known, {
        server,
        send: transport.send,
        stream: transport.stream,
        discovery,
        timing,
        learn,
        versionOf: (list) => versions.get(list),
      }),
    skewMs: transport.skewMs,
    lease: { get, create, replace, remove },
    guarded: (permit) => ({ ...cluster, ...createObjects({ ...tools, permit }) }),
    warnings: () => [...target.warnings, ...clockWarning(transport.skewMs())],
    stats: () => ({ ...transport.counts(), writes, lists: { ...lists } }),
    close: () => {
      closed.abort();
      transport.close();
    },
  };
  return cluster;
};

/** Bytes. The server cuts what is newest, so it is more than the lines that are asked for have. */
const MOST_OF_A_LOG = 4 * 2 ** 20;

/** Our certificates begin five minutes in the past. */
const TOLERATED_SKEW_MS = 300_000;

const clockWarning = (skewMs = 0): readonly string[] => {
  if (Math.abs(skewMs) < TOLERATED_SKEW_MS) return [];
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return [
    skewMs < 0
      ? `This machine's clock is ${minutes} minutes ahead of the cluster's: a certificate that is made now is not valid there yet.`
      : `This machine's clock is ${minutes} minutes behind the cluster's: a certificate that the cluster makes now is not valid here yet.`,
  ];
};
