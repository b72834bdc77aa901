import { MANAGER, ownerOf } from "../../kube/inventory.ts";
import { at, isRecord, type KubeObject, textAt, VERSION_LABEL } from "../../ports/object.ts";
import type { Reader } from "../../ports/reader.ts";
import { LOCAL } from "./names.ts";

/** What of Istio stands in a cluster, whoever made it: told by what runs, since names, namespaces and labels differ between installers. */

export type Labels = Readonly<Record<string, string>>;

/** A control plane. */
export interface Istiod {
  readonly deployment: KubeObject;
  /** `default` where it has no other. */
  readonly revision: string;
  /** The names that stand for the revision besides: `istio.io/rev: prod` in place of `istio.io/rev: 1-28-3`. */
  readonly tags: readonly string[];
  /** Of Istio, `1.28.3`; undefined where neither label nor image says it. */
  readonly version: string | undefined;
  /** Made by us, or taken over. */
  readonly isOurs: boolean;
}

/** Pods that are Envoys of their own and no sidecars, and a Service before them. */
export interface FoundGateway {
  readonly service: KubeObject;
  /** `namespace/name` of the Service, as --istio-gateway takes it. */
  readonly id: string;
  /** Of the Service, and of its pods. */
  readonly namespace: string;
  /** Of the Service: what chooses the same pods in a Gateway. */
  readonly selector: Labels;
  /** The Deployment or DaemonSet of the pods. */
  readonly workload: KubeObject;
  /** Of its pods, but for what is added when they are made. */
  readonly labels: Labels;
  /** The ServiceAccount of its pods, in the same namespace. */
  readonly account: string;
  /** What they are told by; undefined where that cannot be seen. */
  readonly istiod: Istiod | undefined;
}

export interface FoundIstio {
  readonly istiods: readonly Istiod[];
  /** Sorted by their ids; what leads out of the mesh is among them. */
  readonly gateways: readonly FoundGateway[];
}

const INJECTED = "inject.istio.io/templates";
const REVISION = "istio.io/rev";
const TAG = "istio.io/tag";
/** Made by istiod for the Gateway API, and made anew by it. */
const OF_GATEWAY_API = ["gateway.networking.k8s.io/gateway-name", "istio.io/gateway-name"];
/** On a Service for names inside the cluster: ports of the Gateway are those of its pods (istio pilot/pkg/model/gateway.go). */
const UNTRANSLATED = "experimental.istio.io/disable-gateway-port-translation";

const WORKLOADS = ["Deployment", "DaemonSet"];

