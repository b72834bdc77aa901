import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseManifest } from "../../src/releases/objects.ts";
import { openScene, type Problem, problemOf, rulesIn, type Scene } from "./account.ts";

const RBAC = "rbac.authorization.k8s.io";
const REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const ROBOT = "system:serviceaccount:ci:installer";

const documentsIn = ({ remedy }: Problem) => parseManifest(remedy.command, "what is printed");

describe("the account that is shown", () => {
  describe("is whom the server takes it for", () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await openScene(ROBOT);
    });
    afterAll(() => scene.close());

    it("and what is printed for an administrator binds a ServiceAccount as one: applied as it is, it is enough", async () => {
      const refused = await scene.run("install", "--yes", "-o", "json");
      const problem = problemOf(refused);
      expect(problem.what).toBe(`The account ${ROBOT} lacks rights that install needs.`);
      const [role, binding] = documentsIn(problem);
      expect(role?.metadata.name).toBe("kn-bootstrap-install");
      expect(binding).toEqual({
        apiVersion: `${RBAC}/v1`,
        kind: "ClusterRoleBinding",
        // Applied for one account, it leaves another's alone.
        metadata: { name: "kn-bootstrap-install:ci:installer" },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "kn-bootstrap-install" },
        subjects: [{ kind: "ServiceAccount", namespace: "ci", name: "installer" }],
      });
      for (const object of [role, binding]) await scene.api.create("kubectl", structuredClone(object) as never);
      const installed = await scene.run("install", "--yes");
      expect(installed.code, installed.stderr).toBe(0);
      for (const { apiVersion, kind, metadata } of [role, binding].filter((object) => object !== undefined))
        await scene.api.remove({ apiVersion, kind, name: metadata.name });
    });

    it("for uninstall, too", async () => {
      const problem = problemOf(await scene.run("uninstall", "--yes", "-o", "json"));
      expect(problem.what).toBe(`The account ${ROBOT} lacks rights that uninstall needs.`);
      expect(documentsIn(problem)[1]?.subjects).toEqual([
        { kind: "ServiceAccount", namespace: "ci", name: "installer" },
      ]);
    });
  });

  describe("is the kubeconfig's entry where the server does not tell", () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await openScene();
    });
    afterAll(() => scene.close());

    it.each([403, 404])("(%s), and nothing is bound to a name that may be another one there", async (code) => {
      scene.intercept = ({ path }) =>
        path === REVIEWS
          ? {
              status: code,
              body: { kind: "Status", reason: code === 403 ? "Forbidden" : "NotFound", code, message: "no" },
            }
          : undefined;
      const refused = await scene.run("plan", "-o", "json");
      scene.intercept = () => undefined;
      const problem = problemOf(refused);
      expect(problem.what).toBe('The account that the kubeconfig calls "installer" lacks rights that plan needs.');
      expect(documentsIn(problem).map(({ kind }) => kind)).toEqual(["ClusterRole"]);
      expect(problem.remedy.text).toContain("bind it to the account");
    });
  });

  it.each([
    [ROBOT, "--serviceaccount=ci:installer"],
    ["oidc:Jane Doe", "'--user=oidc:Jane Doe'"],
  ])("%s is lent everything by %s", async (name, flag) => {
    const scene = await openScene(name);
    try {
      await scene.give(rulesIn(problemOf(await scene.run("install", "-o", "json"))));
      scene.intercept = ({ method, path }) =>
        method === "PATCH" && path.includes("/clusterroles/")
          ? { status: 403, body: { kind: "Status", reason: "Forbidden", code: 403, message: "not here" } }
          : undefined;
      const problem = problemOf(await scene.run("install", "--yes", "-o", "json"));
      expect(problem.remedy.command).toBe(
        `kubectl create clusterrolebinding kn-bootstrap --clusterrole=cluster-admin ${flag}`,
      );
    } finally {
      await scene.close();
    }
  });
});
