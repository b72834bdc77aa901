import type { Obj } from "../../types.ts";

/** A column of a table, as `kubectl get` prints it. */
export interface Column {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  /** 1: shown with `-o wide` alone. */
  readonly priority?: number;
  readonly cell: (object: Obj, now: Date) => unknown;
}

/** How long ago, in the words of apimachinery's pkg/util/duration. */
export function age(since: unknown, now: Date): string {
  const began = Date.parse(String(since));
  if (Number.isNaN(began)) return "<unknown>";
  const seconds = Math.floor((now.getTime() - began) / 1_000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  const both = (large: number, one: string, small: number, other: string): string =>
    small === 0 ? `${large}${one}` : `${large}${one}${small}${other}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return both(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return both(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (hours < 192) return both(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  return days < 2_920 ? both(Math.floor(days / 365), "y", days % 365, "d") : `${Math.floor(days / 365)}y`;
}

export const NAME: Column = { name: "Name", format: "name", cell: ({ metadata }) => metadata.name };
export const AGE: Column = { name: "Age", cell: ({ metadata }, now) => age(metadata.creationTimestamp, now) };
