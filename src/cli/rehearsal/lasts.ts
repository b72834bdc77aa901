/** Timers stand still while a machine sleeps, and know no more than 24 days: the clock is looked at in between. */
const LOOK_MS = 10_000;

/**
 * Resolves when so many seconds have passed, the signal comes, or it is found within seconds not to be wanted any more; without seconds time
 * ends nothing. Keeps the process alive until then.
 */
export const lasts = (
  seconds: number | undefined,
  signal: AbortSignal,
  isWanted: () => boolean = () => true,
): Promise<void> =>
  new Promise((done) => {
    const until = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1_000;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const look = (): void => {
      const left = until - Date.now();
      if (left <= 0 || signal.aborted || !isWanted()) end();
      else timer = setTimeout(look, Math.min(left, LOOK_MS));
    };
    signal.addEventListener("abort", end);
    look();
  });
