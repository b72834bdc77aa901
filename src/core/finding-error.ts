import { type ErrorKind, type Remedy, UserError } from "../ports/error.ts";
import { type Check, type Finding, seenIn } from "./check.ts";

/** What does not hold, or could not be looked at. */
export type BadFinding = Extract<Finding, { readonly remedy: Remedy }> & { readonly status: "fail" | "unknown" };

export const isBad = (finding: Finding): finding is BadFinding =>
  finding.status === "fail" || finding.status === "unknown";

/** The one place where a finding becomes an error. `otherwise` holds where the finding does not say it of itself. */
export const errorOf = (
  { id }: Pick<Check, "id">,
  finding: BadFinding,
  otherwise: { readonly why: string; readonly kind: ErrorKind },
): UserError =>
  new UserError({
    id,
    ...otherwise,
    ...finding.error,
    what: finding.summary,
    remedy: finding.remedy,
    seen: seenIn(finding),
  });
