import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampled } from "../thorough.ts";
import { openScene, problemOf, rulesIn, type Scene } from "./account.ts";

describe("uninstall with the ClusterRole that it asks for", () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await openScene();
    expect((await scene.asAdmin("install", "--yes")).code).toBe(0);
  });
  afterAll(() => scene.close());

  it("must read every kind first", async () => {
    const problem = problemOf(await scene.run("uninstall", "--yes", "-o", "json"));
    expect(problem.id).toBe("cluster.rights");
    expect(problem.why).toMatch(
      /User "installer" cannot list resource .*looks through every kind.*Nothing was changed/s,
    );
    expect(rulesIn(problem)).toEqual([{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }]);
    await scene.give(rulesIn(problem));
  });

  it("names each rule that is taken away, removes nothing then, and with all of them everything", async () => {
    const rules = rulesIn(problemOf(await scene.run("uninstall", "--yes", "-o", "json")));
    expect(scene.writes()).toEqual([]);
    for (const taken of sampled(rules.slice(1), 4)) {
      await scene.give(rules.filter((rule) => rule !== taken));
      const outcome = await scene.run("uninstall", "--yes", "-o", "json");
      const problem = problemOf(outcome);
      expect([outcome.code, problem.id, scene.writes()], problem.what).toEqual([1, "cluster.rights", []]);
      for (const word of [...taken.verbs, ...taken.resources]) expect(problem.why).toContain(word);
    }
    await scene.give(rules);
    const outcome = await scene.run("uninstall", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect((await scene.asAdmin("status")).stdout).toContain("not installed");
    process.stderr.write(`rights: uninstall asks for ${rules.length} rules\n`);
  });
});
