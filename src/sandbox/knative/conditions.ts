import { type Condition, mergeConditions } from "../objects.ts";
import type { Obj } from "../types.ts";

/** Conditions as Knative's "living condition set" keeps them (knative.dev/pkg/apis/condition_set.go). */

export interface Verdict {
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
}

export const yes = (reason?: string, message?: string): Verdict => verdict("True", reason, message);
export const no = (reason?: string, message?: string): Verdict => verdict("False", reason, message);
export const unknown = (reason?: string, message?: string): Verdict => verdict("Unknown", reason, message);

const verdict = (status: Verdict["status"], reason?: string, message?: string): Verdict => ({
  status,
  ...(reason ? { reason } : {}),
  ...(message ? { message } : {}),
});

/** The verdict of another object's condition, to be passed on; undefined when it has none yet. */
export const passedOn = (object: Obj | undefined, type: string): Verdict | undefined => {
  const found = (object?.status?.conditions as Condition[] | undefined)?.find((condition) => condition.type === type);
  return found && verdict(found.status, found.reason, found.message);
};

/** The first that is False decides, then the first that is Unknown; a reason is only told for these. */
const happiness = (dependents: readonly Verdict[]): Verdict => {
  const { status, reason, message } =
    dependents.find((one) => one.status === "False") ?? dependents.find((one) => one.status === "Unknown") ?? yes();
  return status === "True" ? yes() : verdict(status, reason, message);
};

/** All conditions of a Knative object: the given ones and `Ready` over them. `informative` ones do not count for Ready. */
export const livingConditions = (
  before: readonly Condition[] | undefined,
  dependents: Record<string, Verdict>,
  informative: Record<string, Verdict> = {},
): Condition[] => {
  const now: Condition[] = [
    ...Object.entries(dependents).map(([type, one]) => ({ type, ...one })),
    ...Object.entries(informative).map(([type, one]) => ({ type, severity: "Info", ...one })),
    { type: "Ready", ...happiness(Object.values(dependents)) },
  ];
  return mergeConditions(
    before,
    now.sort((a, b) => (a.type < b.type ? -1 : 1)),
  );
};
