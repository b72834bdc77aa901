import { ApiError } from "./cluster.ts";

/** What was read; undefined: the account may not read it. Every other error goes on up. */
export const readable = async <T>(reading: Promise<T>): Promise<T | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
};
