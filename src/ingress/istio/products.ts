import { ownerOf } from "../../kube/inventory.ts";
import type { Product } from "../../kube/product.ts";
import type { Snapshot } from "../../kube/snapshot.ts";
import type { ObjectRef } from "../../ports/object.ts";
import { controller, ISTIO, istiod, KNATIVE, webhook } from "./names.ts";

/** One for each reconciler and bucket (knative.dev/pkg leaderelection/context.go). */
const leases = (maker: ObjectRef, name: RegExp): Product => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: KNATIVE,
  name,
  maker,
});

/** The locks of istiod's parts, some of them by revision (istio pilot/pkg/leaderelection/leaderelection.go). */
const LOCK =
  /^istio-(((gateway|gateway-status|gateway-deployment|status|analyze)-)?leader|(namespace|serviceexport|validation|clustertrustbundle)-controller-election|gateway-deployment|gateway-inferencepool|node-untaint|ip-autoallocate)(-[\w.-]+)?$/;
/** What makes a lock of a ConfigMap (client-go tools/leaderelection/resourcelock, LeaderElectionRecordAnnotationKey). */
const LEADER = "control-plane.alpha.kubernetes.io/leader";

/** Whether there is an istiod of others, of whichever revision and name. */
const isTheirs = async (live: Snapshot): Promise<boolean> =>
  (await live.labelled("apps/v1", "Deployment", "istio.io/rev")).some(
    (object) => object.metadata.labels?.app === "istiod" && ownerOf(object) === undefined,
  );

/** What istiod makes. */
const made = (
  apiVersion: string,
  kind: string,
  rest: Pick<Product, "name" | "namespace" | "label" | "annotation">,
): Product => ({
  apiVersion,
  kind,
  ...rest,
  maker: istiod,
  isTheirs,
});

/** What the processes of net-istio and of Istio make and leave. */
export const products: readonly Product[] = [
  leases(controller, /^net-istio-controller\.knative\.dev\.net-istio\.pkg\.reconciler\..+\.\d\d-of-\d\d$/),
  leases(webhook, /^net-istio-webhook\.(webhookcertificates|(defaulting|validation|configmap)webhook)\.\d\d-of-\d\d$/),
  // Its root certificate, which it puts into every namespace (pilot/pkg/serviceregistry/kube/controller/namespacecontroller.go).
  made("v1", "ConfigMap", { name: /^istio-ca-root-cert$/, label: "istio.io/config" }),
  made("v1", "ConfigMap", { name: LOCK, namespace: ISTIO, annotation: LEADER }),
  made("coordination.k8s.io/v1", "Lease", { name: LOCK, namespace: ISTIO }),
  // The key that it signs with, where it has no other.
  made("v1", "Secret", { name: "istio-ca-secret", namespace: ISTIO }),
];
