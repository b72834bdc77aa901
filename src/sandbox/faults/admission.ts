import { setTimeout as sleep } from "node:timers/promises";
import type { WebhookTarget } from "../types.ts";
import { attempt, type Fault, SECONDS } from "./fault.ts";

const WEBHOOK = "knative-serving/webhook";

const isServing = ({ service }: WebhookTarget): boolean => `${service?.namespace}/${service?.name}` === WEBHOOK;

/** A policy engine outside of the cluster. */
const POLICY = "policy.example.com";
const GROUPS: Readonly<Record<string, string>> = { pods: "", services: "", deployments: "apps" };

export const admission: readonly Fault[] = [
  {
    name: "webhook-no-endpoints",
    summary: "Knative's webhook runs, but its Service gets no endpoints, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      stops: (controller, key) => controller === "endpointslice" && key === WEBHOOK && spell.strikes(),
    }),
  },
  {
    name: "webhook-wrong-ca",
    summary: "Knative's webhook shows a certificate that its caBundle does not cover, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      callWebhook: (next) => async (target, review) => {
        // Only who gets through to the process sees its certificate.
        const answer = await next(target, review);
        if (!isServing(target) || !spell.strikes()) return answer;
        throw new Error("tls: failed to verify certificate: x509: certificate signed by unknown authority");
      },
    }),
  },
  {
    name: "webhook-timeout",
    summary: "The API server cannot reach Knative's webhook, as behind a firewall, for SECONDS",
    parameter: SECONDS,
    make: ({ spell, second }) => ({
      callWebhook: (next) => async (target, review) => {
        const answer = await next(target, review);
        if (!isServing(target) || !spell.strikes()) return answer;
        await sleep(target.timeoutSeconds * second);
        throw new Error("context deadline exceeded");
      },
    }),
  },
  {
    name: "admission-denial",
    summary: "A policy webhook denies new objects of KIND (pods, services or deployments)",
    parameter: { value: "KIND", default: "pods", accepts: /^(pods|services|deployments)$/ },
    make: ({ parameter, spell }) => ({
      begin: async (api) => {
        const kind = "ValidatingWebhookConfiguration";
        const { apiVersion, metadata } = await api.create("policy", {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind,
          metadata: { name: POLICY },
          webhooks: [
            {
              name: POLICY,
              clientConfig: { url: `https://${POLICY}/validate` },
              rules: [
                {
                  apiGroups: [GROUPS[parameter] ?? ""],
                  apiVersions: ["v1"],
                  resources: [parameter],
                  operations: ["CREATE"],
                },
              ],
              admissionReviewVersions: ["v1"],
              sideEffects: "None",
            },
          ],
        });
        spell.whenOver(() => api.remove({ apiVersion, kind, name: metadata.name }));
      },
      callWebhook: (next) => async (target, review) =>
        target.webhook === POLICY
          ? { allowed: false, code: 403, message: `${parameter} need the label team` }
          : next(target, review),
    }),
  },
  {
    name: "quota",
    summary: "A ResourceQuota leaves no room for new objects of KIND (pods or services.loadbalancers)",
    parameter: { value: "KIND", default: "pods", accepts: /^(pods|services\.loadbalancers)$/ },
    make: ({ parameter, spell }) => ({
      begin: async (api) => {
        const guard = (namespace: string): Promise<unknown> =>
          api.create("quota", {
            apiVersion: "v1",
            kind: "ResourceQuota",
            metadata: { name: "compute", namespace },
            spec: { hard: { [parameter]: "0" } },
          });
        const namespaces = ["knative-serving", "kourier-system", "istio-system"];
        const off = api.onChange(({ type, object }) => {
          const { name } = object.metadata;
          if (object.kind === "Namespace" && type === "ADDED" && namespaces.includes(name)) attempt(guard(name));
        });
        spell.whenOver(async () => {
          off();
          for (const namespace of namespaces)
            await api.remove({ apiVersion: "v1", kind: "ResourceQuota", namespace, name: "compute" });
        });
      },
    }),
  },
];
