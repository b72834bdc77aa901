/** Every active namespace has the ServiceAccount default and the ConfigMap kube-root-ca.crt. */

import type { Obj } from "../../types.ts";
import type { Cluster } from "./index.ts";
import { createWorkQueue } from "./work-queue.ts";

const MANAGER = "kube-controller-manager";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export function provideAccounts({ api, ca }: Cluster): () => void {
  const queue = createWorkQueue(async (namespace) => {
    const object = api.get({ apiVersion: "v1", kind: "Namespace", name: namespace });
    if (!object || object.metadata.deletionTimestamp !== undefined) return;
    const account: Obj = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
    const root: Obj = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-root-ca.crt", namespace, annotations: { "kubernetes.io/description": DESCRIPTION } },
      data: { "ca.crt": ca },
    };
    for (const wanted of [account, root]) {
      const { apiVersion, kind, metadata } = wanted;
      if (!api.get({ apiVersion, kind, namespace, name: metadata.name })) await api.create(MANAGER, wanted);
    }
  });
  const off = api.onChange(({ type, object }) => {
    if (object.kind === "Namespace" && object.apiVersion === "v1" && type === "ADDED") queue.add(object.metadata.name);
    const mine = object.kind === "ServiceAccount" ? "default" : object.kind === "ConfigMap" ? "kube-root-ca.crt" : undefined;
    if (type === "DELETED" && mine === object.metadata.name && object.metadata.namespace) queue.add(object.metadata.namespace);
  });
  for (const namespace of api.list("v1", "Namespace")) queue.add(namespace.metadata.name);
  return () => {
    off();
    queue.stop();
  };
}
