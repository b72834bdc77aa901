import { ownerOf } from "../../kube/inventory.ts";
import { at, type KubeObject, VERSION_LABEL } from "../../ports/object.ts";

/** A part of the cluster that we would meet. */
export interface Component {
  readonly title: string;
  readonly version?: string;
  /** For people: `kn-bootstrap`, `Helm release istio-base`, `kubectl`. */
  readonly owner: string;
}

interface Known {
  readonly title: string;
  /** Its Deployment; of several the first that is there. */
  readonly deployments: readonly { readonly namespace?: string; readonly name: string }[];
}

export const KNATIVE = "Knative Serving";

const KNOWN: readonly Known[] = [
  { title: KNATIVE, deployments: [{ namespace: "knative-serving", name: "controller" }] },
  { title: "Kourier", deployments: [{ name: "net-kourier-controller" }] },
  { title: "Istio", deployments: [{ namespace: "istio-system", name: "istiod" }] },
  { title: "cert-manager", deployments: [{ name: "cert-manager" }] },
  { title: "external-dns", deployments: [{ name: "external-dns" }] },
];

/** In place of a list. Kourier comes with Knative. */
export const NOTHING_KNOWN = "no Knative, Istio, cert-manager or external-dns";

/** Who looks after an object, by the marks that installers leave on it. */
export const whose = (object: KubeObject): string => {
  const { annotations = {}, labels = {}, ownerReferences = [], managedFields = [] } = object.metadata;
  if (ownerOf(object) !== undefined) return "kn-bootstrap";
  const [owner] = ownerReferences;
  if (owner) return `${owner.kind} ${owner.name}`;
  const release = annotations["meta.helm.sh/release-name"];
  if (release) return `Helm release ${release}`;
  if (annotations["argocd.argoproj.io/tracking-id"] || labels["argocd.argoproj.io/instance"]) return "Argo CD";
  const flux = labels["kustomize.toolkit.fluxcd.io/name"] ?? labels["helm.toolkit.fluxcd.io/name"];
  if (flux) return `Flux ${flux}`;
  return managedFields.find(({ subresource }) => subresource === undefined)?.manager ?? "somebody else";
};

/** What of Knative, its neighbours and the things that write certificates and records is there already. */
export const componentsIn = (deployments: readonly KubeObject[]): readonly Component[] =>
  KNOWN.flatMap(({ title, deployments: names }) => {
    const found = deployments.find(({ metadata }) =>
      names.some(
        ({ namespace, name }) =>
          metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
      ),
    );
    if (!found) return [];
    const image = String(at(found, "spec", "template", "spec", "containers", 0, "image") ?? "");
    const version = found.metadata.labels?.[VERSION_LABEL] ?? /:v?(\d[\w.-]*)(@|$)/.exec(image)?.[1];
    return [{ title, ...(version ? { version: version.replace(/^v/, "") } : {}), owner: whose(found) }];
  });
