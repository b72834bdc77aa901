import { deploymentOf, type Program } from "../kubernetes/processes.ts";
import { covers, isPodReady, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj, Ref } from "../types.ts";
import { isTrustedBy, makeWebhookCertificates } from "../webhook-certificates.ts";
import type { Webhook } from "../webhooks.ts";
import { NAMESPACE } from "./names.ts";
import { versionRefusal } from "./process.ts";

/**
 * A process of knative.dev/pkg/webhook: it fills its Secret, and then what it owns in its webhook configurations. It serves once the Secret
 * holds its certificate.
 */
export interface WebhookProcess {
  /** The Deployment in knative-serving, and the Service before it. */
  readonly deployment: string;
  readonly secret: string;
  readonly configurations: Readonly<Record<string, WebhookConfiguration>>;
}

interface WebhookConfiguration {
  readonly kind: "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";
  readonly path: "/defaulting" | "/resource-validation" | "/config-validation";
  /** What is guarded besides ConfigMaps. Sorted by group, version and resource, as the process writes them. */
  readonly resources?: readonly (readonly [group: string, version: string, resource: string])[];
}

/** The name of every such binary. */
const MANAGER = "webhook";
const ADMISSION = "admissionregistration.k8s.io/v1";

const SERVING_RESOURCES = [
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
] as const;

/** Serving's own (serving cmd/webhook). */
export const SERVING_WEBHOOK: WebhookProcess = {
  deployment: "webhook",
  secret: "webhook-certs",
  configurations: {
    "webhook.serving.knative.dev": {
      kind: "MutatingWebhookConfiguration",
      path: "/defaulting",
      resources: SERVING_RESOURCES,
    },
    "validation.webhook.serving.knative.dev": {
      kind: "ValidatingWebhookConfiguration",
      path: "/resource-validation",
      resources: SERVING_RESOURCES,
    },
    "config.webhook.serving.knative.dev": { kind: "ValidatingWebhookConfiguration", path: "/config-validation" },
  },
};

const rulesOf = ({ path, resources }: WebhookConfiguration): object[] => {
  if (!resources) {
    const operations = ["CREATE", "UPDATE"];
    return [{ operations, apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps/*"], scope: "Namespaced" }];
  }
  const operations = ["CREATE", "UPDATE", ...(path === "/defaulting" ? [] : ["DELETE"])];
  return resources.map(([group, version, resource]) => ({
    operations,
    apiGroups: [group],
    apiVersions: [version],
    resources: [resource, `${resource}/status`],
    scope: "*",
  }));
};

const certificatesOf = (secret: Obj | undefined): Record<string, string> | undefined =>
  ["ca-cert.pem", "server-cert.pem", "server-key.pem"].every((key) => secret?.data?.[key]) ? secret?.data : undefined;

const secretRefOf = ({ secret }: WebhookProcess): Ref => ({
  apiVersion: "v1",
  kind: "Secret",
  namespace: NAMESPACE,
  name: secret,
});

export const webhookProgram = (stage: Stage, process: WebhookProcess): Program => ({
  deployment: `${NAMESPACE}/${process.deployment}`,
  start: (pod) => versionRefusal(stage, pod),
  // Its probe fails at once, every second, three times; it serves on for network.DefaultDrainTimeout.
  drain: { seconds: 45, unreadyAfter: 3 },
  isReady: () => certificatesOf(stage.api.get(secretRefOf(process))) !== undefined,
  watches: ({ object }) =>
    object.kind === "Secret" && object.metadata.name === process.secret && object.metadata.namespace === NAMESPACE,
});

/** How the API server finds it, and what it answers there. */
export const knativeWebhook = (stage: Stage, process: WebhookProcess, answer: Webhook["answer"]): Webhook => ({
  service: `${NAMESPACE}/${process.deployment}`,
  isTrusted: (caBundle) => isTrustedBy(stage.api.get(secretRefOf(process))?.data?.["server-cert.pem"] ?? "", caBundle),
  answer,
});

export const webhookReconciler = (stage: Stage, process: WebhookProcess): Reconciler => {
  const { api } = stage;
  const secretRef = secretRefOf(process);
  const configurations = new Map(Object.entries(process.configurations));
  const isOurPod = (pod: Obj): boolean => deploymentOf(pod) === `${NAMESPACE}/${process.deployment}`;

  /** Started is enough: the process fills its Secret before it can be ready. */
  const isRunning = (): boolean =>
    api
      .list("v1", "Pod", NAMESPACE)
      .some(
        (pod) =>
          isOurPod(pod) &&
          pod.metadata.deletionTimestamp === undefined &&
          (isPodReady(pod) || pod.status?.containerStatuses?.some(({ state }: Obj) => state?.running)),
      );

  const fillSecret = async (): Promise<Record<string, string> | undefined> => {
    const secret = api.get(secretRef);
    const present = certificatesOf(secret);
    if (present || !secret) return present;
    const data = await makeWebhookCertificates(process.deployment, NAMESPACE);
    const filled = await api.update(MANAGER, secretRef, (draft) => {
      draft.data = { ...data };
    });
    return certificatesOf(filled);
  };

  const fillConfiguration = async (
    name: string,
    configuration: WebhookConfiguration,
    caBundle: string,
  ): Promise<void> => {
    const { kind, path, resources } = configuration;
    const namespace = api.get({ apiVersion: "v1", kind: "Namespace", name: NAMESPACE });
    if (!namespace) return;
    const { uid = "" } = namespace.metadata;
    const owner = { apiVersion: "v1", kind: "Namespace", name: NAMESPACE, uid };
    const exclusion = { key: "webhooks.knative.dev/exclude", operator: "DoesNotExist" };
    await api.update(MANAGER, { apiVersion: ADMISSION, kind, name }, (draft) => {
      draft.metadata.ownerReferences = [{ ...owner, controller: false, blockOwnerDeletion: true }];
      for (const webhook of draft.webhooks ?? []) {
        if (webhook.name !== name || !webhook.clientConfig.service) continue;
        if (!covers(webhook.rules, rulesOf(configuration))) webhook.rules = rulesOf(configuration);
        webhook.clientConfig.caBundle = caBundle;
        webhook.clientConfig.service.path = path;
        if (!resources) continue;
        const others = (webhook.namespaceSelector?.matchExpressions ?? []).filter(
          ({ key }: { key: string }) => !key.includes("knative.dev"),
        );
        webhook.namespaceSelector = { ...webhook.namespaceSelector, matchExpressions: [exclusion, ...others] };
        if (kind === "MutatingWebhookConfiguration") webhook.reinvocationPolicy = "IfNeeded";
      }
    });
  };

  return {
    name: `knative-${process.deployment}`,
    keys: (event) => {
      const { object } = event;
      const isOurs =
        (object.apiVersion === ADMISSION && configurations.has(object.metadata.name)) ||
        (object.kind === "Secret" && object.metadata.name === process.secret) ||
        (object.kind === "Pod" && isOurPod(object));
      return isOurs ? ["all"] : [];
    },
    reconcile: async () => {
      if (!isRunning()) return undefined;
      const certificates = await fillSecret();
      const caBundle = certificates?.["ca-cert.pem"];
      if (!caBundle) return undefined;
      for (const [name, configuration] of configurations) await fillConfiguration(name, configuration, caBundle);
      return undefined;
    },
  };
};
