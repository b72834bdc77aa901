import { CONTROL_PORT } from "../../metrics/settings.ts";
import { at, isRecord, type KubeObject } from "../../ports/object.ts";
import type { Choice, Transform } from "../part.ts";

/** Of the pods: what they were told about metrics when they were made. */
const TOLD = "kn-bootstrap/metrics";

/** What Prometheus goes by that finds pods itself, in the words of its own example configuration. */
const SCRAPED = {
  "prometheus.io/scrape": "true",
  "prometheus.io/port": String(CONTROL_PORT),
  "prometheus.io/path": "/metrics",
};

/** Everything in this namespace is built on knative.dev/pkg, controllers of ingresses included. */
const isOfKnative = ({ kind, metadata }: KubeObject): boolean =>
  kind === "Deployment" && metadata.namespace === "knative-serving";

/**
 * Since 1.19 Knative's processes read what is said of metrics when they start, and never again (knative.dev/pkg injection/sharedmain,
 * SetupObservabilityOrDie): what is told goes into the pods, so that they are made anew when it changes. Without Prometheus' operator their
 * annotations say besides where they are to be read.
 */
export const telling = ({ config: { metrics, metricsEndpoint }, isMonitored }: Choice): Transform => {
  const told = { none: undefined, prometheus: metrics, otlp: `${metrics} ${metricsEndpoint}` }[metrics];
  if (told === undefined) return (object) => object;
  const own = { [TOLD]: told, ...(metrics === "prometheus" && !isMonitored ? SCRAPED : {}) };
  return (object) => {
    if (!isOfKnative(object)) return object;
    const copy = structuredClone(object);
    const metadata = at(copy, "spec", "template", "metadata");
    if (isRecord(metadata))
      metadata.annotations = { ...(isRecord(metadata.annotations) ? metadata.annotations : {}), ...own };
    return copy;
  };
};
