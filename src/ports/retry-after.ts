/** An hour: what a server may ask for at most. Timers beyond 2^31 ms would fire at once. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Of a header that was sent often; in one text there are fewer. */
const MOST_VALUES = 100;

/** The three forms of an HTTP date (RFC 9110 section 5.6.7); other texts that JavaScript takes for dates are none. */
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w: -]+$/;

/**
 * What a server means by Retry-After: seconds or an HTTP date (RFC 9110 section 10.2.3), as whole milliseconds from `now` (milliseconds
 * since the epoch), 0 to `longest` ({@link LONGEST_RETRY_AFTER_MS}). Fractions count as the next second. Of a header that was sent
 * several times the longest wish counts. Undefined: absent, or nothing of it can be understood.
 */
export const retryAfterMs = (
  header: string | readonly string[] | null | undefined,
  now: number,
  longest = LONGEST_RETRY_AFTER_MS,
): number | undefined => {
  const values = [header ?? []].flat().slice(0, MOST_VALUES).flatMap(valuesIn);
  const wishes = values.flatMap((value) => millisecondsOf(value, now) ?? []);
  return wishes.length === 0 ? undefined : Math.min(longest, Math.max(...wishes));
};

/** Duplicates arrive joined by commas, and a date has one of its own. */
const valuesIn = (header: string): readonly string[] =>
  header
    .slice(0, 500)
    .split(/,(?!\s*\d{1,2}[ -][A-Z])/)
    .map((value) => value.trim());

const millisecondsOf = (value: string, now: number): number | undefined => {
  if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(Number(value)) * 1000);
  // The oldest form has no zone, and is GMT all the same.
  const date = DATE.test(value) ? Date.parse(/GMT$/.test(value) ? value : `${value} GMT`) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};
