import type { ObjectRef } from "../../ports/object.ts";

/** The namespace of whatever collects and keeps logs. */
export const LOGGING = "kube-logging";

const inLogging = (apiVersion: string, kind: string, name: string): ObjectRef => ({
  apiVersion,
  kind,
  namespace: LOGGING,
  name,
});

export const FLUENT_BIT = inLogging("apps/v1", "DaemonSet", "fluent-bit");
export const FILEBEAT = inLogging("apps/v1", "DaemonSet", "filebeat");
export const ELASTICSEARCH = inLogging("apps/v1", "StatefulSet", "elasticsearch");
/** Claims of its pods: the StatefulSet makes them without an owner. */
export const STORED = new RegExp(`^data-${ELASTICSEARCH.name}-\\d+$`);
export const KIBANA = inLogging("apps/v1", "Deployment", "kibana");

/** Passwords and certificates of Elasticsearch, Kibana and Filebeat. */
export const ELASTIC_CREDENTIALS = inLogging("v1", "Secret", "elastic-credentials");
/** Asks Elasticsearch for the log of the proof's request. */
export const PROOF_JOB = inLogging("batch/v1", "Job", "logging-proof");

/** Has Kibana take what people look at, and give it out again. */
export const VIEWS_JOB = inLogging("batch/v1", "Job", "kibana-views");
/** `id`: of the data view and of the search in it. */
export const VIEWS = { id: "knative-requests", configMap: "kibana-views" } as const;

/** What Fluent Bit shows its output. */
export const OUTPUT_CREDENTIALS = inLogging("v1", "Secret", "fluent-bit-credentials");
