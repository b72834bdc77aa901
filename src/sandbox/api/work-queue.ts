/** Runs work for keys one after the other, each key once however often it was asked for meanwhile. */

export interface WorkQueue {
  readonly add: (key: string) => void;
  readonly stop: () => void;
}

/**
 * How long, in milliseconds, a controller takes to notice when nothing hurries it. Clients that do not wait for a cluster's
 * controllers fail here as they would there.
 */
export const A_MOMENT = 300;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5000;

/** `delay` is the time in milliseconds before a key's work begins; work that fails is tried again after doubling pauses. */
export function createWorkQueue(work: (key: string) => Promise<void>, delay = 0): WorkQueue {
  const ready = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const pauses = new Map<string, number>();
  let running = false;

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (const key of ready) {
      ready.delete(key);
      try {
        await work(key);
        pauses.delete(key);
      } catch {
        const pause = pauses.get(key) ?? FIRST_PAUSE;
        pauses.set(key, Math.min(2 * pause, LONGEST_PAUSE));
        schedule(key, pause);
      }
    }
    running = false;
  };
  const schedule = (key: string, pause: number): void => {
    if (timers.has(key)) return;
    const timer = setTimeout(() => {
      timers.delete(key);
      ready.add(key);
      void run();
    }, pause);
    timers.set(key, timer);
  };
  return {
    add: (key) => {
      // New work does not wait for the end of a pause.
      clearTimeout(timers.get(key));
      timers.delete(key);
      schedule(key, delay);
    },
    stop: () => {
      for (const timer of timers.values()) clearTimeout(timer);
      ready.clear();
    },
  };
}
