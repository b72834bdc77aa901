import { isOwnedBy, keysOfKind, refAt, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";

/**
 * What the container `migrate` of Serving's post-install Job does: for each CRD it names, the storage version becomes the
 * only stored version (knative.dev/pkg/apiextensions/storageversion).
 */
export const storageMigration = ({ api }: Stage): Reconciler => ({
  name: "storage-version-migration",
  keys: (event) => (event.object.status?.phase === "Succeeded" ? keysOfKind(event, "v1", "Pod") : []),
  reconcile: async (key) => {
    const pod = api.get(refAt("v1", "Pod", key));
    const job = pod && api.list("batch/v1", "Job", pod.metadata.namespace).find((owner) => isOwnedBy(pod, owner));
    if (!pod || !job) return undefined;
    const names: string[] = (pod.spec.containers as Obj[])
      .filter((container) => container.name === "migrate")
      .flatMap((container) => container.args ?? []);
    for (const name of names) {
      await api.update(
        "migrate",
        { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name },
        (draft) => {
          const stored = draft.spec.versions.find((version: Obj) => version.storage);
          draft.status = { ...draft.status, storedVersions: [stored.name] };
        },
        { subresource: "status" },
      );
    }
    return undefined;
  },
});
