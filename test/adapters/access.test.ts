import { afterEach, describe, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import type { AccessQuestion } from "../../src/ports/cluster.ts";
import { createApi } from "../../src/sandbox/api/index.ts";
import { serve, status, targetOf } from "./loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const RBAC = "rbac.authorization.k8s.io";

/** An API server in which `jane` has a ClusterRole everywhere and a Role in namespace default. */
const start = async () => {
  const reviews: string[] = [];
  const api = await createApi({
    onRequest: ({ method, path }) => {
      const kind = path.split("/").at(-1) ?? "";
      if (method === "POST" && kind.startsWith("self")) reviews.push(kind);
      return undefined;
    },
  });
  const target = targetOf(api.url, { tls: { insecure: false, ca: api.ca } });
  const login = { token: api.token, impersonate: { user: "jane", groups: [], extra: {} } };
  const cluster = openCluster({ ...target, login });
  cleanUp.push(api.close, cluster.close);
  const bind = async (kind: "Role" | "ClusterRole", namespace: string | undefined, rules: object[]): Promise<void> => {
    const metadata = { name: "jane", ...(namespace ? { namespace } : {}) };
    await api.create("test", { apiVersion: `${RBAC}/v1`, kind, metadata, rules });
    await api.create("test", {
      apiVersion: `${RBAC}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name: "jane" },
      subjects: [{ apiGroup: RBAC, kind: "User", name: "jane" }],
    });
  };
  await bind("ClusterRole", undefined, [
    { apiGroups: [""], resources: ["configmaps", "pods/log"], verbs: ["get", "list"] },
    { apiGroups: ["apps"], resources: ["*"], verbs: ["patch"] },
    { apiGroups: ["*"], resources: ["*/status"], verbs: ["update"] },
    { apiGroups: [RBAC], resources: ["clusterroles"], verbs: ["*"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["ours"], verbs: ["get"] },
  ]);
  await bind("Role", "default", [{ apiGroups: [""], resources: ["services"], verbs: ["delete"] }]);
  return { cluster, reviews };
};

const everyQuestion = (): readonly AccessQuestion[] => {
  const verbs = ["get", "list", "patch", "update", "delete", "escalate"];
  const resources = [
    ["", "configmaps"],
    ["", "pods"],
    ["", "pods/log"],
    ["", "pods/status"],
    ["", "secrets"],
    ["", "services"],
    ["apps", "deployments"],
    ["apps", "deployments/scale"],
    [RBAC, "clusterroles"],
    [RBAC, "roles"],
  ] as const;
  const places = [{}, { namespace: "default" }, { namespace: "kube-system" }, { namespace: "default", name: "ours" }];
  return verbs.flatMap((verb) =>
    resources.flatMap(([group, resource]) => places.map((place) => ({ verb, group, resource, ...place }))),
  );
};

describe("many questions about rights", () => {
  test("have the answers that each would get alone, for one review of each namespace", async () => {
    const { cluster, reviews } = await start();
    const questions = everyQuestion();
    const answers = await cluster.canEach(questions);
    expect(reviews).toEqual(Array(3).fill("selfsubjectrulesreviews"));
    const alone = await Promise.all(questions.map(cluster.can));
    expect(questions.filter((_, index) => answers[index] !== alone[index])).toEqual([]);
    expect(alone.filter(Boolean).length).toBeGreaterThan(20);
    expect(alone.filter((allowed) => !allowed).length).toBeGreaterThan(20);
  });

  test.each([
    ["does not know all rules", { status: 201, body: { status: { incomplete: true, resourceRules: [] } } }],
    ["has no such review", status(404, "NotFound", "the server could not find the requested resource")],
    ["refuses it", status(403, "Forbidden", "no")],
  ])("are asked one by one where the server %s", async (_, rules) => {
    const server = await serve(({ path }) =>
      path.endsWith("rulesreviews") ? rules : { status: 201, body: { status: { allowed: true } } },
    );
    const cluster = openCluster(targetOf(server.url));
    cleanUp.push(server.close, cluster.close);
    const question = { verb: "get", group: "", resource: "pods" };
    expect(await cluster.canEach([question, { ...question, verb: "list" }])).toEqual([true, true]);
    expect(server.seen.filter(({ path }) => path.endsWith("accessreviews"))).toHaveLength(2);
  });
});
