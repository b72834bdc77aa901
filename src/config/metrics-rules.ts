import type { Rule } from "./rule.ts";

/** What is asked of metrics, and where they are to go. */
export const METRICS_RULES: readonly Rule[] = [
  {
    id: "config.metrics-endpoint",
    broken: ({ metrics, metricsEndpoint }) => {
      if ((metrics === "otlp") === (metricsEndpoint !== undefined)) return undefined;
      return metrics === "otlp"
        ? {
            what: "--metrics otlp needs --metrics-endpoint.",
            why: "It says where they are sent.",
            between: ["metrics", "metricsEndpoint"],
            remedy: "Give --metrics-endpoint http://HOST:4318/v1/metrics.",
          }
        : {
            what: `--metrics-endpoint does not go with --metrics ${metrics}.`,
            why: "Nothing is sent anywhere.",
            between: ["metrics", "metricsEndpoint"],
            remedy: "Leave it out, or choose --metrics otlp.",
          };
    },
  },
];
