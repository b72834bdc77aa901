import { type Check, fail, ok } from "../core/check.ts";
import { ownerOf } from "../kube/inventory.ts";
import type { ObjectRef } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";

const CONFIGURATION: ObjectRef = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  name: "webhook.istio.networking.internal.knative.dev",
};
const WEBHOOK: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "knative-serving",
  name: "net-istio-webhook",
};

/** Without its process it refuses the Deployment of each new Revision, and no condition says so. What is ours goes with the plan. */
export const noLeftWebhook: Check = {
  id: "kourier.net-istio-webhook",
  title: "No webhook is left of net-istio",
  run: async ({ cluster }) => {
    const left = await cluster.get(CONFIGURATION);
    if (!left || ownerOf(left) !== undefined || (await cluster.get(WEBHOOK))) return ok("none is left");
    const { name } = CONFIGURATION;
    return fail(`MutatingWebhookConfiguration ${name} is left of net-istio, and nothing answers for it.`, {
      text: "It would refuse every new Revision. Delete it:",
      command: sh`kubectl delete mutatingwebhookconfiguration ${name}`,
    });
  },
};
