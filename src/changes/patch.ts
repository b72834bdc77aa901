import { isDeepStrictEqual } from "node:util";
import { ApiError, type ClusterWrite } from "../ports/cluster.ts";
import { at, describe, isRecord, type KubeObject, keyOf, type ObjectRef, refOf } from "../ports/object.ts";
import { type ChangeBase, type ChangeKind, type FieldDifference, READ } from "./kind.ts";

/** Fields of an object that is there, set or removed whoever wrote them: who keeps the object was judged before. */
export interface PatchChange extends ChangeBase {
  readonly kind: "patch";
  readonly action: "update";
  readonly object: ObjectRef;
  /** A JSON merge patch (RFC 7396). */
  readonly patch: Readonly<Record<string, unknown>>;
  readonly manager: string;
  readonly fields: readonly FieldDifference[];
  /** What was looked at: anything written since then refuses it. Absent: not known, and it is not carried out. */
  readonly version?: string;
}

/** Undefined: the object is as the patch would have it already. */
export const patchOf = (
  live: KubeObject,
  patch: Readonly<Record<string, unknown>>,
  manager: string,
): PatchChange | undefined => {
  const fields = differences(live, patch, "");
  const { resourceVersion } = live.metadata;
  const version = resourceVersion === undefined ? {} : { version: resourceVersion };
  return fields.length === 0
    ? undefined
    : { kind: "patch", action: "update", object: refOf(live), patch, manager, fields, ...version };
};

const differences = (live: unknown, patch: unknown, path: string): readonly FieldDifference[] => {
  if (isRecord(patch))
    return Object.entries(patch).flatMap(([key, value]) => {
      const name = /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      return differences(at(live, key), value, path + name);
    });
  if (patch === null) return live === undefined ? [] : [{ path, from: live }];
  return isDeepStrictEqual(live, patch) ? [] : [{ path, ...(live === undefined ? {} : { from: live }), to: patch }];
};

export const patch: ChangeKind<PatchChange> = {
  kind: "patch",
  subject: ({ object }) => describe(object),
  article: "",
  done: "written",
  target: ({ object, manager }) => `${keyOf(object)} by ${manager}`,
  ref: ({ object }) => object,
  covers: (agreed, now) =>
    isDeepStrictEqual(agreed.patch, now.patch) && now.fields.every((field) => has(agreed, field)),
  wave: () => 3,
  requires: ({ object }) => ({ rights: [{ ...object, verbs: [...READ, "patch"] }] }),
  differences: ({ fields }) => fields,
  content: (change) => change.patch,
  apply: async (change, { cluster, again }) => {
    const { object, version, manager } = change;
    const resourceVersion = again ? await versionAgain(change, cluster.get) : version;
    // An answer that was lost leaves it as it should be.
    if (resourceVersion === "done") return;
    if (resourceVersion === undefined) throw new Error(`a patch of ${describe(object)} that was planned without it`);
    const written = await cluster.mergePatch(object, { ...change.patch, metadata: { resourceVersion } }, manager);
    await giveAway(written, manager, cluster);
  },
};

/**
 * Leaves the fields to whoever sets them next: to an install, which forces nothing, they would be somebody else's. Entries that a client sends
 * count (apimachinery util/managedfields, fieldmanager.go), unless there are none at all.
 */
const giveAway = async (
  { metadata, ...object }: KubeObject,
  manager: string,
  cluster: Pick<ClusterWrite, "mergePatch">,
): Promise<void> => {
  const { resourceVersion, managedFields = [] } = metadata;
  const others = managedFields.filter((entry) => entry.manager !== manager);
  if (others.length === 0 || others.length === managedFields.length) return;
  const ref = refOf({ metadata, ...object });
  await cluster
    .mergePatch(ref, { metadata: { resourceVersion, managedFields: others } }, manager)
    .catch((error: unknown) => {
      // Somebody has written since: the value is there, and that counts.
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
};

const has = ({ fields }: PatchChange, field: FieldDifference): boolean =>
  fields.some(({ path, from }) => path === field.path && isDeepStrictEqual(from, field.from));

const versionAgain = async (
  { object, patch, version }: PatchChange,
  get: (ref: ObjectRef) => Promise<KubeObject | undefined>,
): Promise<string | undefined> => {
  const live = await get(object);
  return live && differences(live, patch, "").length === 0 ? "done" : version;
};
