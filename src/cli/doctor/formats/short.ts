import { count } from "../../reporter/look.ts";
import type { Format } from "./format.ts";
import { summaryLine } from "./text.ts";
import { unseenByReason } from "./unseen.ts";

/** A line for each cause, for chat and log lines; one line when all is well. */
export const short: Format = (told) => {
  const { causes, unseen } = told.diagnosis;
  const lines = [
    ...causes.map(
      ({ check, finding, weight }) =>
        `${finding.status} ${check.id}: ${finding.summary}${weight > 0 ? ` (explains ${weight})` : ""}`,
    ),
    ...unseenByReason(unseen).map(({ why, judged: [first, ...others] }) => {
      const also = others.length > 0 ? ` and ${count(others.length, "other")}` : "";
      return `unknown ${first?.check.id}${also}: ${why}`;
    }),
  ];
  const whose = told.isOneOfSeveral ? `${told.context}: ` : "";
  return `${(lines.length > 0 ? lines.map((line) => `${whose}${line}`) : [summaryLine(told)]).map((line) => line.replaceAll("\n", " ")).join("\n")}\n`;
};
