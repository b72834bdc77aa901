import { verdict } from "../../../app/doctor/diagnosis.ts";
import type { Checked } from "../../../core/check.ts";
import { anchorOf, type Format } from "./format.ts";

type JsonFinding = Checked & {
  /** The check that had to hold first and does not. */
  readonly because?: string;
  readonly docs: string;
  readonly threads?: readonly string[];
};

/** The line of `doctor`. */
export interface JsonDoctor {
  readonly type: "doctor";
  readonly v: 1;
  readonly context: string;
  readonly server: string;
  /** ISO 8601. */
  readonly at: string;
  readonly seconds?: number;
  readonly verdict: "ok" | "warn" | "fail" | "unknown";
  /** The one that explains most first. */
  readonly causes: readonly { readonly id: string; readonly explains: readonly string[]; readonly weight: number }[];
  readonly findings: readonly JsonFinding[];
}

/** One line; docs/events.schema.json says what it holds. Fields are added over time, never renamed or removed. */
export const json: Format = ({ diagnosis, context, server, at, seconds }) => {
  const line: JsonDoctor = {
    type: "doctor",
    v: 1,
    context,
    server,
    at,
    ...(seconds === undefined ? {} : { seconds: Number(seconds.toFixed(1)) }),
    verdict: verdict(diagnosis),
    causes: diagnosis.causes.map(({ check, explains, weight }) => ({
      id: check.id,
      explains: explains.map((one) => one.check.id),
      weight,
    })),
    findings: diagnosis.all.map(({ check: { id, title, threads }, finding, because }) => ({
      id,
      title,
      ...finding,
      ...(because ? { because } : {}),
      docs: anchorOf(id),
      ...(threads ? { threads } : {}),
    })),
  };
  return `${JSON.stringify(line)}\n`;
};
