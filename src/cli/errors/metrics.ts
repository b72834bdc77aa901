import { type Errors, input } from "./row.ts";

/** Of metrics. */
export const metrics: Errors = {
  "config.metrics-endpoint": input(
    "--metrics-endpoint and --metrics otlp go together, and one of them is not there.",
    "The endpoint says where metrics are sent; in every other case nothing is sent.",
    "Give both, or neither.",
  ),
  "metrics.otlp": input(
    "--metrics otlp does not go with this version of Knative.",
    "Since 1.19 Knative speaks OpenTelemetry; before, it was OpenCensus, which nothing takes any more.",
    "Choose --metrics prometheus, or a newer Knative.",
  ),
};
