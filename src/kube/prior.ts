import type { ClusterWrite } from "../ports/cluster.ts";
import { dataOf, isRecord, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { HOME, managerFor } from "./inventory.ts";
import type { ObjectChange } from "./object-change.ts";

/** What was chosen, proved, and found before (rule 4). It never proves ownership. */
export const STATE: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: HOME, name: "state" };
export const PRIOR = "prior";
/** Key of the fingerprint of what was proved. With another fingerprint the proof is given again. */
export const PROVED = "proved";
export const PRIOR_MANAGER = managerFor("prior");

/** ConfigMap `namespace/name` → key → the value that stood there before us; null: there was none. */
export type Prior = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

export const readPrior = (state: KubeObject | undefined): Prior => {
  const text = dataOf(state)[PRIOR];
  const parsed: unknown = text === undefined ? {} : JSON.parse(text);
  return isRecord(parsed) ? (parsed as Prior) : {};
};

/**
 * What a change to somebody else's ConfigMap is about to replace. Other kinds have no value that could be put back alone (a
 * Deployment's image belongs to its version), so they stay as they are.
 */
const replaced = (change: ObjectChange, live: KubeObject): Readonly<Record<string, string | null>> => {
  const before = dataOf(live);
  const keys = [...Object.keys(dataOf(change.object)), ...(change.dropData ?? [])].filter(
    (key) => dataOf(change.object)[key] !== before[key],
  );
  return Object.fromEntries(keys.map((key) => [key, before[key] ?? null]));
};

/** Stores what a change replaces, before the change; the first stored value stays. Calls run one after the other, because all write one ConfigMap. */
export const createMemory = (cluster: ClusterWrite): ((change: ObjectChange) => Promise<void>) => {
  let queue = Promise.resolve();
  const remember = async (change: ObjectChange): Promise<void> => {
    const { namespace, name } = change.object.metadata;
    const [live, state] = await Promise.all([
      cluster.get({ apiVersion: "v1", kind: "ConfigMap", name, ...(namespace ? { namespace } : {}) }),
      cluster.get(STATE),
    ]);
    if (!live) return;
    const prior = readPrior(state);
    const id = `${namespace}/${name}`;
    const merged = { ...replaced(change, live), ...prior[id] };
    const text = JSON.stringify({ ...prior, [id]: merged });
    if (dataOf(state)[PRIOR] === text) return;
    const { uid } = state?.metadata ?? {};
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: HOME, name: STATE.name, ...(uid ? { uid } : {}) },
      data: { [PRIOR]: text },
    };
    await cluster.apply(object, { manager: PRIOR_MANAGER });
  };
  return (change) => {
    const { kind, metadata } = change.object;
    const isTheirs = change.foreign && kind === "ConfigMap" && metadata.namespace !== HOME;
    // What puts prior values back replaces our own values, which nobody needs again.
    if (!isTheirs || change.manager === PRIOR_MANAGER) return Promise.resolve();
    const mine = queue.then(() => remember(change));
    queue = mine.catch(() => {});
    return mine;
  };
};
