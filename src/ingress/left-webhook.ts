import { type Check, fail, ok } from "../core/check.ts";
import { ownerOf } from "../kube/inventory.ts";
import { commandOf, type Fix } from "../ports/fix.ts";
import { mend } from "../ports/mend.ts";
import { numberAt, type ObjectRef, refOf } from "../ports/object.ts";

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

const removal: Fix = {
  object: CONFIGURATION,
  action: "delete",
  safe: "The ingress is not Istio, and Deployment net-istio-webhook, which would answer, does not exist.",
};

/** @param isPlanned whether an install comes that takes away what is ours */
const judged = (isPlanned: boolean): Check => ({
  id: "kourier.net-istio-webhook",
  title: "No webhook is left of net-istio",
  run: async ({ cluster }) => {
    const [left, webhook] = await Promise.all([cluster.get(CONFIGURATION), cluster.get(WEBHOOK)]);
    const isGoing = isPlanned && ownerOf(left) !== undefined;
    if (!left || isGoing || (numberAt(webhook, "status", "availableReplicas") ?? 0) > 0) return ok("none is left");
    const { name } = CONFIGURATION;
    const text = "It refuses every new Revision, and no condition says so. Delete it:";
    return fail(
      `MutatingWebhookConfiguration ${name} is left of net-istio, and nothing answers for it.`,
      webhook ? { text, command: commandOf(removal) } : mend(text, removal),
      {
        evidence: [
          { object: refOf(left), field: "" },
          { object: WEBHOOK, field: webhook ? ".status.availableReplicas" : "", observed: webhook && 0 },
        ],
      },
    );
  },
});

/** Without its process it refuses the Deployment of each new Revision, and no condition says so. What is ours goes with the plan. */
export const noLeftWebhook: Check = judged(true);
export const noLeftWebhookFound: Check = judged(false);
