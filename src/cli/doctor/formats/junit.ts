import type { Judged } from "../../../app/doctor/diagnosis.ts";
import type { Format } from "./format.ts";
import { evidenceText } from "./text.ts";

/** JUnit's XML as CI systems read it: a suite for each area, a case for each check. Warnings pass, with what they say as output. */
export const junit: Format = ({ diagnosis, at, seconds }) => {
  const areas = Map.groupBy(diagnosis.all, ({ check }) => check.id.slice(0, check.id.indexOf(".")));
  const suites = [...areas].map(([area, some]) =>
    [
      `  <testsuite name="${escaped(area)}" ${counts(some)} timestamp="${at}">`,
      ...some.map(caseOf),
      "  </testsuite>",
    ].join("\n"),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="kn-bootstrap doctor" ${counts(diagnosis.all)} time="${(seconds ?? 0).toFixed(1)}">`,
    ...suites,
    "</testsuites>\n",
  ].join("\n");
};

const counts = (some: readonly Judged[]): string => {
  const number = (status: string): number => some.filter(({ finding }) => finding.status === status).length;
  return `tests="${some.length}" failures="${number("fail")}" errors="${number("unknown")}" skipped="${number("skipped")}"`;
};

const caseOf = ({ check, finding }: Judged): string => {
  const open = `    <testcase classname="${escaped(check.id)}" name="${escaped(check.title)}"`;
  const remedy = "remedy" in finding ? [finding.remedy.text, finding.remedy.command ?? ""] : [];
  const body = escaped([...(finding.evidence ?? []).map(evidenceText), ...remedy].filter(Boolean).join("\n"));
  const message = escaped(finding.summary);
  switch (finding.status) {
    case "ok":
      return `${open}/>`;
    case "skipped":
      return `${open}><skipped message="${message}"/></testcase>`;
    case "warn":
      return `${open}><system-out>${message}\n${body}</system-out></testcase>`;
    case "fail":
      return `${open}><failure message="${message}">${body}</failure></testcase>`;
    case "unknown":
      return `${open}><error message="${message}">${body}</error></testcase>`;
  }
};

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no other control characters than tab and the line ends. */
const escaped = (said: string): string =>
  said
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "?")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
