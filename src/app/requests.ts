import { setTimeout as sleep } from "node:timers/promises";
import { NAMESPACE, releaseIn } from "../checks/metrics/asked.ts";
import { toldBy } from "../checks/metrics/exported.ts";
import type { ReadContext } from "../core/check.ts";
import { type Answer, queryPath, resultIn } from "../metrics/answers.ts";
import { dialectOf, recentRequests } from "../metrics/queries.ts";
import { REQUESTS_PORT } from "../metrics/settings.ts";
import { samplesOf } from "../metrics/text.ts";
import { ApiError, BrokenAnswer } from "../ports/cluster.ts";
import { at, type KubeObject, refOf, textAt } from "../ports/object.ts";
import { readable } from "../ports/readable.ts";

/** What was measured of the requests to a Service. */
export interface Requests {
  readonly count: number;
  /** Answered with 5xx. */
  readonly errors: number;
  /** `5m`: the last five minutes, from a Prometheus. `pods`: since its pods that run now have started, from these. */
  readonly since: "5m" | "pods";
}

/** By `namespace/name` of a Service; what is not known is not there. */
export type MeasuredRequests = ReadonlyMap<string, Requests>;

const MINUTES = 5;
/** Each takes a question of its own. */
const MOST_PODS = 50;
const MOST_SERVERS = 3;
/** Somebody waits for the status: what takes longer is not known. */
const PATIENCE_MS = 3_000;

const portsOf = (service: KubeObject): readonly unknown[] => {
  const ports = at(service, "spec", "ports");
  return Array.isArray(ports) ? ports : [];
};

/** As the charts, the operator and Prometheus' own manifests name them. */
const isPrometheus = ({ metadata: { name, labels = {} } }: KubeObject): boolean =>
  labels["app.kubernetes.io/name"] === "prometheus" ||
  labels["operated-prometheus"] === "true" ||
  ["prometheus", "prometheus-server", "prometheus-k8s", "prometheus-operated"].includes(name);

const portOf = (service: KubeObject): number | undefined => {
  const found =
    portsOf(service).find((port) => ["http-web", "web", "http"].includes(textAt(port, "name"))) ?? portsOf(service)[0];
  const port = at(found, "port");
  return typeof port === "number" ? port : undefined;
};

/** Undefined: nobody answered in time, or the account may not ask. */
const quietly = async <T>(asking: Promise<T>): Promise<T | undefined> => {
  try {
    return await Promise.race([asking, sleep(PATIENCE_MS, undefined, { ref: false })]);
  } catch (error) {
    if (error instanceof ApiError || error instanceof BrokenAnswer) return undefined;
    throw error;
  }
};

const fromPrometheus = async (
  { cluster }: ReadContext,
  service: KubeObject,
  version: string,
): Promise<MeasuredRequests | undefined> => {
  const port = portOf(service);
  if (port === undefined) return undefined;
  const ask = async (query: string) => {
    return resultIn((await quietly(cluster.askPod(refOf(service), port, queryPath(query)))) ?? "");
  };
  const { all, failed } = recentRequests(version, MINUTES);
  const [counts, errors] = await Promise.all([ask(all), ask(failed)]);
  if (!counts || !errors || counts.length === 0) return undefined;
  const labels = dialectOf(version);
  const idOf = ({ metric }: Answer): string => `${metric[labels.namespace]}/${metric[labels.service]}`;
  const wrong = new Map(errors.map((answer) => [idOf(answer), answer.value]));
  return new Map(
    counts
      .filter(({ value }) => Number.isFinite(value))
      .map((answer) => [
        idOf(answer),
        { count: Math.round(answer.value), errors: Math.round(wrong.get(idOf(answer)) ?? 0), since: "5m" },
      ]),
  );
};

const fromPods = async (ctx: ReadContext, version: string): Promise<MeasuredRequests> => {
  const pods = (await readable(ctx.cluster.list({ apiVersion: "v1", kind: "Pod", labelSelector: OF_SERVICES }))) ?? [];
  const running = pods.filter((pod) => at(pod, "status", "phase") === "Running").slice(0, MOST_PODS);
  const { counted, code } = dialectOf(version);
  const found = new Map<string, Requests>();
  await Promise.all(
    running.map(async (pod) => {
      const told = await quietly(toldBy(ctx, refOf(pod), REQUESTS_PORT));
      if (!told || !("text" in told)) return;
      const id = `${pod.metadata.namespace}/${pod.metadata.labels?.[OF_SERVICES]}`;
      const before = found.get(id) ?? { count: 0, errors: 0 };
      const samples = samplesOf(told.text, counted);
      const sum = (some: typeof samples): number => some.reduce((all, { value }) => all + value, 0);
      found.set(id, {
        count: before.count + sum(samples),
        errors: before.errors + sum(samples.filter(({ labels }) => labels[code]?.startsWith("5"))),
        since: "pods",
      });
    }),
  );
  return found;
};

const OF_SERVICES = "serving.knative.dev/service";

/** From the first Prometheus that has something to say of them, else from the pods themselves. Says nothing of what it cannot read. */
export const readRequests = async (ctx: ReadContext): Promise<MeasuredRequests> => {
  const version = releaseIn(await ctx.cluster.get(NAMESPACE));
  if (version === undefined) return new Map();
  const services = (await readable(ctx.cluster.list({ apiVersion: "v1", kind: "Service" }))) ?? [];
  const servers = services.filter(isPrometheus).slice(0, MOST_SERVERS);
  const found = await Promise.all(servers.map((service) => fromPrometheus(ctx, service, version)));
  return found.find((one) => one !== undefined) ?? fromPods(ctx, version);
};
