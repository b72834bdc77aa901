import { keysOfKind, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Api, Obj } from "../types.ts";
import { recordEvent } from "./events.ts";

const STORAGE = "storage.k8s.io/v1";
const DEFAULT = "storageclass.kubernetes.io/is-default-class";
const MANAGER = "kube-controller-manager";

/** Makes the claims of a StatefulSet's pods, by `TEMPLATE-POD`; they have no owner and stay (pkg/controller/statefulset). */
export const claimsOf = (set: Obj, pod: string): readonly Obj[] =>
  ((set.spec.volumeClaimTemplates ?? []) as Obj[]).map((template) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: `${template.metadata.name}-${pod}`,
      namespace: set.metadata.namespace ?? "",
      labels: { ...template.metadata.labels, ...set.spec.selector?.matchLabels },
    },
    spec: template.spec,
  }));

/** Binds claims of which the StorageClass is there, and says why where it is not (pkg/controller/volume/persistentvolume). */
export const claims = (stage: Stage): Reconciler => {
  const { api } = stage;
  const classOf = (claim: Obj): Obj | undefined => {
    const all = api.list(STORAGE, "StorageClass");
    const name = claim.spec.storageClassName;
    return name === undefined
      ? all.find(({ metadata }) => metadata.annotations?.[DEFAULT] === "true")
      : all.find(({ metadata }) => metadata.name === name);
  };
  return {
    name: "persistentvolume-binder",
    keys: (event) => [
      ...keysOfKind(event, "v1", "PersistentVolumeClaim"),
      ...(event.object.kind === "StorageClass"
        ? api.list("v1", "PersistentVolumeClaim").map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
        : []),
    ],
    reconcile: async (key) => {
      const claim = api.get(refAt("v1", "PersistentVolumeClaim", key));
      if (!claim || claim.metadata.deletionTimestamp || claim.status?.phase === "Bound") return undefined;
      const found = classOf(claim);
      if (!found) {
        const asked = claim.spec.storageClassName;
        const message = asked
          ? `storageclass.storage.k8s.io "${asked}" not found`
          : "no persistent volumes available for this claim and no storage class is set";
        const [type, reason] = asked ? ["Warning", "ProvisioningFailed"] : ["Normal", "FailedBinding"];
        await recordEvent(api, "persistentvolume-controller", claim, type as "Warning", reason as string, message);
        return undefined;
      }
      await api.update(MANAGER, refOf(claim), (draft) => {
        draft.spec = { ...draft.spec, storageClassName: found.metadata.name, volumeName: `pvc-${claim.metadata.uid}` };
      });
      await api.update(
        MANAGER,
        refOf(claim),
        (draft) => {
          draft.status = {
            ...draft.status,
            phase: "Bound",
            capacity: claim.spec.resources?.requests,
            accessModes: claim.spec.accessModes,
          };
        },
        { subresource: "status" },
      );
      return undefined;
    },
  };
};

/** Volumes of a pod whose claims are not bound: it is not scheduled before. */
export const unboundIn = ({ api }: Stage, pod: Obj): boolean =>
  ((pod.spec.volumes ?? []) as Obj[]).some(({ persistentVolumeClaim }) => {
    if (!persistentVolumeClaim) return false;
    const ref = { apiVersion: "v1", kind: "PersistentVolumeClaim", name: persistentVolumeClaim.claimName };
    return api.get({ ...ref, namespace: pod.metadata.namespace ?? "" })?.status?.phase !== "Bound";
  });

/** A StorageClass that is the default, as every distribution for one's own machine brings. */
export const LOCAL_STORAGE = [{ name: "standard", provisioner: "rancher.io/local-path", isDefault: true }] as const;

export const provideStorage = async (
  api: Api,
  classes: readonly { readonly name: string; readonly provisioner: string; readonly isDefault?: true }[],
): Promise<void> => {
  for (const { name, provisioner, isDefault } of classes)
    await api.create("kubectl", {
      apiVersion: STORAGE,
      kind: "StorageClass",
      metadata: { name, ...(isDefault ? { annotations: { [DEFAULT]: "true" } } : {}) },
      provisioner,
    });
};
