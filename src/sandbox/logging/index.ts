import type { Part } from "../part.ts";
import { type Counted, collecting, countsOf } from "./collector.ts";
import { askingWork } from "./elasticsearch.ts";
import { filebeat } from "./filebeat.ts";
import { fluentBit } from "./fluent-bit.ts";
import { queried } from "./queries.ts";
import { createStore } from "./store.ts";

/** Of Fluent Bit's own server. */
const METRICS = 2020;

/**
 * Collectors of logs, which read the log files of their nodes, and what they send to: a store that keeps records and is asked for a text.
 * It is no larger than what the product calls, and says nothing of Elasticsearch, Kibana, Loki or OpenSearch themselves.
 */
export const logging: Part = {
  name: "logging",
  standIns: {},
  play: (ground) => {
    const store = createStore();
    const counted: Counted = new Map();
    return {
      reconcilers: [
        collecting(ground, fluentBit(ground, store), counted),
        collecting(ground, filebeat(ground, store), new Map()),
      ],
      workOf: askingWork(ground, store),
      stored: ({ metadata: { namespace, labels } }) =>
        namespace === "kube-logging" && labels?.["app.kubernetes.io/name"] === "elasticsearch"
          ? JSON.stringify(store.in("kube-logging/elasticsearch")).length
          : undefined,
      answers: (pod, port, path) => {
        const isOwn = port === METRICS && pod.metadata.labels?.["app.kubernetes.io/name"] === "fluent-bit";
        if (!isOwn) return queried(ground.stage.api, store, pod, path);
        const { records, retries } = countsOf(counted, pod);
        return JSON.stringify({ output: { "out.0": { proc_records: records, retries, errors: 0 } } });
      },
    };
  },
};
