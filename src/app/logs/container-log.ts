import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, Unreachable } from "../../ports/cluster.ts";
import type { PodLogs } from "../../ports/logs.ts";
import { at, type KubeObject } from "../../ports/object.ts";
import { createPosition, type LogLine, logLineOf, type Position } from "./line.ts";

/** Who reads logs, and what he says about it. */
export interface Reading {
  readonly logs: PodLogs;
  readonly signal: AbortSignal;
  /** Lines before this are of no interest: RFC 3339. */
  readonly since?: string | undefined;
  /** Before a log is asked for again, in milliseconds; it doubles while nothing comes. Default 200. */
  readonly pauseMs?: number;
  /** Told once of what keeps a log from being read; the reading of others goes on. */
  readonly onTrouble: (pod: KubeObject, why: string) => void;
}

const CONTAINER = "queue-proxy";

const statusOf = (pod: KubeObject): unknown => {
  const statuses = at(pod, "status", "containerStatuses");
  return Array.isArray(statuses) ? statuses.find((one) => at(one, "name") === CONTAINER) : undefined;
};

/** How often it was started again; undefined: it has not been started, so there is nothing to read. */
const restartsOf = (pod: KubeObject): number | undefined => {
  const status = statusOf(pod);
  const [state, last] = [at(status, "state"), at(status, "lastState", "terminated")];
  const hasRun = at(state, "running") ?? at(state, "terminated") ?? last;
  return hasRun === undefined ? undefined : Number(at(status, "restartCount") ?? 0);
};

export const hasStarted = (pod: KubeObject): boolean => restartsOf(pod) !== undefined;

/** A pod's log, and how far it was read. */
export interface Kept {
  readonly position: Position;
  readonly lines: AsyncIterable<LogLine>;
}

/** What queue-proxy of a pod has written so far: of the run before this one, where there was one, and of this one. */
export const keptLog = (pod: KubeObject, reading: Reading): Kept => {
  const position = createPosition();
  const read = async function* (): AsyncGenerator<LogLine, void, undefined> {
    if ((restartsOf(pod) ?? 0) > 0) yield* newLines(pod, reading, position, { previous: true });
    if (hasStarted(pod)) yield* newLines(pod, reading, position, {});
  };
  return { position, lines: passingOver(pod, reading, read()) };
};

/** Nothing of a pod that is gone by now, or has not started yet; one that cannot be read does not keep the others from being read. */
async function* passingOver(pod: KubeObject, { onTrouble }: Reading, lines: AsyncIterable<LogLine>) {
  try {
    yield* lines;
  } catch (error) {
    if (!isGone(error) && !isEarly(error)) {
      if (!isPassing(error)) throw error;
      onTrouble(pod, messageOf(error));
    }
  }
}

const LAST_PAUSE_MS = 5_000;

/**
 * What queue-proxy of a pod writes from a position on, through every run of it, until the pod is gone. `now`: the pod as it was last seen;
 * undefined: it is gone. A connection that breaks, and a log that the node cannot follow, are asked for again from where they were.
 */
export async function* followedLog(
  pod: KubeObject,
  position: Position,
  reading: Reading,
  now: () => KubeObject | undefined,
): AsyncGenerator<LogLine, void, undefined> {
  const { signal, onTrouble, pauseMs = 200 } = reading;
  let restarts = restartsOf(pod) ?? 0;
  let pause = pauseMs;
  while (!signal.aborted) {
    const seen = now();
    const last = restartsOf(seen ?? pod) ?? restarts;
    try {
      // What the run before this one wrote after the connection to it broke.
      const runs = last > restarts ? [{ previous: true }, { follow: true }] : [{ follow: true }];
      restarts = last;
      for (const run of runs)
        for await (const line of newLines(pod, reading, position, run)) {
          pause = pauseMs;
          yield line;
        }
    } catch (error) {
      if (isGone(error)) return;
      if (!isEarly(error) && !isPassing(error)) throw error;
      if (!isEarly(error)) onTrouble(pod, messageOf(error));
    }
    if (!seen) return;
    await sleep(pause, undefined, { signal }).catch(() => {});
    pause = Math.min(pause * 2, LAST_PAUSE_MS);
  }
}

async function* newLines(
  pod: KubeObject,
  { logs, signal, since, onTrouble }: Reading,
  position: Position,
  run: { readonly previous?: boolean; readonly follow?: boolean },
): AsyncGenerator<LogLine, void, undefined> {
  const { namespace = "", name } = pod.metadata;
  position.again();
  const from = position.since() ?? since;
  const log = { namespace, pod: name, container: CONTAINER, ...run, ...(from ? { since: from } : {}) };
  const earliest = since === undefined ? 0n : BigInt(Date.parse(since)) * 1_000_000n;
  for await (const text of logs.logLines(log, signal)) {
    const line = logLineOf(text);
    if (!line) onTrouble(pod, text);
    else if (position.isNew(line) && line.at >= earliest) yield line;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof ApiError && statuses.includes(error.status);
const isGone = (error: unknown): boolean => isStatus(error, 404);
/** The container waits to be started, or the one that ran before it is not there any more. */
const isEarly = (error: unknown): boolean => isStatus(error, 400);
const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof ApiError && (error.status >= 500 || error.status === 429));
