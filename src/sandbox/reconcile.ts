import { type Api, type ChangeEvent, StatusError } from "./types.ts";

/** One controller of the world: level-triggered, it looks at the present state and makes one key right. */
export interface Reconciler {
  readonly name: string;
  /** The keys (any text, usually `namespace/name`) that this change concerns. */
  readonly keys: (event: ChangeEvent) => readonly string[];
  /** News that are no change of an object (a request, a new configuration); called once, before any change. */
  readonly listen?: (add: (key: string) => void) => void;
  /** Resolves to the milliseconds after which to look again, or undefined when only a change can matter. */
  readonly reconcile: (key: string) => Promise<number | undefined>;
}

export interface Running {
  /** Stops all timers and waits for what is under way. */
  readonly close: () => Promise<void>;
  readonly queues: () => readonly { readonly name: string; readonly depth: number; readonly adds: number }[];
}

const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 500;

/**
 * Runs reconcilers on the API's changes: one key of one reconciler at a time, each pending key once, refusals by the API
 * (StatusError) retried after 5 ms doubling up to 500 ms. Any other error is a bug of the world and is thrown unhandled.
 */
export const runReconcilers = (api: Api, reconcilers: readonly Reconciler[]): Running => {
  const queues = reconcilers.map((reconciler) => startQueue(reconciler));
  const unsubscribe = api.onChange((event) => {
    for (const queue of queues) queue.offer(event);
  });
  return {
    queues: () => queues.map((queue) => queue.seen()),
    close: async () => {
      unsubscribe();
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
};

const startQueue = (reconciler: Reconciler) => {
  const pending = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const failures = new Map<string, number>();
  let working: Promise<void> | undefined;
  let closed = false;
  let adds = 0;

  const add = (key: string): void => {
    if (closed) return;
    adds += 1;
    pending.add(key);
    working ??= drain();
  };

  const later = (key: string, milliseconds: number): void => {
    if (closed) return;
    clearTimeout(timers.get(key));
    // What was due a moment ago is due now: Node warns of a time in the past.
    const timer = setTimeout(
      () => {
        timers.delete(key);
        add(key);
      },
      Math.max(0, milliseconds),
    );
    timers.set(key, timer.unref());
  };

  const attempt = async (key: string): Promise<void> => {
    try {
      const again = await reconciler.reconcile(key);
      failures.delete(key);
      if (again !== undefined) later(key, again);
    } catch (error) {
      if (closed) return;
      if (!(error instanceof StatusError)) throw new Error(`${reconciler.name}: ${key}`, { cause: error });
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      later(key, Math.min(FIRST_RETRY_MS * 2 ** count, LAST_RETRY_MS));
    }
  };

  const drain = async (): Promise<void> => {
    while (pending.size > 0 && !closed) {
      // A turn of the event loop: changes that come together are handled together, others see what was done, and nobody is starved.
      await new Promise((resolve) => setImmediate(resolve));
      for (const key of [...pending]) {
        if (closed) break;
        pending.delete(key);
        await attempt(key);
      }
    }
    working = undefined;
  };

  reconciler.listen?.(add);

  return {
    seen: () => ({ name: reconciler.name, depth: pending.size, adds }),
    offer: (event: ChangeEvent) => {
      for (const key of reconciler.keys(event)) add(key);
    },
    close: async () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await working;
    },
  };
};
