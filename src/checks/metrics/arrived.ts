import { type Check, type Finding, fail, ok, type ReadContext, warn } from "../../core/check.ts";
import { queryPath, resultIn } from "../../metrics/answers.ts";
import { sentRequests } from "../../metrics/queries.ts";
import { OTLP_RECEIVER } from "../../metrics/settings.ts";
import { ApiError } from "../../ports/cluster.ts";
import { describe, type ObjectRef } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";
import { type Listening, serviceIn } from "../service-in-url.ts";
import { type Failing, failingIn } from "./failing.ts";
import { podsOf } from "./requests.ts";

/** The Prometheus of this cluster that an endpoint leads to. Undefined: it is another store, which has no words that we know. */
export const prometheusAt = (endpoint: string): Listening | undefined => {
  const found = serviceIn(endpoint);
  return found?.path.endsWith(OTLP_RECEIVER)
    ? { ...found, path: found.path.slice(0, -OTLP_RECEIVER.length) }
    : undefined;
};

/** Of its pods, and of the activator, which sends to the same place and stays. */
const lastFailing = async (ctx: ReadContext, service: ObjectRef): Promise<Failing | undefined> => {
  const activator = { apiVersion: "v1", kind: "Pod", namespace: KNATIVE, labelSelector: "app=activator" };
  const [pods, activators] = await Promise.all([podsOf(ctx, service), ctx.cluster.list(activator)]);
  const found = await Promise.all([
    ...pods.map((pod) => failingIn(ctx, pod, "queue-proxy")),
    ...activators.map((pod) => failingIn(ctx, pod, "activator")),
  ]);
  return found.find((failing) => failing !== undefined);
};

/**
 * What a Service answers is counted where its pod sends it: in a Prometheus that takes OTLP. `wake`: asks the Service through the gateway, so
 * that it has a pod and something to count.
 * @param version of Serving
 */
export const requestsArrived = (
  service: ObjectRef,
  version: string,
  { service: store, port, path }: Listening,
  wake: Check["run"],
): Check => ({
  id: "metrics.arrived",
  title: "What it answers is counted where metrics go",
  pollMs: 1_000,
  run: async (ctx, memory) => {
    const where = describe(store);
    const unknown = (why: string): Finding =>
      warn(`unknown: ${where} was to be asked through the API server, and could not: ${why}`, {
        text: "It takes the right to get services/proxy, and a Prometheus that wants no password; see there whether metrics arrive.",
      });
    try {
      const answer = await ctx.cluster.askPod(store, port, `${path}${queryPath(sentRequests(version, service.name))}`);
      const count = resultIn(answer)?.reduce((sum, { value }) => sum + value, 0);
      if (count === undefined) return unknown("it answers as no Prometheus does");
      if (count > 0) return ok(`${count === 1 ? "1 request has" : `${count} requests have`} arrived in ${where}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 503) return unknown(error.message);
    }
    const woken = await wake(ctx, memory);
    if ("remedy" in woken) return woken;
    const failing = await lastFailing(ctx, service);
    return fail(
      failing
        ? `what is measured could not be sent: ${failing.why}`
        : `waiting until ${where} has what its pod has counted: it is sent once a minute`,
      {
        text: "See whether it takes OTLP.",
        command: sh`kubectl get pods ${inNamespace(store.namespace ?? "")} -o wide`,
      },
    );
  },
});
