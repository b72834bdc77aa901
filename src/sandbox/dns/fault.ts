/** What is seen of a server, and how it can be made to fail. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Rcode, Transport } from "./wire.ts";

/** One question as a server saw it. */
export interface AskedQuestion {
  /** The server's name; `resolver` for the recursive one. */
  readonly server: string;
  readonly operation: "query" | "update" | "other";
  /** Lower case; the zone of an update. */
  readonly name: string;
  readonly type: string;
  readonly transport: Transport;
}

export interface SeenQuestion extends AskedQuestion {
  /** Absent: no answer was sent. */
  readonly rcode?: Rcode;
  /** An answer over UDP that sends the asker to TCP. */
  readonly truncated?: boolean;
}

/**
 * `drop`: nothing happens and nothing is answered. `mute`: it is done, and the answer is lost. `truncate`: UDP answers nothing but TC.
 * `lame`: as a server that has no such zone. `lag`: what was true that many milliseconds ago; Infinity stays with the beginning. `late`: the answer
 * is sent so many milliseconds later.
 */
export type Verdict =
  | "drop"
  | "mute"
  | "servfail"
  | "lame"
  | "truncate"
  | { readonly lag: number }
  | { readonly late: number };

/** Before an answer is sent. */
export const lateness = (verdict: Verdict | undefined): Promise<void> | undefined =>
  typeof verdict === "object" && "late" in verdict ? sleep(verdict.late, undefined, { ref: false }) : undefined;

/** A verdict on everything, or on one question at a time. */
export type Fault = Verdict | ((question: AskedQuestion) => Verdict | undefined);

export const judge = (fault: Fault | undefined, question: AskedQuestion): Verdict | undefined =>
  typeof fault === "function" ? fault(question) : fault;
