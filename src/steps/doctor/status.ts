import { dataOf, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { section } from "../part.ts";
import { CRON_JOB, RESULT } from "./objects.ts";

/** Who looks at Knative, and what was found the last time. */
export interface DoctorStatus {
  /** Five cron fields, UTC. */
  readonly schedule: string;
  /** ISO 8601. Absent: it has not looked yet. */
  readonly at?: string;
  /** A line for each cause. */
  readonly summary?: string;
}

export const status = section({
  read: async ({ ctx }): Promise<{ readonly doctor?: DoctorStatus }> => {
    const [cronJob, result] = await Promise.all([
      readable(ctx.cluster.get(CRON_JOB)),
      readable(ctx.cluster.get(RESULT)),
    ]);
    const schedule = textAt(cronJob, "spec", "schedule");
    if (schedule === "") return {};
    const { at, summary } = dataOf(result);
    return { doctor: { schedule, ...(at ? { at } : {}), ...(summary ? { summary: summary.trim() } : {}) } };
  },
  rows: ({ doctor }) =>
    doctor
      ? [
          [
            "Doctor",
            `CronJob ${CRON_JOB.namespace}/${CRON_JOB.name} at ${doctor.schedule} UTC, ${doctor.at ? `last at ${doctor.at}: ${doctor.summary ?? ""}` : "has not looked yet"}`,
          ],
        ]
      : [],
});
