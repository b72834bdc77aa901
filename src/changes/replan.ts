import type { ChangeBase, Goal, StepPlan } from "../core/change.ts";
import { type Kind, type Snapshot, stepSnapshot } from "../kube/snapshot.ts";
import type { ClusterPreview, ClusterRead } from "../ports/cluster.ts";
import { keyOf, type ObjectRef } from "../ports/object.ts";
import { kindOf, ofKind } from "./index.ts";
import { planStep } from "./plan.ts";
import type { Step } from "./step.ts";

export interface ReplanTools {
  readonly cluster: ClusterPreview;
  readonly now: () => Date;
  /** How the cluster is read. Default: {@link stepSnapshot}; an account that may not list asks for objects one by one. */
  readonly snapshot?: (cluster: ClusterRead) => Snapshot;
  /** Namespaces that this run has made. */
  readonly made?: ReadonlySet<string>;
}

/** The changes of one step as they stand now. */
export const replan = async (
  step: Step,
  plan: StepPlan,
  goal: Goal,
  tools: ReplanTools,
): Promise<readonly ChangeBase[]> => {
  // Nobody is asked for what cannot be there yet; and who was faster all the same, the answer to the apply tells (rule 3).
  const toCome = new Set(
    plan.changes
      .filter(ofKind("object"))
      .filter(({ action, object }) => action === "create" && tools.made?.has(object.metadata.namespace ?? ""))
      .map(({ object }) => keyOf(object)),
  );
  const isNew = (ref: ObjectRef): boolean => toCome.has(keyOf(ref));
  // Only what was agreed to go may go, so only its kinds need to be looked through.
  const kinds = plan.changes
    .filter(({ action }) => action === "delete")
    .flatMap((change) => kindOf(change).ref(change) ?? [])
    .map(({ apiVersion, kind, namespace }) => ({ apiVersion, kind, namespaced: namespace !== undefined }));
  const snapshot = (tools.snapshot ?? stepSnapshot)(tools.cluster);
  const live = { ...snapshot, get: async (ref: ObjectRef) => (isNew(ref) ? undefined : snapshot.get(ref)) };
  const { changes } = await planStep(
    step,
    { goal, live, now: tools.now, cluster: tools.cluster, kinds: unique(kinds) },
    "final",
  );
  return changes;
};

const unique = (kinds: readonly Kind[]): readonly Kind[] => [
  ...new Map(kinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind])).values(),
];
