import { refOf, type Stage, timestamp } from "../objects.ts";
import type { Obj } from "../types.ts";

/** How a program ends when it is told to (SIGTERM). Times in seconds of the cluster. */
export interface Drain {
  /** From the signal, or from the last request after it, to the end of the process. */
  readonly seconds: number;
  /** From the signal until its readiness probe has failed often enough; absent: it is ready to the end. */
  readonly unreadyAfter?: number;
  /** When it last answered a request, in milliseconds of performance.now. */
  readonly lastUse?: number | undefined;
  /** Of a container, 0 when absent. */
  readonly exitCode?: (container: Obj) => number;
}

/** A program without anything to finish: the controllers that were watched took one to three seconds. */
export const AT_ONCE: Drain = { seconds: 1 };
/** One that nobody here knows does not catch the signal. */
export const UNCAUGHT: Drain = { seconds: 1, exitCode: () => 143 };

const KILLED = 137;

/** What the node remembers of a pod that is to go. */
export interface Going {
  readonly startedAt?: string;
  readonly failures: number;
  /** When its containers were told to end, in milliseconds of performance.now. */
  toldAt?: number;
  readonly told: AbortController;
}

/** The state of every container of a pod at one moment. */
export interface Verdict {
  phase: "Pending" | "Running" | "Succeeded" | "Failed";
  ready: boolean;
  state: (container: Obj) => Record<string, unknown>;
}

/** What the node can do with it. */
export interface Hands<Life extends Going> {
  /** Goes on with starting it; resolves to the milliseconds after which to look again. */
  readonly start: (pod: Obj, life: Life) => Promise<number | undefined>;
  readonly write: (pod: Obj, life: Life, verdict: Verdict) => Promise<void>;
  readonly isReady: (pod: Obj) => boolean;
  readonly drainOf: (pod: Obj) => Drain;
}

/**
 * A pod that is to go: what is just being started starts first; then its containers are told, and drain within its grace, which
 * is given up when they have ended. Resolves to the milliseconds after which to look again.
 */
export const endPod = async <Life extends Going>(
  stage: Stage,
  pod: Obj,
  life: Life,
  hands: Hands<Life>,
): Promise<number | undefined> => {
  if (life.startedAt === undefined && life.failures === 0) {
    const again = await hands.start(pod, life);
    if (life.startedAt === undefined && life.failures === 0 && again !== undefined) return again;
  }
  if (life.startedAt === undefined) return await release(stage, pod);
  life.toldAt ??= performance.now();
  life.told.abort();
  const ending = endingOf(pod, hands.drainOf(pod), life.toldAt, stage);
  const { startedAt } = life;
  if ("again" in ending) {
    const ready = !ending.isDrained && hands.isReady(pod);
    await hands.write(pod, life, { phase: "Running", ready, state: () => ({ running: { startedAt } }) });
    return ending.again;
  }
  const finishedAt = timestamp();
  const state = (container: Obj) => {
    const exitCode = ending.exitCode(container);
    return { terminated: { startedAt, finishedAt, exitCode, reason: exitCode === 0 ? "Completed" : "Error" } };
  };
  const isWell = (pod.spec.containers as Obj[]).every((container) => ending.exitCode(container) === 0);
  await hands.write(pod, life, { phase: isWell ? "Succeeded" : "Failed", ready: false, state });
  return await release(stage, pod);
};

/** The node is done with it: the object goes unless finalizers hold it. */
const release = async ({ api }: Stage, pod: Obj): Promise<undefined> => {
  await api.remove(refOf(pod), { gracePeriodSeconds: 0 });
};

const endingOf = (
  pod: Obj,
  { seconds, unreadyAfter = Number.POSITIVE_INFINITY, lastUse = 0, exitCode = () => 0 }: Drain,
  toldAt: number,
  { second }: Stage,
): { isDrained: boolean; again: number } | { exitCode: (container: Obj) => number } => {
  const now = performance.now();
  const graceEnds = toldAt + Number(pod.metadata.deletionGracePeriodSeconds ?? 0) * second;
  const ends = Math.max(toldAt, lastUse) + seconds * second;
  if (now >= ends) return { exitCode };
  if (now >= graceEnds) return { exitCode: () => KILLED };
  const unreadyAt = toldAt + unreadyAfter * second;
  const isDrained = now >= unreadyAt;
  return { isDrained, again: Math.max(1, Math.min(ends, graceEnds, isDrained ? ends : unreadyAt) - now) };
};
