import { setTimeout as sleep } from "node:timers/promises";
import type { LogLine } from "./line.ts";

interface Head<T> {
  readonly value: T;
  readonly source: AsyncIterator<T>;
}

/** All lines of logs that are in order by themselves, in order. It holds one line of each. */
export async function* merged<T extends Pick<LogLine, "at">>(
  sources: readonly AsyncIterable<T>[],
): AsyncGenerator<T, void, undefined> {
  const heads: Head<T>[] = [];
  const add = async (source: AsyncIterator<T>): Promise<void> => {
    const { done, value } = await source.next();
    if (done) return;
    const before = heads.findLastIndex((head) => head.value.at <= value.at);
    heads.splice(before + 1, 0, { value, source });
  };
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    await Promise.all(iterators.map(add));
    for (let head = heads.shift(); head; head = heads.shift()) {
      yield head.value;
      await add(head.source);
    }
  } finally {
    await Promise.all(iterators.map((one) => one.return?.()));
  }
}

/** Lines that come while others are waited for. */
export interface Feed<T> {
  /** Resolves when there is room for more. */
  readonly add: (line: T) => Promise<void>;
  /** Ends it with an error. */
  readonly fail: (error: unknown) => void;
  /** In the order of their times, as far as they came within {@link HOLD_MS}; it ends with the signal's reason. */
  readonly lines: () => AsyncGenerator<T, void, undefined>;
}

/** How long a line waits for an earlier one of another pod. */
const HOLD_MS = 300;
const MOST_HELD = 1000;

export const createFeed = <T extends Pick<LogLine, "at">>(signal: AbortSignal): Feed<T> => {
  const held: { readonly line: T; readonly since: number }[] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => {};
  const waiting: (() => void)[] = [];

  /** Those that have waited long enough, and all that are earlier. */
  const release = (): readonly T[] => {
    const isFull = held.length >= MOST_HELD;
    held.sort((a, b) => (a.line.at < b.line.at ? -1 : a.line.at > b.line.at ? 1 : 0));
    const last = held.findLastIndex(({ since }) => isFull || performance.now() - since >= HOLD_MS);
    const ready = held.splice(0, last + 1);
    for (const goOn of waiting.splice(0)) goOn();
    return ready.map(({ line }) => line);
  };

  return {
    add: async (line) => {
      while (held.length >= MOST_HELD) await new Promise<void>((resolve) => waiting.push(resolve));
      held.push({ line, since: performance.now() });
      wake();
    },
    fail: (error) => {
      failure ??= { error };
      wake();
    },
    lines: async function* () {
      signal.addEventListener("abort", () => wake(), { once: true });
      for (;;) {
        signal.throwIfAborted();
        if (held.length === 0) {
          if (failure) throw failure.error;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        if (held.length < MOST_HELD) await sleep(HOLD_MS / 3);
        yield* release();
      }
    },
  };
};
