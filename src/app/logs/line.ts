/** A line of a container's log, as the node gives it out with its time. */
export interface LogLine {
  /** Nanoseconds since 1970: to compare. */
  readonly at: bigint;
  /** RFC 3339 in UTC with nanoseconds. */
  readonly time: string;
  readonly text: string;
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) (.*)$/s;

/** Undefined: it has no time, so the node wrote it, not the container. */
export const logLineOf = (line: string): LogLine | undefined => {
  const [, second, fraction = "", zone, text] = TIMED.exec(line) ?? [];
  const milliseconds = Date.parse(`${second}${zone}`);
  if (text === undefined || Number.isNaN(milliseconds)) return undefined;
  const digits = fraction.padEnd(9, "0");
  const time = `${new Date(milliseconds).toISOString().slice(0, 19)}.${digits}Z`;
  return { at: BigInt(milliseconds) * 1_000_000n + BigInt(digits), time, text };
};

/** How far one container's log was read, so that it can be asked for again and each line is told once. */
export interface Position {
  /** From where to ask; undefined: from the beginning. */
  readonly since: () => string | undefined;
  /** It is asked for anew, from `since` on. */
  readonly again: () => void;
  /** Whether the line is a new one. Lines of one log come in the order of their times; those of the same time in the order in which they were written. */
  readonly isNew: (line: LogLine) => boolean;
}

export const createPosition = (): Position => {
  let last: { readonly at: bigint; readonly time: string; count: number } | undefined;
  /** Of those with the last time, how many come again. */
  let repeated = 0;
  return {
    since: () => last?.time,
    again: () => {
      repeated = last?.count ?? 0;
    },
    isNew: ({ at, time }) => {
      if (last && at < last.at) return false;
      if (last?.at === at && repeated > 0) {
        repeated -= 1;
        return false;
      }
      repeated = 0;
      if (last?.at === at) last.count += 1;
      else last = { at, time, count: 1 };
      return true;
    },
  };
};
