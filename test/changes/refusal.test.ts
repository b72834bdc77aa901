import { describe, expect, it } from "vitest";
import type { ObjectChange } from "../../src/changes/index.ts";
import { refusal, refusalsIn } from "../../src/changes/refusal.ts";
import { ApiError, type ClusterRead, type ListQuery } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";

const change: ObjectChange = {
  kind: "object",
  action: "create",
  object: { apiVersion: "v1", kind: "Namespace", metadata: { name: "knative-serving" } },
  manager: "kn-bootstrap",
  fields: [],
  conflicts: [],
  confirmed: true,
};
const terminating = (why: string): ApiError =>
  new ApiError({
    status: 409,
    reason: "AlreadyExists",
    message: `an earlier Namespace knative-serving is still terminating: ${why}`,
    request: "PATCH Namespace knative-serving",
  });

const gone =
  'Internal error occurred: failed calling webhook "validate.example.com": failed to call webhook: Post "https://guard.policy.svc:443/validate?timeout=10s": service "guard" not found';
const configuration = (name: string, namespace: string): KubeObject => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name },
  webhooks: [{ name: "validate.example.com", clientConfig: { service: { namespace, name: "guard" } } }],
});
const clusterOf = (list: () => Promise<readonly KubeObject[]>): ClusterRead =>
  ({ list: ({ kind }: ListQuery) => (kind.startsWith("V") ? list() : []) }) as unknown as ClusterRead;
const call = (message: string): ApiError =>
  new ApiError({ status: 500, reason: "InternalError", message, request: "PATCH" });

describe("a webhook whose Service is gone", () => {
  it("is told as that, with the configuration that was left over", async () => {
    const cluster = clusterOf(async () => [
      configuration("policy-guard", "policy"),
      configuration("other", "elsewhere"),
    ]);
    expect(await refusalsIn(cluster)(call(gone), change)).toMatchObject({
      wait: "the webhook validate.example.com cannot be called: Service policy/guard does not exist (ValidatingWebhookConfiguration policy-guard)",
      remedy: { command: "kubectl delete validatingwebhookconfiguration policy-guard" },
    });
  });

  it("is told with a way to find it where configurations may not be read", async () => {
    const refused = new ApiError({ status: 403, reason: "Forbidden", message: "no", request: "GET" });
    const cluster = clusterOf(() => Promise.reject(refused));
    expect(await refusalsIn(cluster)(call(gone), change)).toMatchObject({
      wait: "the webhook validate.example.com cannot be called: Service policy/guard does not exist",
      remedy: {
        command: expect.stringMatching(/^kubectl get validatingwebhookconfigurations,.*grep validate.example.com$/),
      },
    });
  });

  it("holds a namespace that it guards: the same configuration has to go", async () => {
    const cluster = clusterOf(async () => [configuration("policy-guard", "policy")]);
    expect(await refusalsIn(cluster)(terminating(gone), change)).toMatchObject({
      wait: expect.stringContaining(gone),
      remedy: { command: "kubectl delete validatingwebhookconfiguration policy-guard" },
    });
  });
});

it("a namespace that is held by a finalizer: names who has to act", () => {
  expect(refusal(terminating("held by finalizer example.com/x"), change)).toMatchObject({
    wait: expect.stringContaining("held by finalizer example.com/x"),
    remedy: { text: "Who put the finalizers there has to take them away." },
  });
});
