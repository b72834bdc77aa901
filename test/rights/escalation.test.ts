import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rule } from "../../src/checks/cluster-role.ts";
import { openScene, problemOf, rulesIn, type Scene } from "./account.ts";

const RBAC = "rbac.authorization.k8s.io";

const without = (rules: readonly Rule[], ...verbs: readonly string[]): readonly Rule[] =>
  rules.map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => !verbs.includes(verb)) }));

describe("what the server lets an account give away", () => {
  let scene: Scene;
  let rules: readonly Rule[];

  beforeAll(async () => {
    scene = await openScene();
    rules = rulesIn(problemOf(await scene.run("install", "-o", "json")));
  });
  afterAll(() => scene.close());

  it("does not go by reviews alone: they say yes, and the roles are refused all the same", async () => {
    await scene.give(rules);
    scene.intercept = ({ method, path }) =>
      method === "PATCH" && path.includes("/clusterroles/")
        ? {
            status: 403,
            body: {
              kind: "Status",
              reason: "Forbidden",
              code: 403,
              message: "clusterroles are looked after by nobody",
            },
          }
        : undefined;
    const outcome = await scene.run("install", "--yes", "-o", "json");
    scene.intercept = () => undefined;
    expect(outcome.code).toBe(1);
    expect(problemOf(outcome)).toMatchObject({
      id: "cluster.escalation",
      why: "clusterroles are looked after by nobody. Nothing was changed.",
    });
    expect(scene.writes()).toEqual([]);
  });

  it("wants escalate and bind of an account that gives away what it does not have", async () => {
    await scene.give(without(rules, "escalate", "bind"));
    const outcome = await scene.run("install", "--yes", "-o", "json");
    expect(problemOf(outcome).why).toBe(
      `It may not escalate, bind clusterroles.${RBAC}, roles.${RBAC}. Nothing was changed.`,
    );
    expect(scene.writes()).toEqual([]);
  });

  it("wants neither of one that has all of it", async () => {
    expect((await scene.asAdmin("install", "--yes")).code).toBe(0);
    const lost = { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", name: "net-kourier" };
    const { rules: controllers } = scene.api.get(lost) as unknown as { rules: readonly Rule[] };
    const repair = async (given: readonly Rule[]) => {
      await scene.api.remove(lost);
      await scene.give(given);
      return scene.run("install", "--yes", "-o", "json");
    };
    expect(problemOf(await repair(without(rules, "escalate", "bind"))).why).toBe(
      `It may not escalate clusterroles.${RBAC}. Nothing was changed.`,
    );
    const outcome = await repair([...without(rules, "escalate", "bind"), ...controllers]);
    expect(outcome.code, outcome.stderr).toBe(0);
  });
});

describe("the rehearsal's server", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  const write = async (kind: "ClusterRole" | "ClusterRoleBinding", name: string, content: object) => {
    const { status, body } = await scene.api.request({
      method: "POST",
      path: `/apis/${RBAC}/v1/${kind.toLowerCase()}s`,
      headers: { "impersonate-user": "installer" },
      body: { apiVersion: `${RBAC}/v1`, kind, metadata: { name }, ...content },
    });
    return [status, (body as { message?: string }).message];
  };
  const may = (...verbs: string[]): Rule => ({ apiGroups: [RBAC], resources: ["*"], verbs });
  const pods = { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list"] };
  const toPods = { roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "pods" } };

  it("refuses rules that their writer does not have, in the real one's words", async () => {
    await scene.give([may("create"), { ...pods, verbs: ["get"] }]);
    expect(await write("ClusterRole", "pods", { rules: [pods] })).toEqual([
      403,
      `clusterroles.${RBAC} "pods" is forbidden: user "installer" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n{APIGroups:[""], Resources:["pods/log"], Verbs:["list"]}`,
    ]);
    expect(await write("ClusterRole", "all", { rules: [{ ...pods, resources: ["*"] }] })).toMatchObject([403, {}]);
  });

  it("wants everything, or escalate, for a role that gathers others", async () => {
    const gathering = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } };
    await scene.give([may("create"), pods]);
    expect((await write("ClusterRole", "gathering", gathering))[1]).toContain("must have cluster-admin privileges");
    await scene.give([may("create", "escalate")]);
    expect(await write("ClusterRole", "gathering", gathering)).toEqual([201, undefined]);
  });

  it("lets a role be bound by who has what is in it, or may bind it", async () => {
    await scene.give([may("create")]);
    expect((await write("ClusterRoleBinding", "one", toPods))[1]).toBe(`clusterroles.${RBAC} "pods" not found`);
    await scene.give([may("create", "escalate")]);
    expect(await write("ClusterRole", "pods", { rules: [pods] })).toEqual([201, undefined]);
    expect((await write("ClusterRoleBinding", "one", toPods))[1]).toContain("permissions not currently held");
    await scene.give([may("create"), pods]);
    expect(await write("ClusterRoleBinding", "one", toPods)).toEqual([201, undefined]);
    await scene.give([may("create", "bind")]);
    expect(await write("ClusterRoleBinding", "two", toPods)).toEqual([201, undefined]);
  });
});