export const findIstio = async (reader: Pick<Reader, "list">): Promise<FoundIstio> => {
  const [workloads, services, injectors] = await Promise.all([
    Promise.all(WORKLOADS.map((kind) => reader.list("apps/v1", kind))),
    reader.list("v1", "Service"),
    reader.list("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
  ]);
  const all = workloads.flat();
  const istiods = all.filter(isIstiod).map((deployment) => istiodOf(deployment, injectors));
  return {
    istiods,
    gateways: all
      .filter(isGateway)
      .flatMap((workload) => gatewaysOf(workload, services, istiods))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
};

/** Which one is meant; undefined where it cannot be told. */
const named = (revision: string, istiods: readonly Istiod[]): Istiod | undefined =>
  istiods.find((istiod) => istiod.revision === revision || istiod.tags.includes(revision)) ??
  (istiods.length === 1 ? istiods[0] : undefined);

/** Whether an object is one that this program has made, or taken over. */
const isMadeByUs = (object: KubeObject): boolean =>
  ownerOf(object) !== undefined || object.metadata.managedFields?.some(({ manager }) => manager === MANAGER) === true;

/** Whether labels are such that a selector chooses what bears them. A selector that names nothing chooses all. */
export const isChosen = (labels: Labels, selector: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

/** A map of texts; what is none is left out. */
export const labelsIn = (found: unknown): Labels =>
  Object.fromEntries(
    Object.entries(isRecord(found) ? found : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );

const podOf = (workload: KubeObject, ...path: readonly string[]): Labels =>
  labelsIn(at(workload, "spec", "template", ...path));

const containersOf = (workload: KubeObject): readonly unknown[] => {
  const found = at(workload, "spec", "template", "spec", "containers");
  return Array.isArray(found) ? found : [];
};

/** By its label, which every installer sets: the container may be named as it likes. */
const isIstiod = ({ kind, metadata: { labels } }: KubeObject): boolean =>
  kind === "Deployment" && labels?.app === "istiod";

const istiodOf = (deployment: KubeObject, injectors: readonly KubeObject[]): Istiod => {
  const revision = deployment.metadata.labels?.[REVISION] ?? "default";
  const tags = injectors.flatMap(({ metadata: { labels = {} } }) =>
    labels[REVISION] === revision && labels[TAG] !== undefined ? [labels[TAG]] : [],
  );
  return {
    deployment,
    revision,
    tags: [...new Set(tags)].sort(),
    version: versionOf(deployment),
    isOurs: isMadeByUs(deployment),
  };
};

const versionOf = (deployment: KubeObject): string | undefined => {
  const images = containersOf(deployment).map((container) => textAt(container, "image"));
  const said = [deployment.metadata.labels?.[VERSION_LABEL] ?? "", ...images.map((image) => image.split("@")[0])];
  return said.map((text) => /(?:^|:)v?(1\.\d+\.\d+)(?![\d.])/.exec(text ?? "")?.[1]).find(Boolean);
};

/** An Envoy that is the pod's only purpose: it says so itself, or istiod makes it one by its template. */
const isGateway = (workload: KubeObject): boolean =>
  !OF_GATEWAY_API.some((label) => label in podOf(workload, "metadata", "labels")) &&
  containersOf(workload).some((container) => {
    const args = at(container, "args");
    const isRouter = Array.isArray(args) && args.includes("router");
    const isInjected = podOf(workload, "metadata", "annotations")[INJECTED]?.split(",").includes("gateway");
    return textAt(container, "name") === "istio-proxy" && (isRouter || isInjected === true);
  });

const gatewaysOf = (
  workload: KubeObject,
  services: readonly KubeObject[],
  istiods: readonly Istiod[],
): readonly FoundGateway[] => {
  const labels = podOf(workload, "metadata", "labels");
  const account = textAt(workload, "spec", "template", "spec", "serviceAccountName") || "default";
  const istiod = named(labels[REVISION] ?? "default", istiods);
  const { namespace = "" } = workload.metadata;
  return services.flatMap((service) => {
    const selector = labelsIn(at(service, "spec", "selector"));
    const isBefore =
      service.metadata.namespace === namespace &&
      Object.keys(selector).length > 0 &&
      isChosen(labels, selector) &&
      service.metadata.name !== LOCAL.name &&
      service.metadata.labels?.[UNTRANSLATED] === undefined &&
      hasPort(service, 80);
    const id = `${namespace}/${service.metadata.name}`;
    return isBefore ? [{ service, id, namespace, selector, workload, labels, account, istiod }] : [];
  });
};

const hasPort = (service: KubeObject, number: number): boolean => {
  const ports = at(service, "spec", "ports");
  return (Array.isArray(ports) ? ports : []).some((port) => at(port, "port") === number);
};

/** What leads out of the mesh, by the name that its pods have for Istio: `egressgateway`. */
const leadsOut = ({ labels }: FoundGateway): boolean => /^egress/.test(labels.istio ?? "");

const isOpen = ({ service }: FoundGateway): boolean =>
  ["LoadBalancer", "NodePort"].includes(textAt(service, "spec", "type"));

/** Gateways through which something may come in: those that only the cluster reaches count where there are no others. */
export const entrances = ({ gateways }: FoundIstio): readonly FoundGateway[] => {
  const inward = gateways.filter((gateway) => !leadsOut(gateway));
  const open = inward.filter(isOpen);
  return open.length > 0 ? open : inward;
};
