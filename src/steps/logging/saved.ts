import { VIEWS } from "../../checks/logging/names.ts";
import type { KubeObject } from "../../ports/object.ts";
import { configMap } from "./objects.ts";

export const TITLE = "Knative requests";
export const FILE = "objects.ndjson";

const COLUMNS = [
  "kubernetes.labels.serving_knative_dev/service",
  "http.request.method",
  "url.original",
  "http.response.status_code",
  "knative.latency.seconds",
  "kubernetes.labels.serving_knative_dev/revision",
];

/** A data view, and a search in it, as Kibana exports them. */
const saved = (): readonly object[] => {
  const source = {
    query: {
      language: "kuery",
      query: 'kubernetes.container.name : "queue-proxy" and knative.httpRequest.requestMethod : *',
    },
    filter: [],
    indexRefName: "kibanaSavedObjectMeta.searchSourceJSON.index",
  };
  return [
    {
      type: "index-pattern",
      id: VIEWS.id,
      attributes: { title: "filebeat-*", name: TITLE, timeFieldName: "@timestamp" },
      references: [],
    },
    {
      type: "search",
      id: VIEWS.id,
      attributes: {
        title: TITLE,
        description: "Requests to Knative Services, as queue-proxy logs them",
        columns: COLUMNS,
        sort: [["@timestamp", "desc"]],
        kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify(source) },
      },
      references: [{ name: source.indexRefName, type: "index-pattern", id: VIEWS.id }],
    },
  ];
};

/** One object a line. */
export const viewsObject = (): KubeObject =>
  configMap(VIEWS.configMap, {
    [FILE]: saved()
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(""),
  });
