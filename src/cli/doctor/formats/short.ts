import type { Format } from "./format.ts";
import { summaryLine } from "./text.ts";

/** A line for each cause, for chat and log lines; one line when all is well. */
export const short: Format = (told) => {
  const { causes, unseen } = told.diagnosis;
  const lines = [
    ...causes.map(
      ({ check, finding, weight }) =>
        `${finding.status} ${check.id}: ${finding.summary}${weight > 0 ? ` (explains ${weight})` : ""}`,
    ),
    ...unseen.map(({ check, finding }) => `unknown ${check.id}: ${finding.summary}`),
  ];
  return `${(lines.length > 0 ? lines : [summaryLine(told)]).map((line) => line.replaceAll("\n", " ")).join("\n")}\n`;
};
