/**
 * Lines of a container's log file as runtimes write them (CRI): `TIME STREAM TAG TEXT`, the time in RFC 3339 with nanoseconds, the tag `F` for
 * the end of a line of the program and `P` for a part before it (containerd internal/cri/io/logger.go).
 */

export type Stream = "stdout" | "stderr";

/** Of one entry: a longer line is written in parts (max_container_log_line_size). */
const PART_BYTES = 16 * 1024;

/** What one entry says. */
export interface Entry {
  /** RFC 3339 with nine digits behind the point, as the kubelet gives it out. */
  readonly time: string;
  readonly stream: Stream;
  readonly isPartial: boolean;
  readonly text: Buffer;
}

let lastNanoseconds = 0n;

/** RFC 3339 with nanoseconds, zeros at its end left out as Go does (time.RFC3339Nano); it never goes back. */
const now = (): string => {
  const fraction = BigInt(Math.floor((performance.now() % 1) * 1_000_000));
  const nanoseconds = BigInt(Date.now()) * 1_000_000n + fraction;
  lastNanoseconds = nanoseconds > lastNanoseconds ? nanoseconds : lastNanoseconds;
  const seconds = new Date(Number(lastNanoseconds / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const digits = String(lastNanoseconds % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return digits === "" ? `${seconds}Z` : `${seconds}.${digits}Z`;
};

/** The entries that a line of a program becomes, each with the end of its line in the file. */
export const entriesOf = (stream: Stream, line: string): Buffer[] => {
  const bytes = Buffer.from(line);
  const entries: Buffer[] = [];
  for (let from = 0; from === 0 || from < bytes.length; from += PART_BYTES) {
    const tag = from + PART_BYTES < bytes.length ? "P" : "F";
    const text = bytes.subarray(from, from + PART_BYTES);
    entries.push(Buffer.concat([Buffer.from(`${now()} ${stream} ${tag} `), text, Buffer.from("\n")]));
  }
  return entries;
};

const HEAD = /^(\S+) (stdout|stderr) ([^ ]+) /;

/** Undefined where it is no entry: the kubelet passes over such lines. */
export const readEntry = (entry: Buffer): Entry | undefined => {
  const [head, time, stream, tags] = HEAD.exec(entry.subarray(0, 100).toString("latin1")) ?? [];
  if (head === undefined || time === undefined || tags === undefined) return undefined;
  const isPartial = tags.split(":")[0] === "P";
  const text = entry.subarray(head.length, isPartial && entry.at(-1) === 0x0a ? -1 : undefined);
  return { time: withNanoseconds(time), stream: stream as Stream, isPartial, text };
};

const withNanoseconds = (time: string): string => {
  const [, seconds = time, digits = "", zone = ""] = /^([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  return `${seconds}.${digits.padEnd(9, "0")}${zone}`;
};
