import type { Report } from "./run.ts";

/** What became of the steps that were done before a run ended. */
export const whatIsDone = ({ isGone }: Pick<Report, "isGone">): string =>
  isGone ? "nothing of a rehearsal is left" : "what is done is kept";
