import { makePlan } from "../../changes/plan.ts";
import { directSnapshot } from "../../kube/snapshot.ts";
import { type Noted, publication } from "../../steps/doctor/publication.ts";
import { runBeside } from "../lifecycle.ts";
import type { Tools } from "../tools.ts";
import type { Diagnosis, Judged } from "./diagnosis.ts";

const RUN_MS = 60_000;

/**
 * Keeps the result in the cluster, and makes an Event of what is new since the last one. `data`: texts for people and for monitoring, by
 * key. Rejects with what kept it from being written.
 */
export const publish = async (
  { causes, unseen }: Diagnosis,
  data: Readonly<Record<string, string>>,
  at: string,
  tools: Tools,
  mask: (text: string) => string,
): Promise<void> => {
  const { cluster, now } = tools;
  const found = [...causes, ...unseen].map((one) => noted(one, mask));
  const steps = [publication({ at, data, noted: found })];
  const live = directSnapshot(cluster);
  const plan = await makePlan(steps, { goal: "present", live, now, kinds: [] });
  const report = await runBeside(plan, steps, { ...tools, emit: () => {} }, RUN_MS);
  if (report.error) throw report.error;
};

const noted = ({ check: { id }, finding }: Judged, mask: (text: string) => string): Noted => {
  const [{ object } = {}] = finding.evidence?.filter((one) => one.object !== undefined) ?? [];
  return {
    id,
    status: finding.status,
    summary: mask(finding.summary),
    advice: "remedy" in finding ? mask([finding.remedy.text, finding.remedy.command ?? ""].join(" ").trim()) : "",
    ...(object ? { object } : {}),
  };
};
