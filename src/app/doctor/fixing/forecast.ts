import type { Cause, Diagnosis, Judged } from "../diagnosis.ts";

/** What would be found once the fixes are made. */
export interface Forecast {
  /** What would still be wrong by itself. */
  readonly left: readonly Cause[];
  /** What was wrong because of what is mended, and which only a look at the changed cluster can judge. */
  readonly later: readonly Judged[];
}

const fixesOf = ({ finding }: Judged) => ("remedy" in finding ? (finding.remedy.fixes ?? []) : []);

export const isMended = (one: Judged): boolean => fixesOf(one).length > 0;

/** Everything that has a fix, in the order of the registry. */
export const mendedIn = ({ all }: Diagnosis): readonly Judged[] => all.filter(isMended);

/**
 * @param before what was found @param after what is found of the same answers with the fixes in them: objects that a controller would
 * write again are in it as they were
 */
export const forecastOf = (before: Diagnosis, after: Diagnosis): Forecast => {
  const followed = before.causes.filter(isMended).flatMap(({ explains }) => explains);
  const awaited = mendedIn(before).filter((one) => fixesOf(one).some(({ rest }) => rest !== undefined));
  const stale = new Set([...followed, ...awaited].filter(isWrong).map(({ check }) => check.id));
  return {
    left: after.causes.filter(({ check }) => !stale.has(check.id)),
    later: after.all.filter((one) => stale.has(one.check.id) && isWrong(one)),
  };
};

const isWrong = ({ finding: { status } }: Judged): boolean => status === "fail" || status === "warn";
