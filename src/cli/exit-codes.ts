import type { ErrorKind } from "../ports/error.ts";

/** What the program ends with, by the kind of error; 0 is fine, and a signal's number is added to 128. */
export const EXIT_CODES: Readonly<Record<ErrorKind, 1 | 2 | 3>> = { failed: 1, input: 2, unseen: 3, person: 3 };
