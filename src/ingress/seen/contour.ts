import { at, dataOf, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import { behind } from "./behind.ts";
import { placeOf, serviceAt, settingIn } from "./places.ts";
import type { SeenIngress } from "./seen.ts";

/** As net-contour reads it (pkg/reconciler/contour/config/contour.go). */
export const CONTOUR_CONFIG: ObjectRef = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name: "config-contour",
};

/** For names outside the cluster, then those inside, each with the Service of its Envoy where nothing is set. */
export const VISIBILITIES = { ExternalIP: "contour-external/envoy", ClusterLocal: "contour-internal/envoy" } as const;

/** The Service of the Envoy for these names. Undefined: what is set names none. */
export const envoyFor = (
  config: KubeObject | undefined,
  visibility: keyof typeof VISIBILITIES,
): ObjectRef | undefined => {
  const set = settingIn(dataOf(config).visibility);
  const place = placeOf(set === undefined ? VISIBILITIES[visibility] : at(set, visibility, "service"));
  return place && serviceAt(place);
};

/** The certificate of every name that has none of its own. */
export const defaultSecret = (config: KubeObject | undefined): ObjectRef | undefined => {
  const place = placeOf(dataOf(config)["default-tls-secret"]);
  return place && { apiVersion: "v1", kind: "Secret", ...place };
};

const deployment = (namespace: string, name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace,
  name,
});

export const contour: SeenIngress = {
  id: "contour",
  title: "Contour",
  className: "contour.ingress.networking.knative.dev",
  controller: deployment("knative-serving", "net-contour-controller"),
  look: async (cluster) => {
    const config = await cluster.get(CONTOUR_CONFIG);
    const service = envoyFor(config, "ExternalIP") ?? serviceAt({ namespace: "contour-external", name: "envoy" });
    const { deployments, daemonSets } = await behind(cluster, service);
    return {
      deployments: [contour.controller, deployment(service.namespace ?? "", "contour"), ...deployments],
      daemonSets,
      service,
      secret: defaultSecret(config),
    };
  },
};
