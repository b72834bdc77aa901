import { type Judged, verdict } from "../../../app/doctor/diagnosis.ts";
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
  /** Empty: it could not be looked at. */
  readonly server: string;
  /** Why it could not be looked at. */
  readonly problem?: string;
  /** ISO 8601. */
  readonly at: string;
  readonly seconds?: number;
  readonly verdict: "ok" | "warn" | "fail" | "unknown";
  /** The one that explains most first. */
  readonly causes: readonly { readonly id: string; readonly explains: readonly string[]; readonly weight: number }[];
  readonly findings: readonly JsonFinding[];
  /** Ids: what would still be wrong once the fixes are made, and what only a look at the changed cluster can judge. */
  readonly forecast?: { readonly left: readonly string[]; readonly later: readonly string[] };
}

/** One line; docs/events.schema.json says what it holds. Fields are added over time, never renamed or removed. */
export const json: Format = ({ diagnosis, context, server, at, seconds, forecast }) => {
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
    ...(forecast ? { forecast: { left: idsOf(forecast.left), later: idsOf(forecast.later) } } : {}),
  };
  return `${JSON.stringify(line)}\n`;
};

const idsOf = (judged: readonly Judged[]): readonly string[] => judged.map(({ check }) => check.id);
