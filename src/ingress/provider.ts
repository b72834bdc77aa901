import type { Product } from "../kube/product.ts";
import type { KubeObject, ObjectRef } from "../ports/object.ts";

/** NodePorts of `--expose nodeport`; kind-config.yaml maps the host's 80 and 443 to them. */
export const NODE_PORTS = { http: 31080, https: 31443 } as const;

/** Where the certificate of the gateway is, and a fingerprint that changes with it. */
export interface GatewayCertificate {
  readonly secret: { readonly namespace: string; readonly name: string };
  readonly fingerprint: string;
}

/** What the installation must know of an ingress. */
export interface IngressProvider {
  readonly id: string;
  /** For people: `Kourier`. */
  readonly title: string;
  /** Value of `ingress-class` in config-network. */
  readonly className: string;
  /** Component of manifests/releases.yaml and the asset that installs it. */
  readonly component: string;
  readonly asset: string;
  /** The Service that the records point at. */
  readonly service: ObjectRef;
  /** Deployments that must be available before anything is routed. */
  readonly deployments: readonly ObjectRef[];
  /** What its processes make and leave. */
  readonly products: readonly Product[];
  /** Changes to the release's own objects that are known before planning. */
  readonly transform: (
    object: KubeObject,
    options: { readonly expose: "loadbalancer" | "nodeport"; readonly configMapKeys: boolean },
  ) => KubeObject;
  /**
   * Objects (partial: only the fields they add) that make the gateway serve a certificate and take it up now. `configMapKeys`:
   * whether this version reads it from its ConfigMap.
   */
  readonly serveCertificate: (
    certificate: GatewayCertificate,
    options: { readonly configMapKeys: boolean },
  ) => readonly KubeObject[];
}
