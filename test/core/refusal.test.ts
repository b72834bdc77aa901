import { expect, it } from "vitest";
import type { ObjectChange } from "../../src/core/change.ts";
import { refusal } from "../../src/core/refusal.ts";
import { ApiError } from "../../src/ports/cluster.ts";

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

it("a namespace that is held by a webhook which went with it: names the configuration that has to go", () => {
  const why =
    'Internal error occurred: failed calling webhook "validation.webhook.serving.knative.dev": failed to call webhook: Post "https://webhook.knative-serving.svc:443/resource-validation?timeout=10s": service "webhook" not found';
  expect(refusal(terminating(why), change)).toMatchObject({
    wait: expect.stringContaining(why),
    remedy: {
      command:
        "kubectl delete validatingwebhookconfigurations,mutatingwebhookconfigurations validation.webhook.serving.knative.dev --ignore-not-found",
    },
  });
});

it("a namespace that is held by a finalizer: names who has to act", () => {
  expect(refusal(terminating("held by finalizer example.com/x"), change)).toMatchObject({
    wait: expect.stringContaining("held by finalizer example.com/x"),
    remedy: { text: "Who put the finalizers there has to take them away." },
  });
});
