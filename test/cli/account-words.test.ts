import { expect, it } from "vitest";
import { accountRef } from "../../src/certificates/acme/account.ts";
import type { AccountChange } from "../../src/changes/index.ts";
import { planSection } from "../../src/cli/report-page/plan-section.ts";
import { planText } from "../../src/cli/reporter/plan.ts";
import { createTally } from "../../src/cli/reporter/tally.ts";
import type { Plan } from "../../src/core/change.ts";

const directory = "https://ca.example.com/directory";
const change = (action: AccountChange["action"]): AccountChange => ({
  kind: "account",
  action,
  directory,
  secret: accountRef(directory),
});

it("an object of somebody else that was patched is an object", () => {
  const tally = createTally();
  const object = { apiVersion: "v1", kind: "ConfigMap", namespace: "a", name: "b" };
  const done = { kind: "patch", action: "update", object, patch: [], manager: "m", fields: [] } as const;
  for (const step of ["a", "b"]) tally.add({ type: "change-done", step, change: done });
  expect(tally.text()).toBe("Changed 2 objects.");
});

it.each([
  ["update", `Account at ${directory}: a new key`, "Changed 1 account."],
  ["delete", `Account at ${directory}: deactivated`, "Deleted 1 account."],
] as const)("an account is told the same everywhere: %s", (action, words, sum) => {
  const plan: Plan = { goal: "present", steps: [{ step: "a", title: "A", changes: [change(action)], notes: [] }] };
  expect(planText(plan, { columns: 120, color: false, unicode: true }, false)).toContain(words);
  expect(planSection(plan).markup).toContain(words);
  const tally = createTally();
  tally.add({ type: "change-done", step: "a", change: change(action) });
  expect(tally.text()).toBe(sum);
});
