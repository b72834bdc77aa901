import type { StepReport } from "../../core/run.ts";

type Ended = Pick<StepReport, "changes" | "findings">;

/** What came of a step that is done, in one line: what its checks found, or else how much it has changed. */
export const summaryOf = ({ changes, findings }: Ended): string =>
  findings.map(({ summary }) => summary).join("; ") ||
  (changes.length > 0 ? `${changes.length} changed` : "up to date");
