import { makePlan } from "../changes/plan.ts";
import { directSnapshot } from "../kube/snapshot.ts";
import type { Stopped } from "../kube/stopped.ts";
import { ApiError, BrokenAnswer, Unreachable } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { noteStopped } from "../steps/state/stopped.ts";
import { runBeside } from "./lifecycle.ts";
import type { Tools } from "./tools.ts";

/** Nobody waits longer for it at the end of a run that has failed. */
const RUN_MS = 3_000;

/**
 * Keeps in the cluster what has stopped an install, as far as it can be kept: `doctor` tells it where no object does. `mask` takes secrets
 * out of texts.
 */
export const keepStopped = async (error: unknown, tools: Tools, mask: (text: string) => string): Promise<void> => {
  if (!(error instanceof UserError)) return;
  const steps = [noteStopped(stoppedBy(error, tools.now(), mask))];
  const signal = AbortSignal.any([tools.signal, AbortSignal.timeout(RUN_MS)]);
  try {
    const plan = await makePlan(steps, {
      goal: "present",
      live: directSnapshot(tools.cluster),
      now: tools.now,
      kinds: [],
    });
    await runBeside(plan, steps, { ...tools, signal, emit: () => {} }, RUN_MS);
  } catch (trouble) {
    // The error of the run is what counts.
    if (!(trouble instanceof ApiError || trouble instanceof Unreachable || trouble instanceof BrokenAnswer))
      throw trouble;
  }
};

const stoppedBy = (
  { id, message, why, remedy, cause }: UserError,
  at: Date,
  mask: (text: string) => string,
): Stopped => ({
  id,
  at: at.toISOString(),
  what: mask(message),
  ...(why === undefined ? {} : { why: mask(why) }),
  // A command that looks at what is left of the run says nothing later.
  advice: mask(remedy.text.endsWith(":") ? `${remedy.text} ${remedy.command ?? ""}` : remedy.text),
  ...(cause instanceof ApiError ? { answer: mask(cause.message) } : {}),
});
