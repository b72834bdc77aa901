import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { Look } from "../../src/cli/reporter/look.ts";
import { planText } from "../../src/cli/reporter/plan.ts";
import { reportText } from "../../src/cli/reporter/report.ts";
import { changesOf } from "../../src/core/change.ts";
import { change, failedReport, next, plan, report } from "./plans.ts";

const look = (columns: number, more: Partial<Look> = {}): Look => ({ columns, color: false, unicode: true, ...more });
const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));

describe("the plan for people", () => {
  it.each([40, 80, 120])("in %i columns", async (columns) => {
    const text = planText(plan, look(columns), false);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    await expect(text).toMatchFileSnapshot(`golden/plan-${columns}.txt`);
  });

  it("with -v has a line for each object and every value in full", async () => {
    const text = planText(plan, look(80), true);
    expect(text).toContain("x".repeat(60));
    expect(text).not.toContain("more characters");
    await expect(text).toMatchFileSnapshot("golden/plan-80-verbose.txt");
  });

  it("names every object, folded or not", () => {
    for (const verbose of [true, false]) {
      const text = planText(plan, look(200), verbose).replace(/\s+/g, " ");
      for (const one of changesOf(plan))
        expect(text).toContain(
          one.kind === "object"
            ? one.object.metadata.name
            : one.kind === "patch"
              ? one.object.name
              : one.kind === "certificate"
                ? one.secret.name
                : one.kind === "records"
                  ? one.sets[0]?.to?.name
                  : one.kind === "challenge"
                    ? one.names[0]
                    : one.directory,
        );
    }
  });

  it("needs nothing but ASCII where nothing else is understood", async () => {
    const text = planText(plan, look(40, { unicode: false }), false);
    expect(text).toMatch(/^\p{ASCII}*$/u);
    expect(widest(text)).toBeLessThanOrEqual(40);
    expect(text.replace(/\s+/g, " ")).toContain("CustomResourceDefinition x4");
    await expect(text).toMatchFileSnapshot("golden/plan-40-ascii.txt");
  });

  it("is the same text with colours", async () => {
    const coloured = planText(plan, look(80, { color: true }), false);
    expect(coloured).toContain("\u001b[32m+");
    expect(stripVTControlCharacters(coloured)).toBe(planText(plan, look(80), false));
    await expect(coloured).toMatchFileSnapshot("golden/plan-80-colour.txt");
  });

  it("counts what lasts and what does not", () => {
    expect(planText(plan, look(120), false)).toContain(
      "Plan: 10 to create, 5 to update, 1 to delete, 1 for the run only.",
    );
  });

  it("says so when there is nothing to do", () => {
    const empty = { step: "crds", title: "Install", changes: [], notes: [] };
    expect(planText({ goal: "present", steps: [empty] }, look(80), false)).toBe(
      "Nothing to do: everything is as it should be.\n",
    );
    expect(planText({ goal: "absent", steps: [empty] }, look(80), false)).toBe("Nothing to remove.\n");
    const noted = { ...empty, notes: ["Kept: Secret x"] };
    expect(planText({ goal: "absent", steps: [noted] }, look(80), false)).toBe(
      "Install\n  Kept: Secret x\n\nNothing to remove.\n",
    );
  });

  it("lets no object write to the terminal", () => {
    const evil = change(
      "update",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a\u001b[2Jb" } },
      { fields: [{ path: ".data.x\u0007", to: "\u001b]0;x" }] },
    );
    const text = planText(
      { goal: "present", steps: [{ step: "a", title: "A", changes: [evil], notes: [] }] },
      look(80),
      false,
    );
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});

describe("the report for people", () => {
  it.each([40, 80, 120])("in %i columns", async (columns) => {
    const text = reportText(report, next, look(columns), {
      made: "Created 74 objects, 2 records and 1 certificate. Changed 6 objects.",
    });
    const wrapped = text.split("\n").filter((line) => !line.startsWith("    kn"));
    expect(widest(wrapped.join("\n"))).toBeLessThanOrEqual(columns);
    await expect(text).toMatchFileSnapshot(`golden/report-${columns}.txt`);
  });

  it("of a run that failed", async () => {
    await expect(reportText(failedReport, [], look(80))).toMatchFileSnapshot("golden/report-failed-80.txt");
  });

  it("needs nothing but ASCII where nothing else is understood", async () => {
    const text = reportText(failedReport, next, look(80, { unicode: false }), { verbose: true });
    expect(text).toMatch(/^\p{ASCII}*$/u);
    await expect(text).toMatchFileSnapshot("golden/report-failed-80-ascii.txt");
  });

  it("is the same text with colours", async () => {
    const coloured = reportText(report, next, look(80, { color: true }));
    expect(stripVTControlCharacters(coloured)).toBe(reportText(report, next, look(80)));
    await expect(coloured).toMatchFileSnapshot("golden/report-80-colour.txt");
  });

  it("says which step came after which, behind those that had nothing to do", () => {
    const [, crds, core, ingress, proof] = report.steps;
    const idle = {
      id: "idle",
      title: "Wait",
      startedAt: 44,
      seconds: 0.01,
      changes: 0,
      status: "done",
      summary: "",
    } as const;
    const steps = [crds, core, ingress, { ...idle, needs: ["core"] }, { ...proof, needs: ["idle"] }].flatMap((step) =>
      step?.id ? [step as (typeof report.steps)[number]] : [],
    );
    const text = reportText({ ...report, steps }, [], look(80));
    expect(text).toMatch(/4 Prove that a Service answers .* after 2\n/);
    expect(text).toContain("█ the chain that took longest: 1, 2, 4\n");
  });

  it("without knowing what needs what marks nothing", () => {
    const steps = report.steps.map(({ needs: _unknown, ...step }) => step);
    const text = reportText({ ...report, steps }, [], look(80));
    expect(text).not.toMatch(/░|after \d+\n|chain/);
  });

  it("leaves out what was not started and had nothing to do anyway", () => {
    const steps = failedReport.steps.map((step) => (step.status === "not started" ? { ...step, planned: 0 } : step));
    const text = reportText({ ...failedReport, steps }, [], look(80));
    expect(text).not.toMatch(/not started|Prove that/);
    expect(text).toContain("1 step had nothing to do");
    const due = steps.map((step) => ({ ...step, planned: 1 }));
    expect(reportText({ ...failedReport, steps: due }, [], look(80))).toContain("not started");
    expect(reportText({ ...failedReport, steps }, [], look(80), { verbose: true })).toContain("not started");
  });

  it("never wraps a command", () => {
    expect(reportText(report, next, look(40))).toContain(`\n    ${next[0]?.command}\n`);
  });

  it("of a run that had nothing to do", () => {
    const steps = report.steps.map((step) => ({ ...step, seconds: 0.01, changes: [] }));
    expect(reportText({ outcome: "done", seconds: 0.1, steps }, [], look(80))).toBe(
      "Done after 0.1 s.\n    5 steps had nothing to do\n",
    );
  });
});
