/**
 * Asks somebody who may be silent. `late` says in the port's own words who has not answered in time; an error of its class that comes of the end of
 * the time stays as it is.
 */
export const inTime = async <T, E extends Error>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  late: (cause: unknown) => E,
  ask: (until: AbortSignal) => Promise<T>,
): Promise<T> => {
  const over = AbortSignal.timeout(milliseconds);
  try {
    return await ask(signal ? AbortSignal.any([signal, over]) : over);
  } catch (error) {
    signal?.throwIfAborted();
    if (!over.aborted) throw error;
    const told = late(error);
    throw error instanceof told.constructor ? error : told;
  }
};
