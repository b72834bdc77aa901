import type { Clocks } from "../clocks.ts";

/** `Signature expired: 20260101T000000Z is now earlier than 20260101T015500Z (20260101T020000Z - 5 min.)`, and its like for a clock that is ahead. */
const WORDS = /^Signature (?:expired|not yet current): (\d{8}T\d{6}Z) .*\((\d{8}T\d{6}Z) [-+] 5 min/;
const CODES = /^(RequestTimeTooSkewed|RequestInTheFuture)$/;

const timeOf = (basic: string): number =>
  Date.parse(basic.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));

/**
 * The two clocks, when AWS refused a signature for its time. Source: "Troubleshoot Signature Version 4 signing", IAM User Guide. Undefined:
 * it was refused for something else.
 */
export const clocksOf = (error: unknown, now = Date.now()): Clocks | undefined => {
  const { name, message, $response } = Object(error) as Record<string, unknown>;
  const [, ours, theirs] = WORDS.exec(String(message)) ?? [];
  if (ours !== undefined && theirs !== undefined) return { ours: timeOf(ours), theirs: timeOf(theirs) };
  const { headers } = Object($response) as Record<string, unknown>;
  const { date } = Object(headers) as Record<string, unknown>;
  const said = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return CODES.test(String(name)) && !Number.isNaN(said) ? { ours: now, theirs: said } : undefined;
};
