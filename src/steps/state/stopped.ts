import type { ObjectChange } from "../../changes/index.ts";
import type { Step } from "../../changes/step.ts";
import { STATE } from "../../kube/prior.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { STOPPED, STOPPED_MANAGER, type Stopped } from "../../kube/stopped.ts";
import { dataOf, type KubeObject } from "../../ports/object.ts";

const stateWith = (data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: STATE.apiVersion,
  kind: STATE.kind,
  metadata: { namespace: STATE.namespace ?? "", name: STATE.name },
  ...(Object.keys(data).length > 0 ? { data } : {}),
});

const OPTIONS = { manager: STOPPED_MANAGER, partial: true } as const;

/** Keeps what has stopped an install, for whoever looks at the cluster later. */
export const noteStopped = (stopped: Stopped): Step<"stopped"> => ({
  id: "stopped",
  title: "Keep what has stopped it",
  undo: "Forget what has stopped it",
  needs: [],
  plan: (ctx) => ctx.reconcile([stateWith({ [STOPPED]: JSON.stringify(stopped) })], OPTIONS),
  verify: [],
});

/** A run begins anew; nothing where none was stopped. */
export const forgetStopped = async (ctx: PlanContext): Promise<readonly ObjectChange[]> =>
  STOPPED in dataOf(await ctx.live.get(STATE)) ? ctx.reconcile([stateWith({})], OPTIONS) : [];
