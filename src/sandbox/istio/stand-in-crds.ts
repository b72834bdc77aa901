import { type Labels, minorOf, object } from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";

/** The kinds of Istio: `area kind plural short-name`, and which versions each has had. */

const KINDS = [
  "security AuthorizationPolicy authorizationpolicies ap",
  "networking DestinationRule destinationrules dr",
  "networking EnvoyFilter envoyfilters",
  "networking Gateway gateways gw",
  "security PeerAuthentication peerauthentications pa",
  "networking ProxyConfig proxyconfigs",
  "security RequestAuthentication requestauthentications ra",
  "networking ServiceEntry serviceentries se",
  "networking Sidecar sidecars",
  "telemetry Telemetry telemetries telemetry",
  "networking VirtualService virtualservices vs",
  "extensions WasmPlugin wasmplugins",
  "networking WorkloadEntry workloadentries we",
  "networking WorkloadGroup workloadgroups wg",
];

/** Where the stored one has a star. */
const versionsOf = (area: string, kind: string, minor: number): string => {
  if (kind === "EnvoyFilter") return "v1alpha3*";
  if (kind === "ProxyConfig") return "v1beta1*";
  if (kind === "WasmPlugin") return "v1alpha1*";
  if (kind === "Telemetry") return minor >= 22 ? "v1 v1alpha1*" : "v1alpha1*";
  if (area === "security") {
    if (minor < 22 && kind === "PeerAuthentication") return "v1beta1*";
    return minor >= 28 ? "v1* v1beta1" : "v1 v1beta1*";
  }
  if (minor < 22) return "v1alpha3* v1beta1";
  return minor >= 27 ? "v1* v1alpha3 v1beta1" : "v1 v1alpha3 v1beta1*";
};

/** The policies' short name came with 1.22. */
const shortNames = (short: string | undefined, minor: number): object =>
  short === undefined || (short === "ap" && minor < 22) ? {} : { shortNames: [short] };

const labelsOf = (area: string, version: string): Labels => {
  const minor = minorOf(version);
  if (minor >= 24)
    return {
      "app.kubernetes.io/instance": "istio",
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/part-of": "istio",
      "app.kubernetes.io/version": version,
      "helm.sh/chart": `base-${version}`,
    };
  return {
    app: "istio-pilot",
    chart: "istio",
    heritage: "Tiller",
    release: "istio",
    ...(area === "security" || area === "telemetry" ? { istio: area } : {}),
    ...(minor < 22 ? { "knative.dev/crd-install": "true" } : {}),
  };
};

/** Holds whatever it is given: istiod's webhook looks at what matters. */
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

export const istioCrds = (version: string): readonly Obj[] =>
  KINDS.map((text) => {
    const [area = "", kind = "", plural, short] = text.split(" ");
    const group = `${area}.istio.io`;
    const versions = versionsOf(area, kind, minorOf(version))
      .split(" ")
      .map((name) => ({
        name: name.replace("*", ""),
        served: true,
        storage: name.endsWith("*"),
        subresources: { status: {} },
        schema: { openAPIV3Schema: anything },
      }));
    const names = {
      kind,
      listKind: `${kind}List`,
      plural,
      singular: kind.toLowerCase(),
      categories: ["istio-io", `${area}-istio-io`],
      ...shortNames(short, minorOf(version)),
    };
    return object("apiextensions.k8s.io/v1 CustomResourceDefinition", `${plural}.${group}`, labelsOf(area, version), {
      spec: { group, names, scope: "Namespaced", versions },
    });
  });
