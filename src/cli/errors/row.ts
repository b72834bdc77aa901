import type { ErrorKind } from "../../ports/error.ts";

/** What an id stands for. Sentences hold for every case of it; the program's own message names the objects and gives a command. */
export interface ErrorRow {
  /** All that it may be, the usual one first. */
  readonly kinds: readonly ErrorKind[];
  readonly what: string;
  readonly why?: string;
  /** What to do. */
  readonly todo: string;
}

/** By id. */
export type Errors = Readonly<Record<string, ErrorRow>>;

const of =
  (...kinds: readonly ErrorKind[]) =>
  (what: string, why: string, todo: string): ErrorRow => ({ kinds, what, ...(why === "" ? {} : { why }), todo });

/** Makers of rows: what, why (or an empty text), what to do. */
export const input = of("input");
export const failed = of("failed");
export const unseen = of("unseen");
export const person = of("person");
export const either = of;
