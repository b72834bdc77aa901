import { type Labels, labels, object } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";

interface Definition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly short?: readonly string[];
  readonly scope?: "Cluster";
  /** Ducks: what others may do with these objects without knowing their kind. */
  readonly ducks?: readonly string[];
  /** What `kubectl get` shows beside the name: `Name .path`. */
  readonly columns?: readonly string[];
}

const READY = [
  "Ready .status.conditions[?(@.type=='Ready')].status",
  "Reason .status.conditions[?(@.type=='Ready')].reason",
];
const LATEST = ["LatestCreated .status.latestCreatedRevisionName", "LatestReady .status.latestReadyRevisionName"];
const URL = "URL .status.url";

const NETWORKING = { group: "networking.internal.knative.dev", version: "v1alpha1" };
const AUTOSCALING = { group: "autoscaling.internal.knative.dev", version: "v1alpha1" };
const CACHING = { group: "caching.internal.knative.dev", version: "v1alpha1" };
const SERVING = { group: "serving.knative.dev", version: "v1" };

const DEFINITIONS: readonly Definition[] = [
  { ...NETWORKING, kind: "Certificate", plural: "certificates", short: ["kcert"] },
  {
    ...SERVING,
    kind: "Configuration",
    plural: "configurations",
    short: ["config", "cfg"],
    ducks: ["podspecable"],
    columns: [...LATEST, ...READY],
  },
  { ...NETWORKING, kind: "ClusterDomainClaim", plural: "clusterdomainclaims", short: ["cdc"], scope: "Cluster" },
  { ...SERVING, version: "v1beta1", kind: "DomainMapping", plural: "domainmappings", short: ["dm"] },
  { ...NETWORKING, kind: "Ingress", plural: "ingresses", short: ["kingress", "king"] },
  { ...AUTOSCALING, kind: "Metric", plural: "metrics" },
  { ...AUTOSCALING, kind: "PodAutoscaler", plural: "podautoscalers", short: ["kpa", "pa"] },
  { ...SERVING, kind: "Revision", plural: "revisions", short: ["rev"], columns: READY },
  { ...SERVING, kind: "Route", plural: "routes", short: ["rt"], ducks: ["addressable"], columns: [URL, ...READY] },
  { ...NETWORKING, kind: "ServerlessService", plural: "serverlessservices", short: ["sks"] },
  {
    ...SERVING,
    kind: "Service",
    plural: "services",
    short: ["kservice", "ksvc"],
    ducks: ["addressable", "podspecable"],
    columns: [URL, ...LATEST, ...READY],
  },
  { ...CACHING, kind: "Image", plural: "images" },
];

/** Holds whatever it is given: the schemas are upstream's work, and the rehearsal's webhooks look at what matters. */
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const columnOf = (text: string) => {
  const [name = "", jsonPath = ""] = text.split(" ");
  return { name, type: "string", jsonPath };
};

const areaOf = (group: string): string => group.split(".")[0] ?? "";

const definition = (version: string, item: Definition): Obj => {
  const area = areaOf(item.group);
  const ours = labels(version, area === "networking" ? "networking" : undefined);
  const ducks: Labels = Object.fromEntries((item.ducks ?? []).map((duck) => [`duck.knative.dev/${duck}`, "true"]));
  return object(
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
    `${item.plural}.${item.group}`,
    { ...ours, "knative.dev/crd-install": "true", ...ducks },
    {
      spec: {
        group: item.group,
        names: {
          kind: item.kind,
          plural: item.plural,
          singular: item.kind.toLowerCase(),
          categories: area === "serving" ? ["all", "knative", "serving"] : ["knative-internal", area],
          ...(item.short ? { shortNames: item.short } : {}),
        },
        scope: item.scope ?? "Namespaced",
        versions: [
          {
            name: item.version,
            served: true,
            storage: true,
            subresources: { status: {} },
            ...(item.columns ? { additionalPrinterColumns: item.columns.map(columnOf) } : {}),
            schema: { openAPIV3Schema: { type: "object", properties: { spec: anything, status: anything } } },
          },
        ],
      },
    },
  );
};

/** serving-crds.yaml; serving-core.yaml repeats it. */
export const servingCrds = (version: string): readonly Obj[] => DEFINITIONS.map((item) => definition(version, item));
