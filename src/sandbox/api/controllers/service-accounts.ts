/** Every active namespace has the ServiceAccount default and the ConfigMap kube-root-ca.crt. */

import type { Obj } from "../../types.ts";
import { A_MOMENT, createWorkQueue } from "../work-queue.ts";
import type { Cluster } from "./cluster.ts";

const MANAGER = "kube-controller-manager";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Resolves when the namespaces that are there are complete. */
export async function provideAccounts({ client, ca }: Cluster): Promise<() => void> {
  const provide = async (namespace: string): Promise<void> => {
    const object = client.get({ apiVersion: "v1", kind: "Namespace", name: namespace });
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
      if (!client.get({ apiVersion, kind, namespace, name: metadata.name })) await client.create(MANAGER, wanted);
    }
  };
  const queue = createWorkQueue(provide, A_MOMENT);
  const off = client.onChange(({ type, object }) => {
    const { name, namespace } = object.metadata;
    if (object.kind === "Namespace" && type === "ADDED") queue.add(name);
    const ours =
      (object.kind === "ServiceAccount" && name === "default") ||
      (object.kind === "ConfigMap" && name === "kube-root-ca.crt");
    if (type === "DELETED" && ours && namespace !== undefined) queue.add(namespace);
  });
  await Promise.all(client.list("v1", "Namespace").map((namespace) => provide(namespace.metadata.name)));
  return () => {
    off();
    queue.stop();
  };
}
