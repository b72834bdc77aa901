/** Runs work for keys one after the other, each key once however often it was asked for. */

export interface WorkQueue {
  readonly add: (key: string) => void;
  readonly stop: () => void;
}

const PAUSE = 50;

/** Work that fails is tried again after a pause. */
export function createWorkQueue(work: (key: string) => Promise<void>): WorkQueue {
  const waiting = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let running = false;
  let stopped = false;
  const run = async (): Promise<void> => {
    running = true;
    for (const key of waiting) {
      if (stopped) break;
      waiting.delete(key);
      try {
        await work(key);
      } catch {
        const timer = setTimeout(() => {
          timers.delete(timer);
          add(key);
        }, PAUSE);
        timers.add(timer);
      }
    }
    running = false;
  };
  const add = (key: string): void => {
    if (stopped) return;
    waiting.add(key);
    if (!running) setImmediate(() => !running && void run());
  };
  return {
    add,
    stop: () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
