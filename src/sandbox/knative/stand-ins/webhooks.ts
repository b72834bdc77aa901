import { labels, minorOf, object, SERVING } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { CERTIFICATES_SINCE, named } from "./named.ts";

const webhook = (version: string, kind: string, name: string, fields: Record<string, unknown>): Obj =>
  object(`admissionregistration.k8s.io/v1 ${kind}WebhookConfiguration`, name, labels(version, "webhook"), {
    webhooks: [
      {
        name,
        admissionReviewVersions: ["v1", "v1beta1"],
        clientConfig: { service: { name: "webhook", namespace: SERVING } },
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 10,
        ...fields,
      },
    ],
  });

const rules = (operations: readonly string[]): readonly Record<string, unknown>[] => [
  {
    apiGroups: ["autoscaling.internal.knative.dev", "networking.internal.knative.dev", "serving.knative.dev"],
    apiVersions: ["*"],
    operations,
    scope: "*",
    resources: [
      ...["metrics", "podautoscalers", "certificates", "ingresses", "serverlessservices"],
      ...["configurations", "revisions", "routes", "services", "domainmappings", "domainmappings/status"],
    ],
  },
];

const CHECKED = ["autoscaler", "controller", "logging", "networking", "observability", "tracing"];

/** The config webhook gets its rules, and all of them their CA, from the webhook's own process. */
export const webhooks = (version: string): readonly Obj[] => [
  webhook(version, "Validating", "config.webhook.serving.knative.dev", {
    objectSelector: {
      matchExpressions: [
        { key: "app.kubernetes.io/name", operator: "In", values: [SERVING] },
        {
          key: "app.kubernetes.io/component",
          operator: "In",
          values: minorOf(version) < CERTIFICATES_SINCE ? CHECKED : [...CHECKED, "net-certmanager"],
        },
      ],
    },
  }),
  webhook(version, "Mutating", "webhook.serving.knative.dev", { rules: rules(["CREATE", "UPDATE"]) }),
  webhook(version, "Validating", "validation.webhook.serving.knative.dev", {
    rules: rules(["CREATE", "UPDATE", "DELETE"]),
  }),
  object("v1 Secret", named("webhook-certs"), labels(version, "webhook"), {}),
];
