import { type Check, fail, ok, type ReadContext, warn } from "../../core/check.ts";
import { CONTROL_PORT } from "../../metrics/settings.ts";
import { ApiError } from "../../ports/cluster.ts";
import { conditionOf, type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";

/** Whose pods are asked: those that every release has. */
const ASKED = ["activator", "autoscaler", "controller", "webhook"];

/** What a port of a pod answers, or why it cannot be known. */
export type Told = { readonly text: string } | { readonly refused: string } | { readonly unknown: string };

/** Metrics as a pod shows them. The API server asks on our behalf, in plain http. */
export const toldBy = async (
  { cluster }: Pick<ReadContext, "cluster">,
  pod: ObjectRef,
  port: number,
  path = "/metrics",
): Promise<Told> => {
  try {
    return { text: await cluster.askPod(pod, port, path) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Nothing listens there: with a firewall between the two the server says something else.
    if (error.status === 503 && /connection refused/.test(error.message)) return { refused: error.message };
    return { unknown: error.message };
  }
};

export const isReady = (pod: KubeObject): boolean =>
  !pod.metadata.deletionTimestamp && conditionOf(pod, "Ready")?.status === "True";

/** Knative's own processes show what they measure. */
export const metricsExported: Check = {
  id: "metrics.exported",
  title: "Knative shows what it measures",
  run: async (ctx) => {
    const pods = (await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace: KNATIVE })).filter(isReady);
    const asked = ASKED.flatMap((app) => pods.find(({ metadata }) => metadata.labels?.app === app) ?? []);
    if (asked.length < ASKED.length)
      return fail("waiting until the pods of Knative are ready", {
        text: "Look at them.",
        command: sh`kubectl get pods -n ${KNATIVE}`,
      });
    for (const pod of asked) {
      const told = await toldBy(ctx, refOf(pod), CONTROL_PORT);
      if ("refused" in told)
        return fail(`pod ${KNATIVE}/${pod.metadata.name} shows no metrics at port ${CONTROL_PORT}`, {
          text: "It reads what is said of metrics when it starts: start it anew.",
          command: sh`kubectl delete pod ${pod.metadata.name} -n ${KNATIVE}`,
        });
      if ("unknown" in told)
        return warn(`unknown: the API server was to ask a pod, and could not: ${told.unknown}`, {
          text: "It takes the right to get pods/proxy, and a server that reaches pods; see whether Prometheus gets them.",
        });
    }
    return ok(`at port ${CONTROL_PORT} of ${ASKED.join(", ")}`);
  },
};
