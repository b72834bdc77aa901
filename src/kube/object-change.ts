import type { Action, ChangeBase, Conflict, FieldDifference } from "../core/change.ts";
import type { KubeObject } from "../ports/object.ts";
import { byRemovalWave, MANAGER } from "./inventory.ts";

/** An object to be written or removed. `object` is the final one, blanks included; for a delete it is the live one's reference. */
export interface ObjectChange extends ChangeBase {
  readonly kind: "object";
  readonly action: Action;
  readonly object: KubeObject;
  /** Field manager it is written under. */
  readonly manager: string;
  readonly fields: readonly FieldDifference[];
  readonly conflicts: readonly Conflict[];
  /** Keys of `data` to remove that another manager wrote (merge patch with null, rule 1). */
  readonly dropData?: readonly string[];
  /** Somebody else made the object: what it held before is kept for undo. */
  readonly foreign?: true;
  /** Exists only during the run and is always removed at its end (rule 8). */
  readonly temporary?: true;
  /** False: the server was not asked (absent target) or could not be (no rights, webhook down). */
  readonly confirmed: boolean;
  /** uid of the live object: the precondition of updates and deletes. */
  readonly uid?: string;
  /** uid of an earlier object of this name that is terminating: a create waits until it is gone. */
  readonly earlier?: string;
}

/** A deletion of exactly this live object. */
export const deletion = (object: KubeObject): ObjectChange => ({
  kind: "object",
  action: "delete",
  object,
  manager: MANAGER,
  fields: [],
  conflicts: [],
  confirmed: true,
  ...(object.metadata.uid ? { uid: object.metadata.uid } : {}),
});

/** Deletions, ordered by {@link byRemovalWave}. */
export const deletions = (objects: readonly KubeObject[]): readonly ObjectChange[] =>
  [...objects].sort(byRemovalWave).map(deletion);
