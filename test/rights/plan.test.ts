import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rule } from "../../src/checks/cluster-role.ts";
import { openScene, problemOf, rightsIn, rulesIn, type Scene } from "./account.ts";

describe("plan with rights to read", () => {
  let scene: Scene;
  let rules: readonly Rule[];

  beforeAll(async () => {
    scene = await openScene();
    const refused = await scene.run("plan", "-o", "json");
    expect([refused.code, problemOf(refused).id]).toEqual([1, "cluster.rights"]);
    rules = rulesIn(problemOf(refused));
    await scene.give(rules);
  });
  afterAll(() => scene.close());

  it("asks for get, list and watch only", () => {
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list", "watch"]));
  });

  it("plans an empty cluster", async () => {
    const plan = await scene.run("plan", "--exit-code");
    expect(plan.code, plan.stderr).toBe(3);
    expect(scene.writes()).toEqual([]);
  });

  it("plans an installed one, and says of a difference that the server was not asked", async () => {
    expect((await scene.asAdmin("install", "--yes")).code).toBe(0);
    expect((await scene.run("plan", "--exit-code")).code).toBe(0);
    const changed = ["plan", "--exit-code", "--logging", "request-logs"];
    expect((await scene.asAdmin(...changed)).stdout).toMatch(/~ ConfigMap knative-serving\/config-observability\n/);
    const plan = await scene.run(...changed);
    expect(plan.code, plan.stderr).toBe(3);
    expect(plan.stdout).toMatch(/~ ConfigMap knative-serving\/config-observability \(unverified\)/);
    expect(scene.writes()).toEqual([]);
  });

  it("names a list that it may not read", async () => {
    const [first] = rules.filter(({ apiGroups }) => apiGroups.includes("apps"));
    await scene.give(rules.filter((rule) => rule !== first));
    const problem = problemOf(await scene.run("plan", "-o", "json"));
    expect(problem.why).toBe("It may not get, list, watch deployments.apps. Nothing was changed.");
    expect(rulesIn(problem).flatMap(rightsIn)).toEqual(rules.flatMap(rightsIn));
  });
});
