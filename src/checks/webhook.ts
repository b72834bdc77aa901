import { fail, ok } from "../core/check.ts";
import { at, isRecord } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { AGAIN } from "./again.ts";
import { healthCheck } from "./health-check.ts";

const CONFIGURATIONS = [
  { kind: "MutatingWebhookConfiguration", name: "webhook.serving.knative.dev" },
  { kind: "ValidatingWebhookConfiguration", name: "validation.webhook.serving.knative.dev" },
  { kind: "ValidatingWebhookConfiguration", name: "config.webhook.serving.knative.dev" },
] as const;

/**
 * Knative's webhook really answers. Ready pods are not enough: the API server needs a ready endpoint of the Service and the CA that
 * the webhook's own process writes into its configurations.
 */
export const webhookAnswers = healthCheck({
  id: "serving.webhook",
  title: "The Knative webhook answers",
  needs: ["serving.deployments"],
  symptomOf: ["serving.webhook-certificate"],
  reads: [
    "EndpointSlice.discovery.k8s.io",
    "Service",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning: "The API server refuses every write of Knative's kinds and of its ConfigMaps.",
  todo: "Look at the webhook's pods. It writes the CA that the API server trusts into its configurations when it starts.",
  run: async (ctx) => {
    const look = {
      text: "See whether the webhook's pods run and are ready:",
      command: sh`kubectl get pods,endpointslices -n knative-serving -l app=webhook`,
    };
    const slices = await ctx.cluster.list({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      namespace: "knative-serving",
      labelSelector: "kubernetes.io/service-name=webhook",
    });
    const service = { apiVersion: "v1", kind: "Service", namespace: "knative-serving", name: "webhook" };
    if (slices.length === 0 && !(await ctx.cluster.get(service)))
      return fail("Service knative-serving/webhook does not exist", AGAIN, {
        evidence: [{ object: service, field: "" }],
      });
    const endpoints = slices.flatMap((slice) => (Array.isArray(slice.endpoints) ? slice.endpoints : []));
    if (!endpoints.some((endpoint) => at(endpoint, "conditions", "ready") === true)) {
      return fail("no ready endpoint of Service knative-serving/webhook", look, {
        evidence: [{ object: service, field: "ready endpoints", observed: 0 }],
      });
    }
    for (const { kind, name } of CONFIGURATIONS) {
      const object = { apiVersion: "admissionregistration.k8s.io/v1", kind, name };
      const live = await ctx.cluster.get(object);
      if (!live)
        return fail(`${kind} ${name} does not exist, so that nobody judges what is written`, AGAIN, {
          evidence: [{ object, field: "" }],
        });
      const webhooks = Array.isArray(live?.webhooks) ? live.webhooks.filter(isRecord) : [];
      if (webhooks.length === 0 || webhooks.some((webhook) => !at(webhook, "clientConfig", "caBundle"))) {
        return fail(`${kind} ${name} has no caBundle yet: the webhook's process writes it`, look, {
          evidence: [{ object, field: ".webhooks[*].clientConfig.caBundle" }],
        });
      }
    }
    return ok("answers");
  },
});
