import type { HealthCheck } from "../../checks/health-check.ts";
import { entry, heading, type Look } from "../reporter/look.ts";
import { anchorOf } from "./formats/format.ts";

/** A line for each check, by area. */
export const listText = (checks: readonly HealthCheck[], look: Look): string => {
  const width = Math.max(...checks.map(({ id }) => id.length));
  const areas = Map.groupBy(checks, ({ id }) => id.slice(0, id.indexOf(".")));
  const lines = [...areas].flatMap(([area, some]) => [
    ...heading(look, area),
    ...some.flatMap(({ id, title }) => entry(look, 2, id.padEnd(width), title)),
  ]);
  return `${lines.join("\n")}\n`;
};

/** What a check is about: what it looks at, what it means when it does not hold, and what to do then. */
export const explanation = (check: HealthCheck, all: readonly HealthCheck[], look: Look): string => {
  const { id, title, meaning, todo, reads, needs = [], symptomOf = [], threads = [] } = check;
  const explains = all.filter((one) => [...(one.needs ?? []), ...(one.symptomOf ?? [])].includes(id));
  const row = (name: string, text: string) => (text === "" ? [] : entry(look, 2, name.padEnd(12), text));
  return `${[
    ...heading(look, `${id}: ${title}`),
    ...row("If not", meaning),
    ...row("What to do", todo),
    ...row("Looks at", reads.join(", ")),
    ...row("Needs", needs.join(", ")),
    ...row("May be due", symptomOf.join(", ")),
    ...row("Explains", explains.map((one) => one.id).join(", ")),
    ...row("Seen in", threads.join(", ")),
    ...row("More", anchorOf(id)),
  ].join("\n")}\n`;
};
