import type { ClusterRead } from "./cluster.ts";
import type { KubeObject, ObjectRef } from "./object.ts";

/** The two reads that a snapshot and a live cluster have in common, so that one function serves a plan and a check. */
export interface Reader {
  readonly get: (ref: ObjectRef) => Promise<KubeObject | undefined>;
  readonly list: (apiVersion: string, kind: string) => Promise<readonly KubeObject[]>;
}

export const readerOf = (cluster: ClusterRead): Reader => ({
  get: cluster.get,
  list: (apiVersion, kind) => cluster.list({ apiVersion, kind }),
});
