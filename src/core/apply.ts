import type { ApplyOptions, ClusterRead, ClusterWrite } from "../ports/cluster.ts";
import { ApiError } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { describe, type KubeObject, refOf } from "../ports/object.ts";
import { hasBlank } from "./blank.ts";
import type { CertificateChange, Change, ObjectChange } from "./change.ts";

/**
 * Makes a certificate. Everything it must keep goes through `store` before it is used (rule 23); it has no other way to write.
 */
export type Issue = (
  change: CertificateChange,
  tools: {
    readonly cluster: ClusterRead;
    readonly store: (secret: KubeObject) => Promise<void>;
    readonly now: () => Date;
    readonly signal: AbortSignal;
  },
) => Promise<void>;

export interface ApplyTools {
  readonly cluster: ClusterWrite;
  readonly issue: Issue;
  readonly takeOwnership: boolean;
  /** Keeps what a change to somebody else's object replaces. */
  readonly remember: (change: ObjectChange) => Promise<void>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The one place that changes the world. One arm for each kind of change. */
export const applyChange = async (change: Change, tools: ApplyTools): Promise<void> => {
  if (change.action !== "delete" && hasBlank(change.kind === "object" ? change.object : change.names)) {
    throw new Error(`${change.kind} change still has a blank when it is applied`);
  }
  switch (change.kind) {
    case "object":
      return applyObject(change, tools);
    case "certificate":
      return tools.issue(change, {
        cluster: tools.cluster,
        now: tools.now,
        signal: tools.signal,
        store: async (secret) => {
          await tools.cluster.apply(secret, { manager: "kn-bootstrap" });
        },
      });
  }
};

const applyObject = async (change: ObjectChange, { cluster, takeOwnership, remember }: ApplyTools): Promise<void> => {
  const options: ApplyOptions = { manager: change.manager, ...(takeOwnership ? { force: true } : {}) };
  switch (change.action) {
    case "delete":
      await cluster.remove(refOf(change.object), change.uid ? { uid: change.uid } : {});
      return;
    case "create": {
      const { object, created } = await cluster.apply(change.object, options);
      if (!created && !isOursAlone(object, change.manager)) throw appeared(change.object);
      return;
    }
    case "update":
      await remember(change);
      if (change.dropData?.length) return dropAndSet(change, cluster);
      await cluster.apply(change.uid ? withUid(change.object, change.uid) : change.object, options);
  }
};

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

/** A create that was answered 200: fine when it was our own request, sent again after its answer was lost. */
const isOursAlone = (object: KubeObject, manager: string): boolean => {
  const [first] = (object.metadata.managedFields ?? [])
    .filter((entry) => !entry.subresource)
    .sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? -1 : 1));
  return first?.manager === manager;
};

const appeared = (object: KubeObject): UserError =>
  new UserError({
    id: "apply.appeared",
    what: `${describe(object)} was made by somebody else after the plan was shown.`,
    why: "Two installers at once, or a GitOps controller, would overwrite each other.",
    remedy: {
      text: "Look at who made it, then run again: the new plan shows it.",
      command: `kubectl get ${object.kind.toLowerCase()} ${object.metadata.name}${object.metadata.namespace ? ` -n ${object.metadata.namespace}` : ""} -o yaml --show-managed-fields`,
    },
    exitCode: 1,
  });

/** What a refused write means: `wait` may pass (a webhook that does not answer yet), anything else is final. */
export const refusal = (error: unknown, change: Change): { wait: string } | { final: Error } => {
  if (!(error instanceof ApiError)) return { final: error instanceof Error ? error : new Error(String(error)) };
  const subject = change.kind === "object" ? describe(change.object) : `the certificate for ${change.names.join(", ")}`;
  if (error.status >= 500 && /failed calling webhook|failed to call webhook/.test(error.message))
    return { wait: error.message };
  if (error.status === 404 && error.reason === "") return { wait: `the server does not serve ${subject} yet` };
  if (error.status === 403 && /being terminated/.test(error.message)) return { wait: error.message };
  if (
    error.status === 409 &&
    error.conflicts.length === 0 &&
    /terminating|being deleted|object is being/.test(error.message)
  )
    return { wait: error.message };
  if (error.conflicts.length > 0) {
    return {
      final: new UserError({
        id: "apply.conflict",
        what: `${subject} has fields that somebody else owns.`,
        why: error.conflicts.map(({ field, owner }) => `${field} is owned by ${owner}`).join("; "),
        remedy: { text: "Run again to see them in the plan; --take-ownership takes them." },
        exitCode: 1,
        cause: error,
      }),
    };
  }
  return {
    final: new UserError({
      id: "apply.refused",
      what: `The server refused ${change.action} of ${subject}.`,
      why: `${error.status} ${error.reason}: ${error.message}`,
      remedy: { text: refusedRemedy(error) },
      exitCode: 1,
      cause: error,
    }),
  };
};

const refusedRemedy = (error: ApiError): string => {
  if (error.status === 403 && /exceeded quota/.test(error.message))
    return "Raise the namespace's ResourceQuota, then run again; what is done is kept.";
  if (error.status === 403) return "Ask an administrator for the missing right, then run again; what is done is kept.";
  if (/admission webhook/.test(error.message))
    return "An admission policy of this cluster denies it. Change the policy or the options, then run again; what is done is kept.";
  return "What is done is kept: mend the cause and run the same command again.";
};
