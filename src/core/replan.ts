import { directSnapshot, stepSnapshot } from "../kube/snapshot.ts";
import type { ClusterPreview } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { keyOf, type ObjectRef } from "../ports/object.ts";
import { type Change, type Goal, kindOf, ofKind, type StepPlan, subjectOf } from "./change.ts";
import { planStep } from "./plan.ts";
import type { Kind, Step } from "./step.ts";

interface ReplanTools {
  readonly cluster: ClusterPreview;
  readonly now: () => Date;
  readonly takeOwnership: boolean;
  /** Objects are asked for one by one: the account may not list. */
  readonly narrow?: boolean;
  /** Namespaces that this run has made. */
  readonly made?: ReadonlySet<string>;
}

/**
 * The changes of one step as they stand now. Throws when they are not the agreed ones with nothing but their blanks filled in; fewer are
 * fine.
 */
export const replan = async (
  step: Step,
  plan: StepPlan,
  goal: Goal,
  tools: ReplanTools,
): Promise<readonly Change[]> => {
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
  const snapshot = tools.narrow ? directSnapshot(tools.cluster) : stepSnapshot(tools.cluster);
  const live = { ...snapshot, get: async (ref: ObjectRef) => (isNew(ref) ? undefined : snapshot.get(ref)) };
  const now = await planStep(
    step,
    { goal, live, now: tools.now, cluster: tools.cluster, kinds: unique(kinds), firm: true },
    true,
  );
  const shown = new Map(plan.changes.map((change) => [targetOf(change), change]));
  for (const change of now.changes) {
    const earlier = shown.get(targetOf(change));
    if (!earlier || !covers(earlier, change, tools.takeOwnership)) throw unagreed(change, earlier);
  }
  return now.changes;
};

const unique = (kinds: readonly Kind[]): readonly Kind[] => [
  ...new Map(kinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind])).values(),
];

const covers = (agreed: Change, now: Change, takeOwnership: boolean): boolean => {
  const known = new Set(agreed.conflicts?.map(({ path }) => path));
  if (!takeOwnership && now.conflicts?.some(({ path }) => !known.has(path))) return false;
  return agreed.kind === now.kind && kindOf(now).covers(agreed, now);
};

const targetOf = (change: Change): string => `${change.action} ${kindOf(change).target(change)}`;

const unagreed = (change: Change, earlier: Change | undefined): UserError =>
  new UserError({
    id: "run.unagreed",
    what: `The cluster changed after the plan was shown: ${change.action} of ${subjectOf(change)} ${earlier ? "is no longer what was agreed" : "was not in it"}.`,
    why:
      change.conflicts && change.conflicts.length > 0
        ? `${change.conflicts
            .map(({ path, owner }) => `${path} is now owned by ${owner}`)
            .join("; ")}. Nothing is changed that was not shown.`
        : "Nothing is changed that was not shown.",
    remedy: { text: "Run the same command again and look at the new plan; what is done is kept." },
    kind: "failed",
  });
