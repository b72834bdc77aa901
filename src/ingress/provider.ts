import type { Check } from "../core/check.ts";
import type { Product } from "../kube/product.ts";
import type { Kind } from "../kube/snapshot.ts";
import type { GatewayMetrics } from "../metrics/gateway.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import type { KubeObject, ObjectRef } from "../ports/object.ts";

/** What the gateway is to serve. */
export interface Want {
  /** The certificate's Secret, where it is kept. */
  readonly secret: { readonly namespace: string; readonly name: string };
  /** Changes with the certificate. */
  readonly fingerprint: string;
  /** `tls.crt` and `tls.key` in base64, for a gateway that needs a copy of the Secret in another namespace. */
  readonly data: Readonly<Record<string, string>>;
  /** What plain http does. */
  readonly http: "redirect" | "enabled";
}

/** What is written so that the gateway serves, in this order. */
export interface Serving {
  /** Whole objects: copies of the Secret, and those of the release that say what is served. No other step writes them. */
  readonly objects: readonly KubeObject[];
  /** Fields of objects that another step makes. Without a `Want` the objects stand here with no field, so that what was set is taken back. */
  readonly fields: readonly KubeObject[];
  /** Keys of config-network, by the names that the newest release has for them. */
  readonly network: Readonly<Record<string, string>>;
}

/** The release that is installed or runs. */
export interface IngressRelease {
  /** Where it keeps a setting, as manifests/releases.yaml says. */
  readonly setting: (name: string) => { readonly configMap: string } | { readonly deployment: string };
  /** The ingress's objects, transformed. Empty for a command that changes a part of what runs and reads no release. */
  readonly ingress: readonly KubeObject[];
}

export interface IngressAsset {
  readonly component: string;
  readonly asset: string;
  /** The object whose label says which version runs; the namespace of the gateway's Service where it is left out. */
  readonly versionAt?: ObjectRef;
}

/** An ingress of which somebody else's may stand in the cluster already: it is used, and stays as it is. */
export interface Adoption {
  /** Where the gateway is known by its Service alone, `namespace/name`: for what changes a part of what runs. */
  readonly at: (gateway: string) => IngressProvider;
  /**
   * What is in the cluster; `gateway`: which one was asked for. Undefined: nothing of others. Throws UserError with exit code 2 for what is
   * there and cannot be used, and where it cannot be told which of several gateways is meant.
   */
  readonly find: (cluster: ClusterRead, gateway: string | undefined) => Promise<IngressProvider | undefined>;
}

/** What is about to be installed. */
export interface Intent {
  /** By component. */
  readonly versions: Readonly<Record<string, string>>;
  /** The gateway itself gets a certificate, for every name. */
  readonly servesTls: boolean;
}

/** What the installation must know of an ingress. */
export interface IngressProvider<Id extends string = string> {
  readonly id: Id;
  /** For people: `Kourier`. */
  readonly title: string;
  /** Why somebody would choose it, for the wizard. */
  readonly hint?: string;
  /** Value of `ingress-class` in config-network. */
  readonly className: string;
  /** The component of manifests/releases.yaml whose version names it. */
  readonly component: string;
  /** The files that install it, with their components. */
  readonly assets: readonly IngressAsset[];
  /** The Service that the records point at. */
  readonly service: ObjectRef;
  /** Deployments that must be available before anything is routed. */
  readonly deployments: readonly ObjectRef[];
  /** What its processes make and leave. */
  readonly products: readonly Product[];
  /** Of its objects, the kinds that no other release has. */
  readonly kinds?: readonly Kind[];
  /** What must hold before the first change, besides what must for every ingress. */
  readonly preflight?: (intent: Intent) => Promise<readonly Check[]>;
  /** Absent: there is no such thing as somebody else's. */
  readonly adoption?: Adoption;
  /** The gateway is somebody else's: its Service, `namespace/name`. */
  readonly gateway?: string;
  /** Whether an object of the release is in the cluster already, from somebody else and as good. Absent: none is. */
  readonly isThere?: (object: KubeObject) => boolean;
  /** Changes to the release's own objects that are known before planning (rule 1). */
  readonly transform: (
    object: KubeObject,
    options: { readonly expose: "loadbalancer" | "nodeport"; readonly setting: IngressRelease["setting"] },
  ) => KubeObject;
  /** What `--profile small` makes of an object, for a laptop. Absent: it is small. */
  readonly small?: (object: KubeObject) => KubeObject;
  /** What its gateway measures. Absent: nothing that is known. */
  readonly metrics?: GatewayMetrics;
  /** Whether it is a mesh as well, into which `--mesh` takes Knative. */
  readonly mesh?: true;
  /** Everything that makes the gateway serve a certificate now and redirect http; with `undefined`, what takes it back. */
  readonly serve: (want: Want | undefined, release: IngressRelease) => Serving;
}
