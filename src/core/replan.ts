import type { ClusterPreview } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { keyOf, type ObjectRef } from "../ports/object.ts";
import { type RecordSetChange, sameSet } from "../ports/zones.ts";
import { fills, hasBlank } from "./blank.ts";
import { type Change, conflictsOfChange, type Goal, type StepPlan } from "./change.ts";
import { planStep, subjectOf, targetOf } from "./plan.ts";
import { directSnapshot, stepSnapshot } from "./snapshot.ts";
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
    plan.changes.flatMap((change) =>
      change.kind === "object" && change.action === "create" && tools.made?.has(change.object.metadata.namespace ?? "")
        ? [keyOf(change.object)]
        : [],
    ),
  );
  const isNew = (ref: ObjectRef): boolean => toCome.has(keyOf(ref));
  // Only what was agreed to go may go, so only its kinds need to be looked through.
  const kinds = plan.changes.flatMap((change) =>
    change.kind === "object" && change.action === "delete"
      ? [
          {
            apiVersion: change.object.apiVersion,
            kind: change.object.kind,
            namespaced: change.object.metadata.namespace !== undefined,
          },
        ]
      : [],
  );
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

/** Whether a replanned change is the agreed one with nothing but its blanks filled in (rule 3). */
const covers = (agreed: Change, now: Change, takeOwnership: boolean): boolean => {
  if (agreed.kind === "certificate" && now.kind === "certificate") return fills(agreed.names, now.names);
  if (agreed.kind === "account" && now.kind === "account") return agreed.directory === now.directory;
  if (agreed.kind === "certificate" || now.kind === "certificate") return false;
  if (agreed.kind === "account" || now.kind === "account") return false;
  const known = new Set(agreed.conflicts.map((conflict) => conflict.path));
  if (!takeOwnership && now.conflicts.some((conflict) => !known.has(conflict.path))) return false;
  if (agreed.kind === "records" && now.kind === "records")
    return agreed.zone.id === now.zone.id && now.sets.every((set) => agreed.sets.some((one) => coversSet(one, set)));
  if (agreed.kind === "records" || now.kind === "records") return false;
  if (agreed.action === "delete") return agreed.uid === undefined || agreed.uid === now.uid;
  if (agreed.uid !== undefined && agreed.uid !== now.uid) return false;
  return fills(agreed.object, now.object) && fills(agreed.dropData ?? [], now.dropData ?? []);
};

/** An address that was not known then may turn out to be one set or two, of any type, in place of what was agreed to go. */
const coversSet = (agreed: RecordSetChange, now: RecordSetChange): boolean => {
  if (now.from && !sameSet(agreed.from, now.from)) return false;
  if (!now.to) return agreed.from !== undefined;
  if (!agreed.to || agreed.to.name !== now.to.name) return false;
  return hasBlank(agreed.to.type) || fills(agreed.to, now.to);
};

const unagreed = (change: Change, earlier: Change | undefined): UserError =>
  new UserError({
    id: "run.unagreed",
    what: `The cluster changed after the plan was shown: ${change.action} of ${subjectOf(change)} ${earlier ? "is no longer what was agreed" : "was not in it"}.`,
    why:
      conflictsOfChange(change).length > 0
        ? `${conflictsOfChange(change)
            .map(({ path, owner }) => `${path} is now owned by ${owner}`)
            .join("; ")}. Nothing is changed that was not shown.`
        : "Nothing is changed that was not shown.",
    remedy: { text: "Run the same command again and look at the new plan; what is done is kept." },
    exitCode: 1,
  });
