import { describe, expect, it } from "vitest";
import { type Change, withDifferences } from "../../src/changes/index.ts";
import { type RunTools, run } from "../../src/changes/run.ts";
import type { Step } from "../../src/changes/step.ts";
import { rightsText, rightsToPlan, rightsToRun } from "../../src/checks/cluster-role.ts";
import { planSection } from "../../src/cli/report-page/plan-section.ts";
import { jsonReporter } from "../../src/cli/reporter/json.ts";
import type { Look } from "../../src/cli/reporter/look.ts";
import { planText } from "../../src/cli/reporter/plan.ts";
import { createTally } from "../../src/cli/reporter/tally.ts";
import type { Plan } from "../../src/core/change.ts";
import type { Event } from "../../src/core/event.ts";
import { ApiError, type ClusterWrite } from "../../src/ports/cluster.ts";

// Run only where the recipe of CONTRIBUTING.md was followed: elsewhere there is no such kind.

const change = {
  kind: "restart",
  action: "update",
  deployment: { apiVersion: "apps/v1", kind: "Deployment", namespace: "kourier-system", name: "gateway" },
  at: "2030-01-01T00:00:00Z",
} as unknown as Change;

const restarting = (now: readonly Change[] = [change]): Step => ({
  id: "restart",
  title: "Restart the gateway",
  undo: "",
  needs: [],
  plan: async () => now,
  verify: [],
});
const plan = (...changes: readonly Change[]): Plan => ({
  goal: "present",
  steps: [{ step: "restart", title: "Restart the gateway", changes: changes.map(withDifferences), notes: [] }],
});
const DIFFERENCE = '.spec.template.metadata.annotations.restarted: "2030-01-01T00:00:00Z"';

/** Carries it out; `cluster` answers, `agreed` is what was shown. */
const carriedOut = async (mergePatch: ClusterWrite["mergePatch"], agreed: Plan = plan(change)) => {
  const events: Event[] = [];
  const tools = {
    signal: new AbortController().signal,
    timeoutMs: 5_000,
    emit: (event: Event) => events.push(event),
    cluster: { mergePatch },
  } as unknown as RunTools;
  return { report: await run(agreed, [restarting()], tools), events };
};

describe("a kind of change that nothing but its own file knows", () => {
  it("is asked rights for", () => {
    const text = "get, list, watch, patch deployments.apps";
    expect(rightsText(rightsToRun(plan(change), []))).toContain(text);
    expect(rightsText(rightsToPlan(plan(change), []))).toBe("get, list, watch deployments.apps");
  });

  it("is shown with what differs: in the terminal, to programs and on the page", () => {
    const look: Look = { columns: 120, color: false, unicode: true };
    const text = planText(plan(change), look, false);
    expect(text).toContain("~ restart of Deployment kourier-system/gateway");
    expect(text).toContain(DIFFERENCE);
    const lines: string[] = [];
    jsonReporter((line) => lines.push(line)).emit({ type: "plan", plan: plan(change) });
    expect(JSON.parse(lines[0] ?? "").steps[0].changes).toEqual([withDifferences(change)]);
    expect(planSection(plan(change)).markup).toContain("restart of Deployment kourier-system/gateway<ul>");
  });

  it("is carried out and counted", async () => {
    const patches: unknown[] = [];
    const { report, events } = await carriedOut(async (...asked) => {
      patches.push(asked);
      return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "gateway", namespace: "kourier-system" } };
    });
    expect(report).toMatchObject({ outcome: "done" });
    expect(patches).toEqual([
      [
        expect.objectContaining({ name: "gateway" }),
        { spec: { template: { metadata: { annotations: { restarted: "2030-01-01T00:00:00Z" } } } } },
        "kn-bootstrap-restart",
      ],
    ]);
    const tally = createTally();
    for (const event of events) tally.add(event);
    expect(tally.text()).toBe("Changed 1 restart.");
  });

  it("is refused in its own words", async () => {
    const { report } = await carriedOut(() =>
      Promise.reject(new ApiError({ status: 403, reason: "Forbidden", message: "no", request: "PATCH" })),
    );
    expect(report.error?.message).toBe(
      "The server refused update of the restart of Deployment kourier-system/gateway.",
    );
  });

  it("is not carried out where it was not agreed to", async () => {
    const other = {
      ...change,
      deployment: { apiVersion: "apps/v1", kind: "Deployment", name: "other" },
    } as unknown as Change;
    const { report } = await carriedOut(() => Promise.reject(new Error("written all the same")), plan(other));
    expect(report.error?.message).toBe(
      "The cluster changed after the plan was shown: update of restart of Deployment kourier-system/gateway was not in it.",
    );
  });
});
