import { type Check, fail, ok, type ReadContext, warn } from "../../core/check.ts";
import { dialectOf } from "../../metrics/queries.ts";
import { REQUESTS_PORT } from "../../metrics/settings.ts";
import { samplesOf } from "../../metrics/text.ts";
import { type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { isReady, toldBy } from "./exported.ts";

/** Of a Knative Service. */
export const podsOf = ({ cluster }: ReadContext, { namespace = "", name }: ObjectRef): Promise<readonly KubeObject[]> =>
  cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector: `serving.knative.dev/service=${name}` });

/**
 * What a Service answers is counted by its pod. `wake`: asks the Service through the gateway, so that it has a pod and something to count.
 * @param version of Serving
 */
export const requestsMeasured = (service: ObjectRef, version: string, wake: Check["run"]): Check => ({
  id: "metrics.requests",
  title: "What it answers is counted",
  run: async (ctx, memory) => {
    const { namespace = "" } = service;
    const pods = await podsOf(ctx, service);
    const look = { text: "Look at its pods.", command: sh`kubectl get pods ${inNamespace(namespace)} -o wide` };
    const again = async (summary: string) => {
      const woken = await wake(ctx, memory);
      return "remedy" in woken ? woken : fail(summary, look);
    };
    const pod = pods.find(isReady);
    if (!pod) return again("waiting until one of its pods is ready");
    const told = await toldBy(ctx, refOf(pod), REQUESTS_PORT);
    if ("unknown" in told)
      return warn(`unknown: the API server was to ask a pod, and could not: ${told.unknown}`, {
        text: "It takes the right to get pods/proxy, and a server that reaches pods; see whether Prometheus gets them.",
      });
    if ("refused" in told)
      return fail(`pod ${namespace}/${pod.metadata.name} shows no metrics of requests at port ${REQUESTS_PORT}`, {
        text: "Its queue-proxy was told otherwise when it started; what it is told:",
        command: sh`kubectl get configmap config-observability -n knative-serving -o yaml`,
      });
    const count = samplesOf(told.text, dialectOf(version).counted).reduce((sum, { value }) => sum + value, 0);
    return count === 0
      ? again("waiting until its pod has counted a request")
      : ok(`${count === 1 ? "1 request is" : `${count} requests are`} counted at port ${REQUESTS_PORT} of its pod`);
  },
});
