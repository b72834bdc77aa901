import type { LoggedRequest } from "../../app/logs/request.ts";
import { redactText } from "../../secrets/redact.ts";
import { padded } from "../reporter/cells.ts";
import { cut, type Look, legible, paint } from "../reporter/look.ts";

/** Lines of a table whose rows come one by one. */
export interface RequestTable {
  readonly heading: () => string;
  readonly row: (request: LoggedRequest) => string;
}

interface Column {
  readonly title: string;
  /** In places; what is longer pushes the rest of its row. */
  readonly width: number;
  readonly cell: (request: LoggedRequest) => string;
}

const METHOD: Column = { title: "METHOD", width: 7, cell: ({ method }) => method };
const STATUS: Column = { title: "STATUS", width: 6, cell: ({ status }) => String(status) };
const LATENCY: Column = { title: "LATENCY", width: 8, cell: ({ seconds }) => latency(seconds) };
const REVISION: Column = {
  title: "REVISION",
  width: 28,
  cell: ({ namespace, revision }) => `${namespace}/${revision}`,
};
const PATH: Column = { title: "PATH", width: 0, cell: ({ path }) => redactText(path) };

const TIME: Column = { title: "TIME", width: 24, cell: ({ time }) => `${time.slice(0, 23)}Z` };
/** Of today, in UTC. */
const SHORT_TIME: Column = { title: "TIME", width: 12, cell: ({ time }) => time.slice(11, 23) };

/** To the second; with the method before the path. */
const SHORTEST_TIME: Column = { title: "TIME", width: 8, cell: ({ time }) => time.slice(11, 19) };
const REQUEST: Column = { title: "REQUEST", width: 0, cell: (request) => `${request.method} ${PATH.cell(request)}` };
const PATH_AND_REVISION: Column = { ...PATH, cell: (request) => `${PATH.cell(request)}  ${request.revision}` };

/** By the columns that a terminal has at least. What does not find room is left out, not what happened. */
const BY_WIDTH: readonly (readonly [number, readonly Column[]])[] = [
  [100, [TIME, METHOD, STATUS, LATENCY, REVISION, PATH]],
  [60, [SHORT_TIME, METHOD, STATUS, LATENCY, PATH_AND_REVISION]],
  [0, [SHORTEST_TIME, STATUS, LATENCY, REQUEST]],
];

/** `isTerminal`: rows are as wide as the terminal, and longer paths are cut; elsewhere all of it is there. */
export const requestTable = (look: Look, isTerminal: boolean): RequestTable => {
  const columns = (): readonly Column[] => {
    const width = isTerminal ? look.columns : Number.POSITIVE_INFINITY;
    return BY_WIDTH.find(([least]) => width >= least)?.[1] ?? [];
  };
  const lineOf = (texts: readonly string[]): string => {
    const all = columns();
    const line = texts
      .map((text, index) => padded(legible(text, look), all[index]?.width ?? 0))
      .join("  ")
      .trimEnd();
    return isTerminal ? cut(line, look.columns, look) : line;
  };
  return {
    heading: () => `${paint("bold", lineOf(columns().map(({ title }) => title)), look)}\n`,
    row: (request) => {
      const line = lineOf(columns().map(({ cell }) => cell(request)));
      return `${request.status >= 500 ? paint("red", line, look) : request.status >= 400 ? paint("yellow", line, look) : line}\n`;
    },
  };
};

/** `0.3 ms`, `12 ms`, `1.25 s`. */
const latency = (seconds: number): string => {
  if (seconds >= 10) return `${seconds.toFixed(1)} s`;
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  const milliseconds = seconds * 1000;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
};
