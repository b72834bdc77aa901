import type { Plan } from "../core/change.ts";
import type { Check, ReadContext } from "../core/check.ts";
import type { Emit } from "../core/event.ts";
import { type Report, runPlan } from "../core/run.ts";
import type { Attempt, World } from "../core/world.ts";
import { earlierGone } from "../kube/gone.ts";
import { createWatchCache } from "../kube/watch-cache.ts";
import { watching } from "../kube/watching.ts";
import { ApiError, type ClusterWrite } from "../ports/cluster.ts";
import { applyChange } from "./apply.ts";
import { challengesIn } from "./challenges.ts";
import { type ApplyTools, kindOf } from "./index.ts";
import { refusalsIn, terminatingIn } from "./refusal.ts";
import { type ReplanTools, replan } from "./replan.ts";
import type { Step } from "./step.ts";

export interface RunTools
  extends ReadContext,
    Pick<ReplanTools, "snapshot">,
    Omit<ApplyTools, keyof Attempt | "challenges"> {
  readonly cluster: ClusterWrite;
  readonly emit: Emit;
  /** For each step: how long its waits may take together. */
  readonly timeoutMs: number;
}

/** Runs an agreed plan, as {@link runPlan} does, in a cluster and in what else the kinds of change are about. */
export const run = (agreed: Plan, steps: readonly Step[], tools: RunTools): Promise<Report> =>
  runPlan(agreed, steps, { ...tools, open: (signal) => worldOf(tools, signal) });

const worldOf = (tools: RunTools, signal: AbortSignal): World<Step> => {
  const cache = createWatchCache(tools.cluster, signal);
  const cluster = cache.noting(tools.cluster);
  /** Namespaces that this run has made. */
  const made = new Set<string>();
  const lasting = { ...tools, cluster, challenges: challengesIn(tools.zones) };
  return {
    cluster,
    watch: watching(cache),
    kindOf,
    replan: (step, plan, goal) => replan(step, plan, goal, { ...tools, cluster, made }),
    carryOut: async (change, attempt) => {
      await applyChange(change, { ...lasting, ...attempt });
      const ref = change.action === "create" ? kindOf(change).ref(change) : undefined;
      if (ref?.kind === "Namespace") made.add(ref.name);
    },
    end: async (change) => kindOf(change).temporary?.end(change, lasting),
    refusals: () => refusalsIn(cluster),
    obstacle: (change, error) => kindOf(change).obstacle?.(change, error) ?? terminating(error),
  };
};

/** The namespace that is going away and refused a write. */
const terminating = (error: unknown): Check | undefined => {
  const name = error instanceof ApiError && error.status === 403 ? terminatingIn(error.message) : undefined;
  return name === undefined ? undefined : earlierGone({ apiVersion: "v1", kind: "Namespace", name });
};
