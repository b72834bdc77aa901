/** Like `Promise.all`, but throws the first failure only when all have ended, so that nothing is left running behind an error. */
export const allSettled = async <T>(work: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(work);
  return await Promise.all(work);
};
