import { setTimeout as sleep } from "node:timers/promises";
import { at } from "../../ports/object.ts";

/** Milliseconds between polls. The first are short, because most CAs answer quickly; after the last the CA's Retry-After counts. */
const STEPS = [20, 40, 80, 160, 320, 640, 1280, 2000];
const LONGEST = 30_000;

/**
 * Reads until it is done, for as long as the signal lives. A Retry-After (RFC 8555 §7.5.1) counts once the quick steps are over: they are
 * fewer requests than one more order would be.
 */
export const poll = async <T extends object>(
  read: () => Promise<T>,
  isDone: (value: T) => boolean,
  tools: { readonly signal: AbortSignal; readonly now: () => Date },
): Promise<T> => {
  for (let tries = 0; ; tries += 1) {
    const value = await read();
    if (isDone(value)) return value;
    const asked = at(value, "retryAfter");
    const wish = tries >= STEPS.length && asked instanceof Date ? asked.getTime() - tools.now().getTime() || 0 : 0;
    const step = STEPS[Math.min(tries, STEPS.length - 1)] ?? 0;
    await sleep(Math.min(LONGEST, Math.max(step, wish)), undefined, { signal: tools.signal }).catch(() => {});
    tools.signal.throwIfAborted();
  }
};
