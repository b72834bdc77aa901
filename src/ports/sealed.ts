import type { ClusterPreview, LockableCluster } from "./cluster.ts";

const WRITER: unique symbol = Symbol("writer");

/** A cluster as everybody outside the engine holds it: it is read, and asked what a write would do. */
export interface SealedCluster extends ClusterPreview {
  readonly [WRITER]: LockableCluster;
}

/** Puts what writes out of reach; the rest stays as it is. */
export const seal = <T extends LockableCluster>(cluster: T) => {
  const { apply: _apply, mergePatch: _patch, create: _create, replace: _replace, remove: _remove, ...others } = cluster;
  const { lease: _lease, guarded: _guarded, ...reading } = others;
  return { ...reading, [WRITER]: cluster };
};

/** For the engine alone: `test/architecture.test.ts` knows who calls it. */
export const unseal = (cluster: SealedCluster): LockableCluster => cluster[WRITER];
