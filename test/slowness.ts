import { type ChildProcess, spawn } from "node:child_process";

/** Milliseconds that the work below takes on the machine that the limits of these tests were written on, with nothing else to do. */
const USUAL_MS = 20;

const work = (): number => {
  const began = performance.now();
  const kept = new Map<number, string>();
  let number = 1;
  for (let turn = 0; turn < 200_000; turn++) {
    number = (Math.imul(number, 1_664_525) + 1_013_904_223) >>> 0;
    kept.set(number % 5000, String(number));
  }
  return performance.now() - began;
};

/** Whatever makes a machine slower than this passes: nobody wants to wait for it in every test. */
const MOST = 3;

/** How many times slower this machine is just now; 1 where it is hardly slower. Before anything is compiled, work takes longer. */
const measured = (): number => {
  const times = Array.from({ length: 9 }, work)
    .slice(2)
    .sort((a, b) => a - b);
  const ratio = (times[3] ?? USUAL_MS) / USUAL_MS;
  return ratio < 2 ? 1 : Math.min(ratio, MOST);
};

/** The yardstick of all time limits in tests: `KN_TEST_SLOW=5`, `KN_TEST_SLOWNESS=5` where the machine is slow already (a quota), or what is measured at the start, whichever is more. */
export const slowness = (): number =>
  Math.max(measured(), Number(process.env.KN_TEST_SLOW ?? process.env.KN_TEST_SLOWNESS ?? 1));

/** `KN_TEST_SLOW=5`: so much else wants the processor that about a fifth of it is left for the tests. */
export const setup = (): (() => void) => {
  const share = Number(process.env.KN_TEST_SLOW ?? 1);
  // Each ends with its parent.
  const busy =
    "setInterval(() => { const until = Date.now() + 500; while (Date.now() < until); }, 0); process.stdin.on('end', () => process.exit()).resume()";
  const others: readonly ChildProcess[] = Array.from(
    { length: Math.round((share - 1) * Number(process.env.KN_TEST_WORKERS)) },
    () => spawn(process.execPath, ["-e", busy], { stdio: ["pipe", "ignore", "ignore"] }),
  );
  return () => {
    for (const other of others) other.kill("SIGKILL");
  };
};
