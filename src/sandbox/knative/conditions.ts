import { isDeepStrictEqual } from "node:util";
import { type Condition, timestamp } from "../objects.ts";
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

/**
 * All conditions of a Knative object: `Ready` and those that it depends on, marked in the order given. Each mark moves `Ready` too, so
 * that the last False or Unknown decides its reason; undefined leaves a condition as it is. `informative` ones do not count for Ready.
 */
export const livingConditions = (
  before: readonly Condition[] | undefined,
  dependents: Record<string, Verdict | undefined>,
  informative: Record<string, Verdict> = {},
): Condition[] => {
  const now = new Map<string, Condition>((before ?? []).map((condition) => [condition.type, condition]));
  const types = Object.keys(dependents);
  /** What was changed in this pass, the latest last. */
  const touched: string[] = [];
  const set = (type: string, verdict: Verdict, extra: object = {}): void => {
    const old = now.get(type);
    const said = { type, ...extra, ...verdict };
    const { lastTransitionTime, ...rest } = old ?? {};
    if (isDeepStrictEqual(rest, said)) return;
    touched.push(type);
    now.set(type, { ...said, lastTransitionTime: timestamp() });
  };

  const isSettled = now.get("Ready")?.status === "True";
  if (!now.has("Ready")) set("Ready", unknown());
  for (const type of types) if (!now.has(type)) set(type, isSettled ? yes() : unknown());

  /** The youngest that is False, else the youngest that is Unknown. */
  const unhappy = (): Condition | undefined => {
    const rank = ({ type, lastTransitionTime = "" }: Condition): readonly [number, string] => [
      touched.lastIndexOf(type),
      lastTransitionTime,
    ];
    const young = types
      .toSorted()
      .flatMap((type) => now.get(type) ?? [])
      .sort((a, b) => rank(b)[0] - rank(a)[0] || rank(b)[1].localeCompare(rank(a)[1]));
    return young.find(({ status }) => status === "False") ?? young.find(({ status }) => status === "Unknown");
  };

  for (const [type, mark] of Object.entries(dependents)) {
    if (!mark) continue;
    set(type, mark);
    if (mark.status === "True") {
      const { status, reason, message } = unhappy() ?? yes();
      set("Ready", verdict(status, reason, message));
    } else if (mark.status === "False" || types.every((other) => now.get(other)?.status !== "False")) {
      set("Ready", mark);
    } else if (now.get("Ready")?.status !== "False") set("Ready", { ...mark, status: "False" });
  }
  for (const [type, one] of Object.entries(informative)) set(type, one, { severity: "Info" });
  return [...now.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
};
