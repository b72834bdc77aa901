import { isUp, keyOf, mergeConditions, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { CONTROLLER, NAMESPACE } from "./names.ts";

/** Lets a reconciler work only while cert-manager's controller lives, and over everything when it comes up. */
export const whileUp = (
  { api }: Stage,
  kinds: readonly (readonly [apiVersion: string, kind: string])[],
  reconciler: Reconciler,
): Reconciler => ({
  ...reconciler,
  keys: (event) => {
    const { kind, metadata } = event.object;
    if (kind !== "Deployment" || metadata.namespace !== NAMESPACE || metadata.name !== CONTROLLER)
      return reconciler.keys(event);
    if (!isUp(api, NAMESPACE, CONTROLLER)) return [];
    return kinds.flatMap(([apiVersion, name]) => api.list(apiVersion, name)).map(keyOf);
  },
  reconcile: async (key) => (isUp(api, NAMESPACE, CONTROLLER) ? await reconciler.reconcile(key) : undefined),
});

export interface Verdict {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** Sets conditions and leaves the others as they are. `generation`: of the object that they speak of. */
export const withConditions = (draft: Obj, generation: number | undefined, ...verdicts: readonly Verdict[]): void => {
  const types = new Set(verdicts.map(({ type }) => type));
  const before = draft.status?.conditions ?? [];
  const kept = before.filter(({ type }: { type: string }) => !types.has(type));
  const now = mergeConditions(
    before,
    verdicts.map((verdict) => ({
      ...verdict,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    })),
  );
  draft.status = { ...draft.status, conditions: [...kept, ...now] };
};
