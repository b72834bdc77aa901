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
export const KIBANA = inLogging("apps/v1", "Deployment", "kibana");

/** What Fluent Bit shows its output. */
export const OUTPUT_CREDENTIALS = inLogging("v1", "Secret", "fluent-bit-credentials");
