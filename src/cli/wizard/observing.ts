import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { CHOICES } from "../../config/options.ts";
import { isOpenTelemetry } from "../../metrics/names.ts";
import { sizeOf } from "../../ports/bounded.ts";
import type { Store } from "../../steps/logging/existing/store.ts";
import type { Memory } from "../../steps/logging/memory.ts";
import { problemWith, readAs } from "./naming.ts";
import type { Choice, Known, Question } from "./question.ts";
import { needsEndpoint } from "./settle.ts";
import { gigabytes } from "./sight-text.ts";

interface Way extends Choice {
  readonly written: Written;
}

/** `4 GiB of memory, and 100 MiB on each node` */
const memoryText = ({ once, eachNode }: Memory): string => {
  const nodes = `${sizeOf(eachNode)}${once === 0 ? " of memory" : ""} on each node`;
  return once === 0 ? nodes : `${sizeOf(once)} of memory, and ${nodes}`;
};

const OUTPUTS = ["loggingOutput", "loggingUrl"] as const;
/** What is said about logs beside what becomes of them. */
const BESIDE = CHOICES.filter(({ belongsTo = [] }) => belongsTo.includes("logging")).map(({ key }) => key);
const OWNS = ["logging", ...new Set([...BESIDE, ...OUTPUTS])] as const;

const those = (values: Written, keys: readonly (keyof Config)[]): Written =>
  Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));

/** The same once more with all that was said about it, another one without. */
const besides = ({ before }: Known, logging: Config["logging"]): Written =>
  before.logging === logging ? those(before, OWNS) : {};

/** Where it sends to, and what it has to show there. */
const sending = ({ url, shown }: Store): string =>
  shown.length === 0 ? `sends to ${url}.` : `sends to ${url}, with ${shown.join(", ")}.`;

/** What can become of logs here; first nothing. */
const loggingWays = (known: Known): readonly Way[] => {
  const { stores, nodes, logMemory } = known.sight;
  const light = memoryText(logMemory["fluent-bit"]);
  const output = those(besides(known, "fluent-bit"), OUTPUTS);
  const others = stores.filter(({ url }) => url !== output.loggingUrl);
  return [
    { id: "none", title: "None", hint: "Requests are not logged.", written: { logging: "none" } },
    {
      id: "request-logs",
      title: "Lines in the logs of the Services' own pods",
      hint: "Nothing is installed for it.",
      written: { logging: "request-logs" },
    },
    ...others.map((store) => ({
      id: `fluent-bit ${store.url}`,
      title: `Fluent Bit, to the ${store.title} that is here`,
      hint: `It asks for ${light}, and ${sending(store)}`,
      written: {
        ...besides(known, "fluent-bit"),
        logging: "fluent-bit",
        loggingOutput: store.output,
        loggingUrl: store.url,
      } as const,
    })),
    {
      id: "fluent-bit",
      title: output.loggingUrl ? `Fluent Bit, to ${output.loggingUrl}` : "Fluent Bit, to its own log",
      hint: `It asks for ${light}. Where else it sends to, says the file that is printed at the end: logging-output, logging-url.`,
      written: { ...besides(known, "fluent-bit"), logging: "fluent-bit" },
    },
    {
      id: "elasticsearch",
      title: "Elasticsearch and Kibana in this cluster",
      hint: `They ask for ${memoryText(logMemory.elasticsearch)}${nodes ? `; the nodes have ${gigabytes(nodes.memory)}` : ""}.`,
      written: { ...besides(known, "elasticsearch"), logging: "elasticsearch" },
    },
  ];
};

export const logging: Question = {
  id: "logging",
  title: "Logs",
  owns: OWNS,
  isAsked: () => true,
  ask: async (known, asker) => {
    const ways = loggingWays(known);
    const { id } = await asker.choice({
      message: "Which logs of requests are kept?",
      help: "Turning them on or off later replaces the pods of every Service.",
      initial: known.before.logging ?? "none",
      forms: 1,
      choices: ways,
    });
    return ways.find((way) => way.id === id)?.written ?? {};
  },
};

const metricsWays = ({ sight, before }: Known): readonly Way[] => {
  const { isMonitored, collectors, knative } = sight;
  const [collector] = collectors;
  return [
    { id: "none", title: "None", hint: "Neither Knative nor requests are measured.", written: { metrics: "none" } },
    {
      id: "prometheus",
      title: "Prometheus reads them",
      hint: isMonitored
        ? "Its operator is here, and is told where to read."
        : "Its operator is not here: pods carry the annotations prometheus.io/scrape and prometheus.io/port.",
      written: { metrics: "prometheus" },
    },
    // OpenCensus speaks no OTLP.
    ...(knative === undefined || isOpenTelemetry(knative.version)
      ? [
          {
            id: "otlp",
            title: "OpenTelemetry: they are sent to a collector",
            hint: collector ? `One is here, at ${collector}.` : "Its URL is asked for next.",
            written: { ...those(before, ["metricsEndpoint"]), metrics: "otlp" } as const,
          },
        ]
      : []),
  ];
};

export const metrics: Question = {
  id: "metrics",
  title: "Metrics",
  owns: ["metrics", "metricsEndpoint"],
  isAsked: () => true,
  ask: async (known, asker) => {
    const ways = metricsWays(known);
    const before = known.before.metrics ?? "none";
    const { id } = await asker.choice({
      message: "Where do metrics go?",
      help: "Turning them on or off later replaces the pods of Knative and of every Service.",
      initial: ways.some((way) => way.id === before) ? before : "none",
      forms: 1,
      choices: ways,
    });
    return ways.find((way) => way.id === id)?.written ?? {};
  },
};

export const endpoint: Question = {
  id: "endpoint",
  title: "Collector",
  owns: ["metricsEndpoint"],
  isAsked: ({ written }) => needsEndpoint(written),
  ask: async ({ sight, before, written }, asker) => {
    const text = await asker.text({
      message: "Where does the collector take metrics?",
      help: "http://HOST:4318/v1/metrics, or http://HOST:4317 for gRPC.",
      initial: before.metricsEndpoint ?? sight.collectors[0] ?? "",
      problem: (typed) =>
        problemWith("metricsEndpoint", typed, (value) => ({ ...written, metricsEndpoint: String(value) })),
    });
    return { metricsEndpoint: String(readAs("metricsEndpoint", text)) };
  },
};
