import type { ApplyOptions, ClusterRead, ClusterWrite } from "../ports/cluster.ts";
import { ApiError } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { describe, type KubeObject, type ObjectRef, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { sameContent, ZoneMoved, type ZonesWrite } from "../ports/zones.ts";
import { hasBlank } from "./blank.ts";
import type { AccountChange, CertificateChange, Change, ObjectChange, RecordsChange } from "./change.ts";
import { heldBy } from "./holders.ts";
import { isOurs, OWNER_LABEL } from "./inventory.ts";
import type { OnReason } from "./wait.ts";

/**
 * Makes a certificate. Everything it must keep goes through `store` before it is used (rule 23); in the cluster it has no other way to
 * write.
 */
export type Issue = (change: CertificateChange, tools: IssueTools) => Promise<void>;

export interface IssueTools {
  readonly cluster: ClusterRead;
  readonly store: (object: KubeObject) => Promise<void>;
  /** Deletes what `store` has written, when it is of no use any more. */
  readonly forget: (ref: ObjectRef) => Promise<void>;
  readonly onWaiting: OnReason;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export interface ApplyTools {
  readonly cluster: ClusterWrite;
  readonly issue: Issue;
  /** Absent: nothing that is planned writes records. */
  readonly zones?: ZonesWrite;
  /** Deactivates an account at its CA, or gives it a new key. */
  readonly settleAccount: (change: AccountChange, tools: IssueTools) => Promise<void>;
  readonly onWaiting: OnReason;
  readonly takeOwnership: boolean;
  /** Tried before, with an answer that left open whether it was done. */
  readonly again?: boolean;
  /** Keeps what a change to somebody else's object replaces. */
  readonly remember: (change: ObjectChange) => Promise<void>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The one place that changes the world. One arm for each kind of change. */
export const applyChange = async (change: Change, tools: ApplyTools): Promise<void> => {
  const content = { object: "object", certificate: "names", records: "sets", account: "secret" }[change.kind];
  if (change.action !== "delete" && hasBlank(Reflect.get(change, content))) {
    throw new Error(`${change.kind} change still has a blank when it is applied`);
  }
  switch (change.kind) {
    case "object":
      return applyObject(change, tools);
    case "certificate":
      return tools.issue(change, issueTools(tools));
    case "records":
      return applyRecords(change, tools);
    case "account":
      return tools.settleAccount(change, issueTools(tools));
  }
};

const issueTools = ({ cluster, now, signal, onWaiting }: ApplyTools): IssueTools => ({
  cluster,
  now,
  signal,
  onWaiting,
  store: async (object) => {
    const { uid } = (await cluster.get(refOf(object)))?.metadata ?? {};
    await cluster.apply(uid ? withUid(object, uid) : object, { manager: "kn-bootstrap" });
  },
  forget: async (ref) => {
    const live = await cluster.get(ref);
    if (live?.metadata.labels?.[OWNER_LABEL] && live.metadata.uid)
      await cluster.remove(ref, { uid: live.metadata.uid });
  },
});

/** An answer that was lost leaves the records as they should be: then there is nothing more to do. */
const applyRecords = async ({ zone, sets, byValue }: RecordsChange, { zones, signal }: ApplyTools): Promise<void> => {
  if (!zones) throw new Error("a records change without a way to its zone");
  if (byValue)
    return zones.withdraw(
      zone,
      sets.flatMap(({ from }) => from ?? []),
      signal,
    );
  try {
    await zones.change(zone, sets, signal);
  } catch (error) {
    if (!(error instanceof ZoneMoved)) throw error;
    const done = await Promise.all(
      sets.map(async ({ from, to }) => {
        const { name, type } = to ?? from ?? { name: "@", type: "TXT" as const };
        const found = await zones.get(zone, name, type);
        return to ? found.some((set) => sameContent(set, to)) : !found.some((set) => sameContent(set, from));
      }),
    );
    if (done.includes(false)) throw error;
  }
};

const applyObject = async (
  change: ObjectChange,
  { cluster, takeOwnership, remember, again }: ApplyTools,
): Promise<void> => {
  const options: ApplyOptions = { manager: change.manager, ...(takeOwnership ? { force: true } : {}) };
  switch (change.action) {
    case "delete":
      // What is going already is left to go.
      if (!change.object.metadata.deletionTimestamp)
        await cluster.remove(refOf(change.object), change.uid ? { uid: change.uid } : {});
      return;
    case "create": {
      const { object, created, repeated } = await cluster
        .apply(change.object, options)
        .catch(async (error: unknown) => {
          const live =
            error instanceof ApiError && error.conflicts.length > 0 && (await cluster.get(refOf(change.object)));
          // Our own, which somebody has written to since its answer was lost; or one that is going, which is judged below.
          if (live && (live.metadata.deletionTimestamp || isOursAlone(live, change.manager, true)))
            return { object: live, created: false, repeated: true };
          throw error;
        });
      if (object.metadata.deletionTimestamp) throw new StillGoing(object);
      if (!created && !isOursAlone(object, change.manager, repeated || again === true)) throw appeared(change.object);
      return;
    }
    case "update":
      await remember(change);
      if (change.dropData?.length) return dropAndSet(change, cluster);
      await cluster.apply(change.uid ? withUid(change.object, change.uid) : change.object, options);
  }
};

/** Applied onto an object that is going away, a create would go with it. A POST is answered like this. */
export class StillGoing extends ApiError {
  readonly uid: string | undefined;
  constructor(object: KubeObject) {
    super({
      status: 409,
      reason: "AlreadyExists",
      message: `an earlier ${describe(object)} is still terminating${heldBy(object)}`,
      request: `PATCH ${describe(object)}`,
    });
    this.uid = object.metadata.uid;
  }
}

/** The uid makes the write fail, not resurrect, when the object was replaced by another of the same name. */
const withUid = (object: KubeObject, uid: string): KubeObject => ({ ...object, metadata: { ...object.metadata, uid } });

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
    exitCode: 1,
  });
