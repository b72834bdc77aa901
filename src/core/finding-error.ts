import { type ErrorKind, type Remedy, UserError } from "../ports/error.ts";
import { type Finding, seenIn } from "./check.ts";

/** What does not hold, or could not be looked at. */
export type BadFinding = Extract<Finding, { readonly remedy: Remedy }> & { readonly status: "fail" | "unknown" };

export const isBad = (finding: Finding): finding is BadFinding =>
  finding.status === "fail" || finding.status === "unknown";

/** The one place where a finding becomes an error. `otherwise` holds where the finding does not say it of itself. */
export const errorOf = (
  { id }: { readonly id: string },
  finding: BadFinding,
  otherwise: { readonly why?: string; readonly kind: ErrorKind },
): UserError =>
  new UserError({
    ...(finding.error ?? { id, ...otherwise }),
    what: finding.summary,
    remedy: finding.remedy,
    seen: seenIn(finding),
  });

/** The way back: what was found out by an error in the words that it has everywhere. */
export const findingOf = ({ id, message, why, remedy, kind, seen }: UserError): BadFinding => ({
  status: kind === "input" || kind === "failed" ? "fail" : "unknown",
  summary: message,
  remedy,
  error: { id, kind, ...(why === undefined ? {} : { why }) },
  ...seen,
});
