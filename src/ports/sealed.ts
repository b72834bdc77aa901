import type { ClusterCarrier, ClusterPreview, LockableCluster } from "./cluster.ts";
import type { ZonesTrial, ZonesWrite } from "./zones.ts";

const WRITER: unique symbol = Symbol("writer");

/** Holds a writer that nobody outside the engine can reach. */
interface Sealed<W> {
  readonly [WRITER]: W;
}

/** A cluster as everybody outside the engine holds it: it is read, and asked what a write would do. */
export interface SealedCluster extends ClusterPreview, ClusterCarrier, Sealed<LockableCluster> {}

/** Zones, likewise. */
export interface SealedZones extends ZonesTrial, Sealed<ZonesWrite> {}

/** Puts what writes out of reach; the rest stays as it is. */
export const seal = <T extends LockableCluster>(cluster: T) => {
  const { apply: _apply, mergePatch: _patch, create: _create, replace: _replace, remove: _remove, ...others } = cluster;
  const { lease: _lease, guarded: _guarded, ...reading } = others;
  return { ...reading, [WRITER]: cluster };
};

export const sealZones = (zones: ZonesWrite): SealedZones => ({
  find: zones.find,
  get: zones.get,
  list: zones.list,
  rehearse: zones.rehearse,
  [WRITER]: zones,
});

/** For the engine alone: `test/architecture.test.ts` knows who calls it. */
export const unseal = <W>(sealed: Sealed<W>): W => sealed[WRITER];
