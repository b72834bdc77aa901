import { median, milliseconds, ratio, seconds, table } from "../table.ts";

/** Seconds, from the start of the process to its end. */
const BUDGET = 1;
/** Whom the others are compared with. */
export const OURS = "kn-bootstrap";

export interface Issuance {
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** Of kn-bootstrap: without the start of the process and the reading of its modules. */
  readonly inside?: number;
}

/** What one client did at one CA. */
export interface Outcome {
  readonly client: string;
  /** Per cent. */
  readonly rejectedNonces: number;
  readonly issued: readonly Issuance[];
  /** What it said, each time that it got none. */
  readonly failures: readonly string[];
}

/** The line that says why, as far as one can tell. */
const reasonIn = (text: string): string => {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const telling = lines.findLast((line) => /nonce|unable|could not|error:/i.test(line)) ?? lines.at(-1) ?? "";
  return telling.length > 140 ? `${telling.slice(0, 140)} …` : telling;
};

/** A row for each client, two columns for each CA, in the order of the outcomes; then a line for each client that failed. */
export const issuanceTable = (outcomes: readonly Outcome[]): string => {
  const at = (client: string, rejected: number) =>
    outcomes.find((outcome) => outcome.client === client && outcome.rejectedNonces === rejected);
  const wall = (outcome: Outcome | undefined) => median(outcome?.issued.map((run) => run.seconds) ?? []);
  const rejections = [...new Set(outcomes.map(({ rejectedNonces }) => rejectedNonces))];
  const clients = [...new Set(outcomes.map(({ client }) => client))];
  const rows = clients.map((client) => [
    client === OURS ? `${client} (budget ${seconds(BUDGET)})` : client,
    ...rejections.flatMap((rejected) => {
      const time = wall(at(client, rejected));
      if (Number.isNaN(time)) return ["failed", ""];
      const own = wall(at(OURS, rejected));
      return [seconds(time), client === OURS || Number.isNaN(own) ? "" : ratio(time / own)];
    }),
  ]);
  const inside = rejections.flatMap((rejected) => {
    const times = at(OURS, rejected)?.issued.flatMap((run) => run.inside ?? []) ?? [];
    return [times.length > 0 ? milliseconds(median(times)) : "", ""];
  });
  const failures = outcomes
    .filter(({ failures: some }) => some.length > 0)
    .map(({ client, rejectedNonces, issued, failures: some }) => {
      const count = `${some.length} of ${issued.length + some.length}`;
      return `${client}, ${rejectedNonces} % of nonces rejected: ${count} failed, by its own words: ${reasonIn(some[0] ?? "")}\n`;
    });
  const heads = rejections.flatMap((rejected) => [`${rejected} % of nonces rejected`, "of ours"]);
  const [first = [], ...others] = rows;
  return `${table(["", ...heads], [first, ["  of it, the issuance alone", ...inside], ...others])}${failures.join("")}`;
};
