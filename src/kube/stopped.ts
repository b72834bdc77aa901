import { dataOf, type KubeObject, textAt } from "../ports/object.ts";
import { recordIn } from "./choices.ts";
import { managerFor } from "./inventory.ts";

/** Key of the state ConfigMap: what has stopped the last install, as JSON. The next run forgets it. */
export const STOPPED = "stopped";
export const STOPPED_MANAGER = managerFor("stopped");

/** What has stopped an install. No object of the cluster need tell it. */
export interface Stopped {
  /** Id of the error. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly what: string;
  readonly why?: string;
  /** What to do, its command included. */
  readonly advice: string;
  /** What the API server answered to a write. Absent: it was no write that stopped it. */
  readonly answer?: string;
}

/** Undefined: nothing has, or what stands there is not ours. */
export const stoppedIn = (state: KubeObject | undefined): Stopped | undefined => {
  const record = recordIn(dataOf(state)[STOPPED]);
  const [id, at, what, why, advice, answer] = ["id", "at", "what", "why", "advice", "answer"].map((key) =>
    textAt(record, key),
  );
  if (!id || !what || !at || Number.isNaN(Date.parse(at))) return undefined;
  return { id, at, what, advice: advice ?? "", ...(why ? { why } : {}), ...(answer ? { answer } : {}) };
};
