/** How many times slower than usual this machine is (test/slowness.ts). */
const SLOWNESS = Number(process.env.KN_TEST_SLOWNESS ?? 1);

/** A limit that is long enough here, from one that is long enough on a usual machine with nothing else to do. */
export const patient = (limit: number): number => Math.ceil(limit * SLOWNESS);

/** For `--timeout`, in whole seconds. */
export const patientSeconds = (limit: number): string => `${patient(limit)}s`;
