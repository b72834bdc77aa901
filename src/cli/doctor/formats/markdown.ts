import type { Cause } from "../../../app/doctor/diagnosis.ts";
import { anchorOf, type Format } from "./format.ts";
import { evidenceText, summaryLine } from "./text.ts";

/** For an issue or a merge request: causes with evidence and command, and a table of every check that says something. */
export const markdown: Format = (told) => {
  const { all, causes } = told.diagnosis;
  const said = all.filter(({ finding }) => finding.status !== "skipped");
  return `${[
    `## ${plain(summaryLine(told))}`,
    ...causes.flatMap(causeLines),
    "",
    "| check | status | finding |",
    "|---|---|---|",
    ...said.map(
      ({ check, finding }) => `| [${check.id}](${anchorOf(check.id)}) | ${finding.status} | ${cell(finding.summary)} |`,
    ),
  ].join("\n")}\n`;
};

const causeLines = ({ check, finding, explains, weight }: Cause): readonly string[] => [
  "",
  `### ${check.id}: ${plain(finding.summary)}`,
  "",
  ...(finding.evidence ?? []).slice(0, 10).map((one) => `- ${plain(evidenceText(one))}`),
  ...(explains.length > 0 ? [`- explains ${weight} other: ${explains.map((one) => one.check.id).join(", ")}`] : []),
  ...("remedy" in finding ? ["", plain(finding.remedy.text), ...commandBlock(finding.remedy.command)] : []),
];

/** Fenced longer than any row of backticks in it. */
const commandBlock = (command: string | undefined): readonly string[] => {
  if (command === undefined) return [];
  const longest = Math.max(2, ...[...command.matchAll(/`+/g)].map(([row]) => row.length));
  const fence = "`".repeat(longest + 1);
  return ["", `${fence}sh`, command, fence];
};

/** What others have written stays text. */
export const plain = (said: string): string => said.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&").replaceAll("\n", " ");
const cell = plain;
