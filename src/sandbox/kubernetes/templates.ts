import { COUNTS_TERMINATING_SINCE, minorOf } from "../api/ages.ts";
import { ownerReference, type Stage } from "../objects.ts";
import { type Obj, StatusError } from "../types.ts";

/** Making pods from a workload's template, the part that ReplicaSets, StatefulSets, DaemonSets and Jobs share. */

const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

const randomSuffix = (stage: Stage): string =>
  Array.from({ length: 5 }, () => SUFFIX_ALPHABET[Math.floor(stage.random() * SUFFIX_ALPHABET.length)]).join("");

/**
 * Creates a pod of `owner`, under a fixed name or a prefix that gets a random suffix. Refused as the ServiceAccount admission plugin refuses when the account is missing.
 * Resolves to the refusal's message, or undefined when the pod was created.
 */
export const createPod = async (
  stage: Stage,
  owner: Obj,
  naming: { name: string } | { prefix: string },
  extra: { labels?: Record<string, string>; spec?: Record<string, unknown> } = {},
): Promise<string | undefined> => {
  const { api } = stage;
  const namespace = owner.metadata.namespace ?? "";
  const template = owner.spec.template;
  const account = template.spec.serviceAccountName ?? "default";
  if (!api.get({ apiVersion: "v1", kind: "ServiceAccount", namespace, name: account })) {
    return `pods "${"name" in naming ? naming.name : naming.prefix}" is forbidden: error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
  }
  try {
    await api.create("kube-controller-manager", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "name" in naming ? naming.name : `${naming.prefix}${randomSuffix(stage)}`,
        ...("prefix" in naming ? { generateName: naming.prefix } : {}),
        namespace,
        labels: { ...template.metadata?.labels, ...extra.labels },
        ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
        ownerReferences: [ownerReference(owner)],
      },
      spec: { ...template.spec, serviceAccountName: account, ...extra.spec },
    });
    return undefined;
  } catch (error) {
    if (error instanceof StatusError && error.status.code !== 409) return error.message;
    throw error;
  }
};

export const podsOf = ({ api }: Stage, owner: Obj): readonly Obj[] =>
  api
    .list("v1", "Pod", owner.metadata.namespace)
    .filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid));

/** Whether this server says how many pods are on their way out yet. */
export const countsTerminating = ({ version }: Stage): boolean => minorOf(version) >= COUNTS_TERMINATING_SINCE;

/** Resolves "25%" of a total, or the number itself. */
export const portionOf = (value: number | string | undefined, total: number, round: (x: number) => number): number =>
  typeof value === "string" ? round((Number.parseInt(value, 10) * total) / 100) : (value ?? 0);
