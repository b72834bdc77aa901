import { fills } from "../core/blank.ts";
import { podsDrained } from "../kube/draining.ts";
import { earlierGone, goneCheck } from "../kube/gone.ts";
import { deletionState } from "../kube/holders.ts";
import { isOurs, removalWave, wave } from "../kube/inventory.ts";
import type { ObjectChange } from "../kube/object-change.ts";
import { withUid } from "../kube/store.ts";
import { ApiError, type ApplyOptions, type ClusterWrite } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { at, describe, groupOf, type KubeObject, keyOf, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { type Action, type BaseTools, type ChangeKind, READ, type Right } from "./kind.ts";
import { leaves } from "./leaves.ts";

export interface ObjectTools extends BaseTools {
  /** Keeps what a change to somebody else's object replaces. */
  readonly remember: (change: ObjectChange) => Promise<void>;
}

export const object: ChangeKind<ObjectChange, ObjectTools> = {
  kind: "object",
  subject: (change) => describe(change.object),
  article: "",
  done: "written",
  target: (change) => `${keyOf(change.object)} by ${change.manager}`,
  ref: (change) => refOf(change.object),
  covers: (agreed, now) => {
    if (agreed.uid !== undefined && agreed.uid !== now.uid) return false;
    return (
      now.action === "delete" || (fills(agreed.object, now.object) && fills(agreed.dropData ?? [], now.dropData ?? []))
    );
  },
  wave: ({ action, object: { kind } }) => (action === "delete" ? removalWave(kind) - 1000 : wave(kind)),
  requires: (change) => ({
    rights: [{ ...refOf(change.object), verbs: [...READ, ...verbsOf(change)] }, ...grantsOf(change)],
  }),
  differences: (change) => {
    if (change.fields.length > 0 || change.action === "delete" || change.conflicts.length > 0) return change.fields;
    // Nothing is there to compare with: the object is new, or another step makes it first. Whatever is set in it is a difference.
    return leaves(change.object);
  },
  content: (change) => change.object,
  apply: (change, tools) => APPLY[change.action](change, tools),
  temporary: {
    is: (change) => change.temporary === true,
    end: async (change, { cluster }) => {
      // With its uid the removal can be repeated when the answer is lost.
      const { uid, deletionTimestamp } = (await cluster.get(refOf(change.object)))?.metadata ?? {};
      if (uid && !deletionTimestamp) await cluster.remove(refOf(change.object), { uid });
    },
  },
  obstacle: (change, error) => {
    if (error instanceof StillGoing) return earlierGone(refOf(change.object), error.uid);
    return error === undefined && change.earlier ? earlierGone(refOf(change.object), change.earlier) : undefined;
  },
  before: (changes) => {
    const spaces = removed(changes).filter(
      ({ object: { kind, metadata } }) => kind === "Namespace" && !metadata.deletionTimestamp,
    );
    return spaces.length > 0 ? podsDrained(spaces.map(({ object: { metadata } }) => metadata.name)) : undefined;
  },
  after: (changes) => (removed(changes).length > 0 ? goneCheck(removed(changes)) : undefined),
};

const removed = (changes: readonly ObjectChange[]): readonly ObjectChange[] =>
  changes.filter(({ action }) => action === "delete");

/** Server-side apply of what is not there needs `create` besides `patch`. */
const verbsOf = ({ action, temporary }: ObjectChange): readonly string[] => {
  if (action === "delete") return ["delete"];
  return [...(action === "create" ? ["create"] : []), "patch", ...(temporary ? ["delete"] : [])];
};

const RBAC = "rbac.authorization.k8s.io";

/** An account that may create roles may still not put into them, or bind, what it does not have (rule 5). */
const grantsOf = ({ action, object: { apiVersion, kind, roleRef } }: ObjectChange): readonly Right[] => {
  if (action === "delete" || groupOf(apiVersion) !== RBAC) return [];
  const verb = kind.endsWith("Binding") ? "bind" : "escalate";
  const given = verb === "bind" ? at(roleRef, "kind") : kind;
  return [{ apiVersion, kind: given === "Role" ? "Role" : "ClusterRole", verbs: [verb] }];
};

type Apply = (change: ObjectChange, tools: ObjectTools) => Promise<void>;

const optionsOf = ({ manager }: ObjectChange, { takeOwnership }: ObjectTools): ApplyOptions => ({
  manager,
  ...(takeOwnership ? { force: true } : {}),
});

const create: Apply = async (change, tools) => {
  const { cluster, again } = tools;
  const { object, created, repeated } = await cluster
    .apply(change.object, optionsOf(change, tools))
    .catch(async (error: unknown) => {
      const live = error instanceof ApiError && error.conflicts.length > 0 && (await cluster.get(refOf(change.object)));
      // Our own, which somebody has written to since its answer was lost; or one that is going, which is judged below.
      if (live && (live.metadata.deletionTimestamp || isOursAlone(live, change.manager, true)))
        return { object: live, created: false, repeated: true };
      throw error;
    });
  if (object.metadata.deletionTimestamp) throw new StillGoing(object);
  if (!created && !isOursAlone(object, change.manager, repeated || again === true)) throw appeared(change.object);
};

const update: Apply = async (change, tools) => {
  await tools.remember(change);
  if (change.dropData?.length) return dropAndSet(change, tools.cluster);
  await tools.cluster.apply(change.uid ? withUid(change.object, change.uid) : change.object, optionsOf(change, tools));
};

const remove: Apply = async (change, { cluster }) => {
  // What is going already is left to go.
  if (!change.object.metadata.deletionTimestamp)
    await cluster.remove(refOf(change.object), change.uid ? { uid: change.uid } : {});
};

const APPLY: Readonly<Record<Action, Apply>> = { create, update, delete: remove };

/** Applied onto an object that is going away, a create would go with it. A POST is answered like this. */
class StillGoing extends ApiError {
  readonly uid: string | undefined;
  constructor(object: KubeObject) {
    super({
      status: 409,
      reason: "AlreadyExists",
      message: `an earlier ${describe(object)} is still terminating${deletionState(object)}`,
      request: `PATCH ${describe(object)}`,
    });
    this.uid = object.metadata.uid;
  }
}

/** Removing another manager's keys and setting ours is one conditional write, so that there is never a moment with neither. */
const dropAndSet = async (change: ObjectChange, cluster: ClusterWrite): Promise<void> => {
  const live = await cluster.get(refOf(change.object));
  if (!live || (change.uid && live.metadata.uid !== change.uid)) throw appeared(change.object);
  const dropped = Object.fromEntries((change.dropData ?? []).map((key) => [key, null]));
  await cluster.mergePatch(
    refOf(change.object),
    {
      metadata: { resourceVersion: live.metadata.resourceVersion },
      data: { ...dropped, ...(change.object.data as object) },
    },
    change.manager,
  );
};

/**
 * A create that was answered 200: fine when it was our own request, sent again after its answer was lost. Then nobody's entry is older
 * than ours; times have whole seconds, and a controller that aggregates ClusterRoles writes within the first. What was not sent again
 * found there what others had made.
 */
const isOursAlone = (object: KubeObject, manager: string, repeated: boolean): boolean => {
  const entries = (object.metadata.managedFields ?? []).filter((entry) => !entry.subresource);
  const ours = entries.find((entry) => entry.manager === manager);
  return (
    ours !== undefined &&
    entries.every(
      (entry) => isOurs(entry.manager) || (repeated && Date.parse(ours.time ?? "") <= Date.parse(entry.time ?? "")),
    )
  );
};

const appeared = (object: KubeObject): UserError =>
  new UserError({
    id: "apply.appeared",
    what: `${describe(object)} was made by somebody else after the plan was shown.`,
    why: "Two installers at once, or a GitOps controller, would overwrite each other.",
    remedy: {
      text: "Look at who made it, then run again: the new plan shows it.",
      command: sh`kubectl get ${object.kind.toLowerCase()} ${object.metadata.name} ${inNamespace(object.metadata.namespace)} -o yaml --show-managed-fields`,
    },
    kind: "failed",
  });
