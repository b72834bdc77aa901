import { type Labels, object, service } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { istioCrds } from "../stand-in-crds.ts";
import { controlPlane, ingressGateway, namespace } from "./pieces.ts";

/** OpenShift Service Mesh, as its operators leave a cluster that is to have Serverless (its documentation, "Integrating Service Mesh"). */

const SPACE = "istio-system";
const RED_HAT = "registry.redhat.io/openshift-service-mesh";
const DIGEST = `sha256:${"0".repeat(64)}`;

const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const kind = (group: string, version: string, name: string, scope: "Namespaced" | "Cluster"): Obj => {
  const plural = `${name.toLowerCase()}s`;
  return object(
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
    `${plural}.${group}`,
    {},
    {
      spec: {
        group,
        names: { kind: name, listKind: `${name}List`, plural, singular: name.toLowerCase() },
        scope,
        versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: anything } }],
      },
    },
  );
};

const of = (owner: string, component: string): Labels => ({
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/instance": SPACE,
  "app.kubernetes.io/managed-by": owner,
  "app.kubernetes.io/part-of": "istio",
});

/** One control plane of version 2.6 (Istio 1.20); `members`: the namespaces that it looks at. */
export const serviceMesh2 = (members = ["knative-serving", "kn-bootstrap", "default"]): readonly Obj[] => {
  const labels = { ...of("maistra-istio-operator", "istiod"), "maistra.io/owner": SPACE, "maistra-version": "2.6.6" };
  return [
    namespace(SPACE),
    ...istioCrds("1.20.8"),
    kind("maistra.io", "v2", "ServiceMeshControlPlane", "Namespaced"),
    kind("maistra.io", "v1", "ServiceMeshMemberRoll", "Namespaced"),
    object(
      "maistra.io/v2 ServiceMeshControlPlane",
      `${SPACE}/basic`,
      {},
      {
        spec: {
          version: "v2.6",
          profiles: ["default"],
          gateways: {
            ingress: { service: { type: "LoadBalancer", metadata: { labels: { knative: "ingressgateway" } } } },
          },
          proxy: { networking: { trafficControl: { inbound: { excludedPorts: [8444, 8022] } } } },
        },
      },
    ),
    object("maistra.io/v1 ServiceMeshMemberRoll", `${SPACE}/default`, {}, { spec: { members } }),
    ...controlPlane({
      space: SPACE,
      version: "1.20.8",
      revision: "basic",
      name: "istiod-basic",
      labels,
      image: `${RED_HAT}/pilot-rhel8@${DIGEST}`,
      injector: `istiod-basic-${SPACE}`,
      validator: `istio-validator-basic-${SPACE}`,
      isDefault: true,
    }),
    ...(["ingress", "egress"] as const).flatMap((way) =>
      ingressGateway({
        space: SPACE,
        name: `istio-${way}gateway`,
        is: { app: `istio-${way}gateway`, istio: `${way}gateway` },
        labels: { ...labels, ...(way === "ingress" ? { knative: "ingressgateway" } : {}) },
        podLabels: { "istio.io/rev": "basic" },
        account: `istio-${way}gateway-service-account`,
        image: `${RED_HAT}/proxyv2-rhel9@${DIGEST}`,
        targets: [8080, 8443],
        type: way === "ingress" ? "LoadBalancer" : "ClusterIP",
      }),
    ),
  ];
};

const SERVING_INGRESS = "knative-serving-ingress";

/** One control plane of version 3.1 (Istio 1.26), and a gateway in a namespace of its own, whose Services bear no labels. */
export const serviceMesh3 = (): readonly Obj[] => {
  const labels = { ...of("sail-operator", "istiod"), "app.kubernetes.io/version": "1.26.4" };
  const is = { knative: "ingressgateway" };
  const name = "knative-istio-ingressgateway";
  return [
    namespace(SPACE),
    ...istioCrds("1.26.4"),
    kind("sailoperator.io", "v1", "Istio", "Cluster"),
    kind("sailoperator.io", "v1", "IstioRevision", "Cluster"),
    object(
      "sailoperator.io/v1 Istio",
      "default",
      {},
      {
        spec: { namespace: SPACE, version: "v1.26-latest", updateStrategy: { type: "InPlace" } },
      },
    ),
    object("sailoperator.io/v1 IstioRevision", "default", {}, { spec: { namespace: SPACE, version: "v1.26.4" } }),
    ...controlPlane({
      space: SPACE,
      version: "1.26.4",
      revision: "default",
      name: "istiod",
      labels,
      image: `${RED_HAT}/istio-pilot-rhel9@${DIGEST}`,
      injector: "istio-sidecar-injector",
      validator: `istio-validator-${SPACE}`,
    }),
    namespace(SERVING_INGRESS, { "istio-injection": "enabled" }),
    ...ingressGateway({
      space: SERVING_INGRESS,
      name,
      is,
      labels: {},
      account: name,
      targets: [8080, 8443],
      serviceLabels: {},
    }),
    service(
      `${SERVING_INGRESS}/knative-local-gateway`,
      { "experimental.istio.io/disable-gateway-port-translation": "true" },
      "knative=ingressgateway",
      "http2:80>8081/TCP",
    ),
  ];
};
