import { kindOf } from "../../changes/index.ts";
import { conflictsOf } from "../../core/change.ts";
import { ok } from "../../core/check.ts";
import type { Evidence } from "../../ports/facts.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";
import type { PlanContext } from "./context.ts";

/** So many are named. */
const MOST = 5;

export const noConflicts = healthCheck({
  id: "plan.conflicts",
  title: "The plan changes nothing that somebody else owns",
  reads: [],
  meaning: "Fields or records that the plan would change are written by somebody else, who would change them back.",
  todo: "Give the fields back, or take them with `--take-ownership`.",
  run: async ({ plan, takeOwnership }: PlanContext) => {
    const conflicts = conflictsOf(plan);
    if (conflicts.length === 0) return ok("nobody else owns what the plan changes");
    if (takeOwnership) return ok("what others own is taken, as --take-ownership says");
    const shown = conflicts.slice(0, MOST).map(({ change, conflict }) => {
      const ref = kindOf(change).ref(change);
      return `${ref ? `${ref.kind} ${ref.name}` : ""}${conflict.path} (owned by ${conflict.owner})`;
    });
    return {
      status: "fail",
      summary: `The plan would change ${conflicts.length} ${conflicts.length === 1 ? "field" : "fields"} that somebody else owns: ${shown.join("; ")}${conflicts.length > MOST ? " …" : ""}.`,
      remedy: { text: "Give the fields back, or take them:", command: sh`kn-bootstrap install --take-ownership` },
      error: {
        id: "plan.conflicts",
        why: "Nothing is forced that somebody else owns. Nothing was changed.",
        kind: "failed",
      },
      evidence: conflicts.map(({ change, conflict: { path, from, to } }): Evidence => {
        const object = kindOf(change).ref(change);
        return { ...(object ? { object } : {}), field: path, observed: from, expected: to };
      }),
    };
  },
});
