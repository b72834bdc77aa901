import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { patient, patientSeconds } from "../patience.ts";
import { isThorough } from "../thorough.ts";
import { openScene, type Run, type Scene } from "./scene.ts";

const QUICK = { patience: { firstContactMs: 1_000, midRunMs: 1_000 } };
const TIMEOUT = ["--timeout", patientSeconds(2)];

/** Left over of a policy engine: Revisions are refused, and what says so to Knative stands in its controller's log alone. */
const LEFT_OVER: Obj = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "left-over.example.com" },
  webhooks: [
    {
      name: "left-over.example.com",
      clientConfig: { service: { namespace: "gone", name: "policy", path: "/" }, caBundle: "QQ==" },
      rules: [
        {
          apiGroups: ["serving.knative.dev"],
          apiVersions: ["v1"],
          resources: ["revisions"],
          operations: ["CREATE"],
        },
      ],
      failurePolicy: "Fail",
      timeoutSeconds: 2,
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
    },
  ],
};
const WEBHOOK: Ref = { apiVersion: LEFT_OVER.apiVersion, kind: LEFT_OVER.kind, name: LEFT_OVER.metadata.name };
const ORPHAN = {
  id: "cluster.admission",
  summary: "ValidatingWebhookConfiguration left-over.example.com asks Service gone/policy, which does not exist",
  command: "kubectl delete validatingwebhookconfiguration left-over.example.com",
};

const METRICS: Ref = {
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  name: "v1beta1.metrics.k8s.io",
};
const GONE = 'service/metrics-server in "kube-system" is not present';
/** The metrics server was taken away, and what registers its API was not. */
const losesMetrics = async (api: Scene["api"]): Promise<void> => {
  const service = { namespace: "kube-system", name: "metrics-server" };
  const priorities = { groupPriorityMinimum: 100, versionPriority: 100 };
  await api.create("test", {
    apiVersion: METRICS.apiVersion,
    kind: METRICS.kind,
    metadata: { name: METRICS.name },
    spec: { group: "metrics.k8s.io", version: "v1beta1", service, ...priorities },
  });
  const away = { type: "Available", status: "False", reason: "ServiceNotFound", message: GONE };
  const write = (draft: Obj): void => {
    draft.status = { conditions: [away] };
  };
  await api.update("kube-aggregator", METRICS, write, { subresource: "status" });
};

/** The run ends with an error of its own, and with what doctor finds behind it, for programs and for people. */
const expectBehind = (
  { code, said, stderr }: Run,
  id: string,
  behind: { readonly id: string; readonly summary: string; readonly command: string },
): void => {
  expect(code, stderr).toBe(1);
  const { id: found, summary, command } = behind;
  const last = said.at(-1)?.event;
  expect(last, stderr).toMatchObject({ type: "error", id, behind: { id: found, summary, remedy: { command } } });
  expect(`${last?.what} ${last?.why}`).not.toContain(summary);
  const [, after = ""] = stderr.replaceAll(/\s+/g, " ").split("Error: ");
  expect(after).toContain(`Behind it is ${found}: ${summary}. `);
  expect(after.trimEnd().endsWith(command)).toBe(true);
};

describe("a run that fails at what its error cannot know ends with what doctor finds behind it", {
  timeout: patient(30_000),
}, () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene?.close());

  it("install, whose proof gets no Revision", async () => {
    await scene.api.create("policy", structuredClone(LEFT_OVER));
    const run = await scene.run(["install", "--yes", ...TIMEOUT], QUICK);
    expectBehind(run, "proof.ready", ORPHAN);
    await scene.api.remove(WEBHOOK);
  });

  it.runIf(isThorough)("renew, which puts the old certificate back", async () => {
    expect((await scene.run(["install", "--yes"])).code).toBe(0);
    await scene.api.create("policy", structuredClone(LEFT_OVER));
    // Without its key no certificate can be signed, so that there is to be another root.
    await scene.api.remove({ apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "self-signed-root" });
    expectBehind(await scene.run(["renew", "--yes", ...TIMEOUT], QUICK), "renew.put-back", ORPHAN);
    await scene.api.remove(WEBHOOK);
  });

  it.runIf(isThorough)("uninstall, whose namespaces stay because nobody knows what is in them", async () => {
    await losesMetrics(scene.api);
    const run = await scene.run(["uninstall", "--yes", ...TIMEOUT], QUICK);
    expectBehind(run, "objects.gone", {
      id: "cluster.apis",
      summary: `API ${METRICS.name} is not available: ${GONE}`,
      command: "kubectl get apiservice v1beta1.metrics.k8s.io -o yaml",
    });
    await scene.api.remove(METRICS);
    expect((await scene.run(["uninstall", "--yes"])).code).toBe(0);
  });
});
