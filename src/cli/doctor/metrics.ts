import { rename, rm, writeFile } from "node:fs/promises";
import { UserError } from "../../ports/error.ts";
import { reasonOf } from "../file-trouble.ts";
import type { Told } from "./formats/format.ts";

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Labels and the value of each series. */
  readonly series: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

const VERDICTS = ["fail", "warn", "unknown"] as const;

/** The result in the text format of Prometheus (exposition format 0.0.4). */
export const metricsText = ({ diagnosis, at }: Told): string => {
  const { all, causes, unseen } = diagnosis;
  const count = (status: (typeof VERDICTS)[number]) =>
    status === "unknown" ? unseen.length : causes.filter(({ finding }) => finding.status === status).length;
  const metrics: readonly Metric[] = [
    {
      name: "kn_bootstrap_doctor_check",
      help: "What each check of doctor has found, as its label status: ok, warn, fail, unknown or skipped.",
      series: all.map(({ check: { id }, finding: { status } }) => [{ check: id, status }, 1]),
    },
    {
      name: "kn_bootstrap_doctor_causes",
      help: "How many things are wrong by themselves (fail, warn), or could not be looked at (unknown).",
      series: VERDICTS.map((status) => [{ status }, count(status)]),
    },
    {
      name: "kn_bootstrap_doctor_last_run_timestamp_seconds",
      help: "When doctor last looked.",
      series: [[{}, Math.floor(Date.parse(at) / 1_000)]],
    },
  ];
  return metrics.map(linesOf).join("");
};

const linesOf = ({ name, help, series }: Metric): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...series.map(([labels, value]) => `${name}${labelsText(labels)} ${value}`),
    "",
  ].join("\n");

const labelsText = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
};

/** It replaces the file at once, and others may read it: a collector runs as somebody else. Throws UserError (failed). */
export const writeMetrics = async (path: string, text: string): Promise<void> => {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text, { flag: "wx", mode: 0o644 });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new UserError({
      id: "doctor.metrics",
      what: `The metrics could not be written to ${path}: ${reasonOf(error)}.`,
      remedy: "Give --metrics-file a file in a directory that you may write to.",
      kind: "failed",
      cause: error,
    });
  }
};
