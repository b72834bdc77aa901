import { deploymentOf, type Program } from "../kubernetes/processes.ts";
import { covers, isPodReady, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { makeWebhookCertificates } from "../webhook-certificates.ts";
import { NAMESPACE } from "./names.ts";
import { versionRefusal } from "./process.ts";

/**
 * The process in Deployment knative-serving/webhook: it fills its Secret, and then what it owns in its three webhook
 * configurations (serving cmd/webhook; knative.dev/pkg/webhook). It serves once the Secret holds its certificate.
 */

export const WEBHOOK_SECRET = "webhook-certs";
const MANAGER = "webhook";
const ADMISSION = "admissionregistration.k8s.io/v1";

const CONFIGURATIONS = {
  "webhook.serving.knative.dev": { kind: "MutatingWebhookConfiguration", path: "/defaulting" },
  "validation.webhook.serving.knative.dev": { kind: "ValidatingWebhookConfiguration", path: "/resource-validation" },
  "config.webhook.serving.knative.dev": { kind: "ValidatingWebhookConfiguration", path: "/config-validation" },
} as const;
type ConfigurationName = keyof typeof CONFIGURATIONS;

const isConfiguration = (name: string): name is ConfigurationName => Object.hasOwn(CONFIGURATIONS, name);

/** Sorted by group, version and resource, as the process writes them. */
const RESOURCES: readonly (readonly [group: string, version: string, resource: string])[] = [
  ["autoscaling.internal.knative.dev", "v1alpha1", "metrics"],
  ["autoscaling.internal.knative.dev", "v1alpha1", "podautoscalers"],
  ["networking.internal.knative.dev", "v1alpha1", "certificates"],
  ["networking.internal.knative.dev", "v1alpha1", "ingresses"],
  ["networking.internal.knative.dev", "v1alpha1", "serverlessservices"],
  ["serving.knative.dev", "v1", "configurations"],
  ["serving.knative.dev", "v1", "revisions"],
  ["serving.knative.dev", "v1", "routes"],
  ["serving.knative.dev", "v1", "services"],
  ["serving.knative.dev", "v1beta1", "domainmappings"],
];

const rulesOf = (name: ConfigurationName): object[] => {
  if (name === "config.webhook.serving.knative.dev") {
    const operations = ["CREATE", "UPDATE"];
    return [{ operations, apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps/*"], scope: "Namespaced" }];
  }
  const operations = ["CREATE", "UPDATE", ...(name === "webhook.serving.knative.dev" ? [] : ["DELETE"])];
  return RESOURCES.map(([group, version, resource]) => ({
    operations,
    apiGroups: [group],
    apiVersions: [version],
    resources: [resource, `${resource}/status`],
    scope: "*",
  }));
};

const certificatesOf = (secret: Obj | undefined): Record<string, string> | undefined =>
  ["ca-cert.pem", "server-cert.pem", "server-key.pem"].every((key) => secret?.data?.[key]) ? secret?.data : undefined;

const secretRef = { apiVersion: "v1", kind: "Secret", namespace: NAMESPACE, name: WEBHOOK_SECRET };

export const webhookProgram = (stage: Stage): Program => ({
  deployment: `${NAMESPACE}/webhook`,
  start: (pod) => versionRefusal(stage, pod),
  // Its probe fails at once, every second, three times; it serves on for network.DefaultDrainTimeout.
  drain: { seconds: 45, unreadyAfter: 3 },
  isReady: () => certificatesOf(stage.api.get(secretRef)) !== undefined,
  watches: ({ object }) =>
    object.kind === "Secret" && object.metadata.name === WEBHOOK_SECRET && object.metadata.namespace === NAMESPACE,
});

export const webhookReconciler = (stage: Stage): Reconciler => {
  const { api } = stage;

  /** Started is enough: the process fills its Secret before it can be ready. */
  const isRunning = (): boolean =>
    api
      .list("v1", "Pod", NAMESPACE)
      .some(
        (pod) =>
          deploymentOf(pod) === `${NAMESPACE}/webhook` &&
          pod.metadata.deletionTimestamp === undefined &&
          (isPodReady(pod) || pod.status?.containerStatuses?.some(({ state }: Obj) => state?.running)),
      );

  const fillSecret = async (): Promise<Record<string, string> | undefined> => {
    const secret = api.get(secretRef);
    const present = certificatesOf(secret);
    if (present || !secret) return present;
    const data = await makeWebhookCertificates("webhook", NAMESPACE);
    const filled = await api.update(MANAGER, secretRef, (draft) => {
      draft.data = { ...data };
    });
    return certificatesOf(filled);
  };

  const fillConfiguration = async (name: ConfigurationName, caBundle: string): Promise<void> => {
    const { kind, path } = CONFIGURATIONS[name];
    const namespace = api.get({ apiVersion: "v1", kind: "Namespace", name: NAMESPACE });
    if (!namespace) return;
    const { uid = "" } = namespace.metadata;
    const owner = { apiVersion: "v1", kind: "Namespace", name: NAMESPACE, uid };
    const exclusion = { key: "webhooks.knative.dev/exclude", operator: "DoesNotExist" };
    await api.update(MANAGER, { apiVersion: ADMISSION, kind, name }, (draft) => {
      draft.metadata.ownerReferences = [{ ...owner, controller: false, blockOwnerDeletion: true }];
      for (const webhook of draft.webhooks ?? []) {
        if (webhook.name !== name || !webhook.clientConfig.service) continue;
        if (!covers(webhook.rules, rulesOf(name))) webhook.rules = rulesOf(name);
        webhook.clientConfig.caBundle = caBundle;
        webhook.clientConfig.service.path = path;
        if (name === "config.webhook.serving.knative.dev") continue;
        const others = (webhook.namespaceSelector?.matchExpressions ?? []).filter(
          ({ key }: { key: string }) => !key.includes("knative.dev"),
        );
        webhook.namespaceSelector = { ...webhook.namespaceSelector, matchExpressions: [exclusion, ...others] };
        if (kind === "MutatingWebhookConfiguration") webhook.reinvocationPolicy = "IfNeeded";
      }
    });
  };

  return {
    name: "knative-webhook",
    keys: (event) => {
      const { object } = event;
      const isOurs =
        (object.apiVersion === ADMISSION && isConfiguration(object.metadata.name)) ||
        (object.kind === "Secret" && object.metadata.name === WEBHOOK_SECRET) ||
        (object.kind === "Pod" && deploymentOf(object) === `${NAMESPACE}/webhook`);
      return isOurs ? ["all"] : [];
    },
    reconcile: async () => {
      if (!isRunning()) return undefined;
      const certificates = await fillSecret();
      const caBundle = certificates?.["ca-cert.pem"];
      if (!caBundle) return undefined;
      for (const name of Object.keys(CONFIGURATIONS))
        if (isConfiguration(name)) await fillConfiguration(name, caBundle);
      return undefined;
    },
  };
};
