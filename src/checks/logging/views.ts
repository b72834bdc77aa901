import { type Check, fail, never, ok } from "../../core/check.ts";
import { at, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { podsProblem } from "../pods.ts";
import { logOf } from "./asked.ts";
import { LOGGING, VIEWS, VIEWS_JOB } from "./names.ts";

const LOOK = {
  text: "Look at Kibana.",
  command: sh`kubectl logs ${inNamespace(LOGGING)} deployment/kibana`,
};

/** The Job has written Kibana's answers: that it took them, and that it has them. */
export const viewsImported: Check = {
  id: "logging.views",
  title: "Kibana has a view of Knative's requests",
  pollMs: 1_000,
  run: async (ctx, memory) => {
    const job = await ctx.cluster.get(VIEWS_JOB);
    // Taken away again, or never needed: it was seen before.
    if (!job) return ok("imported before");
    const { pod, log } = await logOf(ctx, VIEWS_JOB.name);
    const [, exported] = log.split(/"success":\s*true/);
    const has = (type: string): boolean =>
      (exported ?? "").split("\n").some((line) => line.includes(`"type":"${type}"`) && line.includes(VIEWS.id));
    if (has("search") && has("index-pattern")) return ok("Kibana shows it under Discover");
    if (textAt(pod, "status", "phase") === "Failed") {
      const said =
        log.trim().split("\n").at(-1) ||
        textAt(at(pod, "status", "containerStatuses", 0, "state", "terminated"), "reason");
      return never(`Kibana did not take the view: ${said.slice(0, 300)}`, LOOK);
    }
    const labels = { "app.kubernetes.io/name": VIEWS_JOB.name };
    const problem = await podsProblem(ctx, `Job ${LOGGING}/${VIEWS_JOB.name}`, LOGGING, labels, memory);
    return problem ?? fail("Kibana has not taken the view yet", LOOK);
  },
};
