import type { Product } from "../../kube/product.ts";
import type { ObjectRef } from "../../ports/object.ts";
import { ACCOUNT } from "./issuer.ts";
import { NAMESPACE } from "./names.ts";

const process = (name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: NAMESPACE,
  name,
});

/** The manifest starts both with --leader-election-namespace=kube-system, which no uninstall takes away. */
const lease = (deployment: string, name: string): Product => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: "kube-system",
  name,
  maker: process(deployment),
});

/** What the processes of a cert-manager from its release manifest make and leave. */
export const certManagerProducts: readonly Product[] = [
  // cmd/controller/app/controller.go, cmd/cainjector/app/controller.go; their names are in the manifest's Roles.
  lease("cert-manager", "cert-manager-controller"),
  lease("cert-manager-cainjector", "cert-manager-cainjector-leader-election"),
  // The webhook's --dynamic-serving-ca-secret-name.
  {
    apiVersion: "v1",
    kind: "Secret",
    namespace: NAMESPACE,
    name: "cert-manager-webhook-ca",
    maker: process("cert-manager-webhook"),
  },
];

/** For our own issuer, in the namespace where cert-manager looks for its Secrets. */
export const accountKey: Product = {
  apiVersion: "v1",
  kind: "Secret",
  name: ACCOUNT,
  maker: process("cert-manager"),
};
