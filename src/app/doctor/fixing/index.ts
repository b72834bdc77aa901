import { makePlan } from "../../../changes/plan.ts";
import { changesOf, type Plan } from "../../../core/change.ts";
import type { Finding } from "../../../core/check.ts";
import type { Report } from "../../../core/run.ts";
import { runCheck } from "../../../core/wait.ts";
import { directSnapshot } from "../../../kube/snapshot.ts";
import { keyOf } from "../../../ports/object.ts";
import { judgeFixRights } from "../../judging.ts";
import { runAlone } from "../../lifecycle.ts";
import { withoutManifests } from "../../prepare.ts";
import type { Tools } from "../../tools.ts";
import { diagnose, type Judged } from "../diagnosis.ts";
import type { Examination } from "../index.ts";
import { type Forecast, forecastOf, mendedIn } from "./forecast.ts";
import { withKeepers } from "./keepers.ts";
import { withFixes } from "./memory.ts";
import { stepsFor } from "./steps.ts";

export type { Forecast } from "./forecast.ts";

/** What would be changed, and what would be found then. */
export interface Mending {
  readonly plan: Plan;
  readonly forecast: Forecast;
  /** What has fixes. */
  readonly found: readonly Judged[];
}

/** Works the fixes of an examination out, and tries them on its answers. Reads only; of a recording nothing else. */
export const planFixes = async (
  { diagnosis, checks, contextFor, ask }: Omit<Examination, "recording">,
  now: () => Date,
): Promise<Mending> => {
  const found = withoutRepetition(mendedIn(diagnosis));
  const { cluster } = contextFor(ask);
  const steps = stepsFor(found, async ({ finding }) => finding);
  const plan = await makePlan(steps, { goal: "present", live: directSnapshot(cluster), now });
  const fixes = found.flatMap(({ finding }) => ("remedy" in finding ? (finding.remedy.fixes ?? []) : []));
  const after = await diagnose(checks, contextFor(withFixes(ask, fixes)));
  return { plan, forecast: forecastOf(diagnosis, after), found };
};

/** An object that two checks would have removed is removed once. */
const withoutRepetition = (found: readonly Judged[]): readonly Judged[] => {
  const removed = new Set<string>();
  return found.flatMap((one) => {
    const { finding } = one;
    if (!("remedy" in finding)) return [];
    const fixes = (finding.remedy.fixes ?? []).filter(
      ({ action, object }) => action !== "delete" || !removed.has(keyOf(object)),
    );
    for (const { action, object } of fixes) if (action === "delete") removed.add(keyOf(object));
    return fixes.length > 0 ? [{ ...one, finding: { ...finding, remedy: { ...finding.remedy, fixes } } }] : [];
  });
};

/** Throws (exit code 1) where the account may not do it. */
export const judgeFixes = ({ plan }: Mending, tools: Tools): Promise<void> =>
  changesOf(plan).length === 0 ? Promise.resolve() : judgeFixRights(plan, tools);

/** Carries the plan out. Where nothing of ours is, no namespace is made for the lock: each write says what it was planned for. */
export const runFixes = ({ plan, found }: Mending, tools: Tools): Promise<Report> => {
  const look = async ({ check }: Judged): Promise<Finding> => withKeepers(await runCheck(check, tools), tools.cluster);
  return runAlone(plan, stepsFor(found, look), withoutManifests(tools.config), tools, {
    snapshot: directSnapshot,
    bringsHome: false,
  });
};
