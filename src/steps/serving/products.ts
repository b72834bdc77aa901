import type { Product } from "../../kube/product.ts";
import type { ObjectRef } from "../../ports/object.ts";

const NAMESPACE = "knative-serving";
const process = (name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: NAMESPACE,
  name,
});

/** One for each reconciler and bucket: `<component>.<queue>.00-of-01` (knative.dev/pkg leaderelection/context.go). */
export const leases = (deployment: string, name: RegExp): Product => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: NAMESPACE,
  name,
  maker: process(deployment),
});

/** The autoscaler's address for what the activators count (serving pkg/autoscaler/statforwarder/leases.go, bucket/bucket.go). */
const bucket = (apiVersion: string, kind: string): Product => ({
  apiVersion,
  kind,
  namespace: NAMESPACE,
  name: /^autoscaler-bucket-\d\d-of-\d\d$/,
  maker: process("autoscaler"),
});

/** What Serving's processes make and leave. */
export const products: readonly Product[] = [
  bucket("v1", "Service"),
  // Behind that Service: Endpoints until 1.21, an EndpointSlice since 1.22.
  bucket("v1", "Endpoints"),
  bucket("discovery.k8s.io/v1", "EndpointSlice"),
  bucket("coordination.k8s.io/v1", "Lease"),
  // cmd/controller/main.go; the certificates of the control protocol, from knative.dev/control-protocol and then networking, until 1.12.
  leases("controller", /^controller\.knative\.dev\.(serving|control-protocol|networking)\.pkg\..+\.\d\d-of-\d\d$/),
  // cmd/webhook/main.go; the types are those of knative.dev/pkg/webhook.
  leases("webhook", /^webhook\.(webhookcertificates|(defaulting|validation|configmap)webhook)\.\d\d-of-\d\d$/),
  // cmd/domain-mapping and cmd/domain-mapping-webhook, until 1.10.
  leases("domain-mapping", /^domainmapping\.knative\.dev\.serving\.pkg\..+\.\d\d-of-\d\d$/),
  leases(
    "domainmapping-webhook",
    /^domainmapping-webhook\.(webhookcertificates|(defaulting|validation)webhook)\.\d\d-of-\d\d$/,
  ),
  // Keys and certificates that a controller makes for Knative Certificates, and keeps when these go (pkg/reconciler/certificate since 1.15).
  {
    apiVersion: "v1",
    kind: "Secret",
    name: /./,
    label: "networking.internal.knative.dev/certificate-uid",
    maker: process("controller"),
  },
  // One for each namespace that namespace-wildcard-cert-selector names; the Namespace is its owner (pkg/reconciler/nscert).
  {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "Certificate",
    name: /./,
    label: "networking.knative.dev/wildcardDomain",
    maker: process("controller"),
    goesWithKind: true,
  },
];
