import type { KubeObject, ObjectRef } from "../../ports/object.ts";

export const SERVING = "knative-serving";

/** Knative Serving's controller decides at its start whether it asks cert-manager for anything (serving cmd/controller/main.go). */
export const KNATIVE_CONTROLLER: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: SERVING,
  name: "controller",
};

/**
 * The same objects without the fields: applied under the same manager, they take them back. config-network is not among them, as every way
 * to TLS applies its own part of that.
 */
export const CONFIGURED: readonly KubeObject[] = [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: SERVING, name: "config-certmanager" } },
  { apiVersion: "apps/v1", kind: "Deployment", metadata: { namespace: SERVING, name: KNATIVE_CONTROLLER.name } },
];
