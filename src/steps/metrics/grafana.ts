import { dashboardFor } from "../../metrics/dashboard.ts";
import { type KubeObject, listAt, textAt } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";

/** How a Grafana finds dashboards. */
export interface Sidecar {
  readonly label: string;
  readonly value: string;
  readonly namespace: string;
}

/**
 * The sidecar that Grafana's chart puts beside it (kiwigrid/k8s-sidecar): it takes ConfigMaps with a label for dashboards, from its own
 * namespace unless NAMESPACE says otherwise.
 */
const sidecarIn = (deployment: KubeObject): Sidecar | undefined => {
  for (const container of listAt(deployment, "spec", "template", "spec", "containers")) {
    const variables = listAt(container, "env");
    const value = (name: string): string | undefined =>
      textAt(
        variables.find((one) => textAt(one, "name") === name),
        "value",
      );
    const label = value("LABEL");
    if (!textAt(container, "image")?.includes("k8s-sidecar") || !label?.includes("dashboard")) continue;
    const looksIn = (value("NAMESPACE") ?? "").split(",").map((name) => name.trim());
    const isEverywhere = looksIn.includes("ALL") || looksIn.includes("knative-serving");
    const own = deployment.metadata.namespace ?? "";
    return {
      label,
      value: value("LABEL_VALUE") || "1",
      namespace: isEverywhere ? "knative-serving" : looksIn[0] || own,
    };
  }
  return undefined;
};

export const sidecarOf = (deployments: readonly KubeObject[]): Sidecar | undefined =>
  deployments.map(sidecarIn).find((found) => found !== undefined);

/** The dashboard as Grafana's sidecar takes it. */
export const dashboardObject = (
  { manifests, ingress }: Installation,
  { label, value, namespace }: Sidecar,
): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace, name: "knative-dashboard", labels: { [label]: value } },
  data: {
    "knative.json": JSON.stringify(dashboardFor(manifests.versions.serving ?? "", ingress.metrics), null, 2),
  },
});
