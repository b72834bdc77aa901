import type { OnReason } from "../core/wait.ts";
import type { ClusterRead, ClusterWrite } from "../ports/cluster.ts";
import { type KubeObject, type ObjectRef, refOf } from "../ports/object.ts";
import { OWNER_LABEL } from "./inventory.ts";

/** What a client of a CA may do in the cluster: read, store what must not be lost, and delete what it has stored. */
export interface IssueTools {
  readonly cluster: ClusterRead;
  readonly store: (object: KubeObject) => Promise<void>;
  /** Deletes what `store` has written, when it is of no use any more. */
  readonly forget: (ref: ObjectRef) => Promise<void>;
  readonly onWaiting: OnReason;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export const issueTools = ({
  cluster,
  now,
  signal,
  onWaiting,
}: Omit<IssueTools, "cluster" | "store" | "forget"> & { readonly cluster: ClusterWrite }): IssueTools => ({
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

/** With the uid, the write fails where the object has been replaced by another of the same name. */
export const withUid = (object: KubeObject, uid: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, uid },
});
