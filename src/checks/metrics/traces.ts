import { ok, skipped, warn } from "../../core/check.ts";
import { isOpenTelemetry } from "../../metrics/names.ts";
import { dataOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { configMap, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { CONFIG, NAMESPACE, releaseIn } from "./asked.ts";

const OLDER = configMap("config-tracing");
/** OpenTelemetry's port for http; gRPC has 4317 (OpenTelemetry protocol exporter). */
const HTTP_PORT = "4318";

export const tracesAsked = healthCheck({
  id: "observability.traces",
  title: "What is said of traces is what this release reads",
  needs: ["knative.installed"],
  reads: ["ConfigMap", "Namespace"],
  meaning:
    "Nothing is traced: since 1.19 ConfigMap config-tracing is no longer read, or the collector hears another protocol than is spoken.",
  todo: "Say it in config-observability: `tracing-protocol`, `tracing-endpoint`, `tracing-sampling-rate`.",
  run: async ({ cluster }) => {
    const [config, older, home] = await Promise.all([cluster.get(CONFIG), cluster.get(OLDER), cluster.get(NAMESPACE)]);
    const version = releaseIn(home);
    const { backend = "none" } = dataOf(older);
    if (version === undefined) return skipped("the namespace does not say which release this is");
    if (!isOpenTelemetry(version)) return ok(backend === "none" ? "off" : backend);
    const { "tracing-protocol": protocol = "none", "tracing-endpoint": endpoint = "" } = dataOf(config);
    if (protocol === "none" && backend !== "none")
      return warn(
        `traces are off: config-tracing, which asks for ${backend}, is no longer read since 1.19`,
        {
          text: "Say it there: tracing-protocol, tracing-endpoint and tracing-sampling-rate. This starts the pods of every Revision anew; Knative's own read it when they start.",
          command: sh`kubectl edit configmap config-observability -n ${KNATIVE}`,
        },
        { evidence: [{ object: OLDER, field: ".data.backend", observed: backend }] },
      );
    if (protocol === "grpc" && URL.parse(endpoint)?.port === HTTP_PORT)
      return warn(
        `traces go by gRPC to port ${HTTP_PORT}, where OpenTelemetry collectors take http`,
        {
          text: "Take http/protobuf, or the port for gRPC, 4317; see what the collector listens at.",
          command: sh`kubectl edit configmap config-observability -n ${KNATIVE}`,
        },
        { evidence: [{ object: CONFIG, field: '.data["tracing-endpoint"]', observed: endpoint }] },
      );
    return ok(protocol === "none" ? "off" : protocol);
  },
});
