import { ok, skipped, timeOfReading, warn } from "../../core/check.ts";
import { askedOf } from "../../metrics/settings.ts";
import { dataOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { CONFIG, NAMESPACE, releaseIn } from "./asked.ts";
import { isReady } from "./exported.ts";
import { failingIn } from "./failing.ts";

/** Of Knative's processes: it runs always, and knows of every request that waits. */
const ASKED = "activator";
/** It is sent once a minute; what is older has been mended since. */
const RECENT_MS = 3 * 60_000;

/** What the logs say: whether it arrives can be asked of few stores. */
export const metricsSent = healthCheck({
  id: "observability.sent",
  title: "What Knative measures can be sent",
  needs: ["observability.metrics"],
  reads: ["ConfigMap", "Namespace", "Pod", "logs"],
  meaning: "Metrics are lost: they are sent, and nobody takes them. Only the logs of Knative's processes say so.",
  todo: "See what the endpoint says, whether it takes OTLP by the protocol that is spoken, and whether its name is known in every namespace.",
  run: async (ctx) => {
    const [config, home] = await Promise.all([ctx.cluster.get(CONFIG), ctx.cluster.get(NAMESPACE)]);
    const version = releaseIn(home);
    const data = dataOf(config);
    if (version === undefined) return skipped("the namespace does not say which release this is");
    if (!["grpc", "http/protobuf"].includes(askedOf(data, version).control)) return skipped("nothing is sent");
    const endpoint = data["metrics-endpoint"] ?? "";
    const pods = await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace: KNATIVE });
    const pod = pods.find((one) => one.metadata.labels?.app === ASKED && isReady(one));
    if (!pod) return skipped(`no pod of the ${ASKED} is ready`);
    const failing = await failingIn(ctx, pod, ASKED);
    const isOver = failing?.at !== undefined && timeOfReading(ctx) - failing.at.getTime() > RECENT_MS;
    if (!failing || isOver) return ok(`the ${ASKED} says of no failure to send to ${endpoint}`);
    return warn(
      `the ${ASKED} could not send what it measures: ${failing.why}`,
      {
        text: "Give the endpoint at which it is taken; what it says now:",
        command: sh`kubectl logs ${pod.metadata.name} -n ${KNATIVE} -c ${ASKED} --tail 50`,
      },
      { evidence: [{ object: CONFIG, field: '.data["metrics-endpoint"]', observed: endpoint }] },
    );
  },
});
