import type { Cause, Judged } from "../../../app/doctor/diagnosis.ts";
import { isOfCanary } from "../../../checks/canary/index.ts";
import type { Evidence } from "../../../ports/facts.ts";
import { describe } from "../../../ports/object.ts";
import { sh } from "../../../ports/shell.ts";
import { advice, count, entry, type Look } from "../../reporter/look.ts";
import { anchorOf, type Format, type Told } from "./format.ts";
import { unseenByReason } from "./unseen.ts";

const MARKS = {
  fail: ["✗", "red"],
  warn: ["!", "yellow"],
  unknown: ["?", "yellow"],
  ok: ["✓", "green"],
  skipped: ["–", "dim"],
} as const;
/** Of a finding with many objects the first few are enough to begin with. */
const FEW = 5;
/** More names of checks than this are a wall. */
const MANY = 20;

/** One line when all is well; else each cause with its evidence, what helps, and what it explains. */
export const text: Format = (told) => {
  const { diagnosis, look, verbose } = told;
  const lines = [
    ...diagnosis.causes.flatMap((cause) => [...causeLines(cause, told), ""]),
    ...unseenLines(diagnosis.unseen, look),
    ...allLines(verbose ? diagnosis.all : diagnosis.all.filter(({ check }) => isOfCanary(check)), look),
    ...entry(look, 0, "", summaryLine(told)),
  ];
  return `${lines.join("\n")}\n`;
};

const causeLines = (
  { check, finding, explains, weight }: Cause,
  { look, called = (data) => data }: Told,
): readonly string[] => {
  const [mark, colour] = MARKS[finding.status];
  return [
    ...entry(
      look,
      0,
      mark,
      `${check.id}: ${finding.summary}${weight > 0 ? ` (explains ${count(weight, "other")})` : ""}`,
      colour,
    ),
    ...evidenceLines(finding.evidence ?? [], look),
    ...("remedy" in finding ? advice(look, 2, finding.remedy) : []),
    ...(explains.length > 0 ? entry(look, 2, "", `Because of it: ${namesOf(explains)}`) : []),
    ...advice(
      look,
      2,
      called({ text: `More: ${anchorOf(check.id)}`, command: sh`kn-bootstrap doctor --explain ${check.id}` }),
    ),
  ];
};

/** Of very many their areas say as much; all of them stand in the list of --verbose. */
const namesOf = (judged: readonly Judged[]): string => {
  const ids = judged.map(({ check }) => check.id);
  if (ids.length <= MANY) return ids.join(", ");
  const areas = new Set(ids.map((id) => id.slice(0, id.indexOf("."))));
  return `${count(ids.length, "check")} of ${[...areas].join(", ")}`;
};

const evidenceLines = (evidence: readonly Evidence[], look: Look): readonly string[] => {
  const shown = evidence.slice(0, FEW).flatMap((one) => entry(look, 2, "", evidenceText(one)));
  const rest = evidence.length - FEW;
  return rest > 0 ? [...shown, `  and ${rest} more`] : shown;
};

/** `Service kourier-system/kourier .status.loadBalancer: nothing, expected an address` */
export const evidenceText = ({ object, field, observed, expected }: Evidence): string => {
  const where = [...(object ? [describe(object)] : []), ...(field ? [field] : [])].join(" ");
  const seen = observed === undefined ? "nothing" : valueText(observed);
  return `${where}: ${seen}${expected === undefined ? "" : `, expected ${valueText(expected)}`}`;
};

const valueText = (value: unknown): string => {
  const said = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return said.length > 160 ? `${said.slice(0, 160)}…` : said;
};

const unseenLines = (unseen: readonly Judged[], look: Look): readonly string[] =>
  unseenByReason(unseen).flatMap(({ why, judged }) => [
    ...entry(look, 0, "?", `could not look: ${why}`, "yellow"),
    ...entry(look, 2, "", `Not known because of it: ${namesOf(judged)}`),
    ...commandLines(judged, look),
    "",
  ]);

/** What is there to copy, so that it can be looked at the next time. */
const commandLines = (some: readonly Judged[], look: Look): readonly string[] => {
  const remedies = some.flatMap(({ finding }) => ("remedy" in finding ? finding.remedy : []));
  const [remedy] = remedies.filter(({ command }) => command !== undefined);
  return remedy ? advice(look, 2, remedy) : [];
};

/** Of a canary each hop is told: somebody has asked for the times. */
const allLines = (judged: readonly Judged[], look: Look): readonly string[] =>
  judged.length > 0 ? [...judged.flatMap((one) => judgedLines(one, look)), ""] : [];

const judgedLines = ({ check, finding }: Judged, look: Look): readonly string[] => {
  const [mark, colour] = MARKS[finding.status];
  return entry(look, 0, mark, `${check.id}: ${finding.summary}`, colour);
};

/** `kind-kind: all is well (24 checks in 0.8 s).` */
export const summaryLine = ({ diagnosis, context, seconds }: Told): string => {
  const { all, causes, unseen } = diagnosis;
  const judged = all.filter(({ finding }) => finding.status !== "skipped");
  const failed = causes.filter(({ finding }) => finding.status === "fail").length;
  const warned = causes.length - failed;
  const parts = [
    ...(failed > 0 ? [count(failed, "problem")] : []),
    ...(warned > 0 ? [count(warned, "warning")] : []),
    ...(unseen.length > 0 ? [`${unseen.length} not looked at`] : []),
  ];
  const result = parts.length === 0 ? "all is well" : parts.join(", ");
  const time = seconds === undefined ? "" : ` in ${seconds.toFixed(1)} s`;
  return `${context}: ${result} (${count(judged.length, "check")}${time}).`;
};
