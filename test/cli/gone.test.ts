import { expect, it } from "vitest";
import { problemOf } from "../../src/cli/fatal.ts";
import { reportText } from "../../src/cli/reporter/report.ts";
import { Interrupted } from "../../src/ports/error.ts";

const look = { columns: 80, color: false, unicode: true };

it.each([
  [{}, "what is done is kept"],
  [{ isGone: true }, "nothing of a rehearsal is left"],
] as const)("a run that was interrupted says what became of what was done: %j", (gone, said) => {
  const error = new Interrupted("SIGINT");
  expect(problemOf(error, { changing: true, ...gone }).remedy.text).toBe(`Run the same command again; ${said}.`);
  expect(reportText({ outcome: "interrupted", steps: [], seconds: 1, error, ...gone }, [], look)).toContain(said);
});
