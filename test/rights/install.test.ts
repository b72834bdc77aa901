import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rule } from "../../src/checks/cluster-role.ts";
import { drawn } from "../thorough.ts";
import { openScene, problemOf, rightsIn, rulesIn, type Scene } from "./account.ts";

const READ = /^(get|list|watch) /;

describe("install with the ClusterRole that it asks for", () => {
  let empty: Scene;
  let scene: Scene;
  let rules: readonly Rule[];

  beforeAll(async () => {
    [empty, scene] = await Promise.all([openScene(), openScene()]);
    const refused = await scene.run("install", "--yes", "-o", "json");
    expect(refused.code).toBe(1);
    expect(problemOf(refused)).toMatchObject({
      id: "cluster.rights",
      what: "The account installer lacks rights that install needs.",
    });
    expect(scene.writes()).toEqual([]);
    rules = rulesIn(problemOf(refused));
  });
  afterAll(() => Promise.all([empty.close(), scene.close()]));

  it("works to the end, and a second run has nothing to do", async () => {
    await scene.give(rules);
    const installed = await scene.run("install", "--yes");
    expect(installed.code, installed.stderr).toBe(0);
    expect((await scene.run("install", "--yes")).stdout).toContain("Nothing to do");
  });

  it("asks for no more than it used", () => {
    const used = scene.asked();
    const rights = rules.flatMap(rightsIn);
    const resourcesRead = new Set([...used].filter((right) => READ.test(right)).map((right) => right.split(" ")[1]));
    const unused = rights.filter((right) => {
      const [verb, resource = ""] = right.split(" ");
      // Events are only asked about what does not run.
      if (READ.test(right)) return !resourcesRead.has(resource) && resource !== "/events";
      // An apply that creates is one request for two rights; and the lock is only renewed in runs that take longer.
      if (verb === "create" && used.has(`patch ${resource}`)) return false;
      return !used.has(right) && right !== "update coordination.k8s.io/leases";
    });
    expect(unused).toEqual(
      ["clusterroles", "roles"].flatMap((resource) =>
        ["escalate", "bind"].map((verb) => `${verb} rbac.authorization.k8s.io/${resource}`),
      ),
    );
    expect([...used].filter((right) => !rights.includes(right))).toEqual([]);
  });

  it("names a rule that was taken away, and then each single right, before it writes anything", async () => {
    const whole = drawn(rules, 5, "rules");
    for (const taken of whole) {
      await empty.give(rules.filter((rule) => rule !== taken));
      const outcome = await empty.run("install", "--yes", "-o", "json");
      const problem = problemOf(outcome);
      expect([outcome.code, problem.id, empty.writes()], problem.what).toEqual([1, "cluster.rights", []]);
      for (const right of rightsIn(taken)) expect(problem.why).toMatch(naming(right));
      expect(rulesIn(problem)).toEqual(rules);
    }
    const rights = rules.flatMap(rightsIn);
    const singles = drawn(rights, 5, "rights");
    for (const taken of singles) {
      await empty.give(rights.filter((right) => right !== taken).map(ruleFor));
      const outcome = await empty.run("install", "--yes", "-o", "json");
      const problem = problemOf(outcome);
      expect([outcome.code, problem.id, empty.writes()], problem.what).toEqual([1, "cluster.rights", []]);
      expect(problem.why).toBe(`It may not ${textOf(taken)}. Nothing was changed.`);
    }
    process.stderr.write(
      `rights: ${whole.length} of ${rules.length} rules and ${singles.length} of ${rights.length} single rights, each taken away once, each named, no write\n`,
    );
  });
});

/** `create apps/deployments` → `create deployments.apps` */
const textOf = (right: string): string => {
  const [, verb, group, resource] = /^(\S+) (\S*)\/(\S+)$/.exec(right) ?? [];
  return `${verb} ${resource}${group ? `.${group}` : ""}`;
};

/** The verb, and the resource behind it, with others in between. */
const naming = (right: string): RegExp => {
  const [verb, resource = ""] = textOf(right).split(" ");
  return new RegExp(`\\b${verb}\\b[^;]* ${resource.replaceAll(".", "\\.")}[,;.]`);
};

const ruleFor = (right: string): Rule => {
  const [, verb = "", group = "", resource = ""] = /^(\S+) (\S*)\/(\S+)$/.exec(right) ?? [];
  return { apiGroups: [group], resources: [resource], verbs: [verb] };
};
