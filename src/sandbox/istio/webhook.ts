import { NAMESPACE } from "../knative/names.ts";
import { knativeMinor } from "../knative/process.ts";
import { knativeWebhook, type WebhookProcess } from "../knative/webhook.ts";
import type { Stage } from "../objects.ts";
import type { AdmissionAnswer, AdmissionReview, Obj } from "../types.ts";
import type { Webhook } from "../webhooks.ts";
import { CONTROLLER, WEBHOOK } from "./names.ts";
import { readSettings } from "./settings.ts";

/** net-istio's webhook (cmd/webhook): it names Revisions' Deployments for Istio, and checks config-istio. */

export const NET_ISTIO_WEBHOOK: WebhookProcess = {
  deployment: WEBHOOK,
  secret: "net-istio-webhook-certs",
  configurations: {
    "webhook.istio.networking.internal.knative.dev": {
      kind: "MutatingWebhookConfiguration",
      path: "/defaulting",
      resources: [["apps", "v1", "deployments"]],
    },
    "config.webhook.istio.networking.internal.knative.dev": {
      kind: "ValidatingWebhookConfiguration",
      path: "/config-validation",
    },
  },
};

/** The types of knative.dev/pkg/webhook that are reconcilers, as cmd/webhook/main.go has them. */
export const WEBHOOK_LEASES = ["webhookcertificates", "defaultingwebhook", "configmapwebhook"];

export const netIstioWebhook = (stage: Stage): Webhook =>
  knativeWebhook(stage, NET_ISTIO_WEBHOOK, (path, review) => answer(stage, path, review));

const answer = (stage: Stage, path: string, { object, operation }: AdmissionReview): AdmissionAnswer => {
  if (!object || operation === "DELETE") return { allowed: true };
  if (path === "/defaulting") return { allowed: true, object: named(object) };
  if (object.metadata.name !== "config-istio") return { allowed: true };
  const read = readSettings(object.data ?? {}, knativeMinor(stage, NAMESPACE, CONTROLLER));
  if (!("error" in read)) return { allowed: true };
  return { allowed: false, message: `validation failed: ${read.error}`, code: 400 };
};

/** With the labels by which Istio groups workloads. */
const named = (deployment: Obj): Obj => {
  const { labels = {} } = deployment.metadata;
  const name = labels["serving.knative.dev/service"] ?? labels["serving.knative.dev/configuration"];
  const revision = labels["serving.knative.dev/revision"];
  const added = {
    ...(revision ? { "service.istio.io/canonical-revision": revision } : {}),
    ...(name ? { "service.istio.io/canonical-name": name } : {}),
  };
  const { template } = deployment.spec;
  const metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...added } };
  return {
    ...deployment,
    metadata: { ...deployment.metadata, labels: { ...labels, ...added } },
    spec: { ...deployment.spec, template: { ...template, metadata } },
  };
};
