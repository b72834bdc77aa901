import type { KubeObject } from "../ports/object.ts";

/**
 * Fields that a release's manifest sets and that a controller owns by design once it runs. A second run is silent there.
 * Recorded from real controllers on Kubernetes 1.36 (a manifest applied again after they ran conflicts in these and no others).
 */
const CEDED: readonly { kinds: readonly string[]; path: RegExp; to: (owner: Owner) => boolean; why: string }[] = [
  {
    kinds: ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
    path: /^\.webhooks\[[^\]]*\]\.(rules|clientConfig|namespaceSelector|objectSelector|reinvocationPolicy)/,
    to: () => true,
    why: "the webhook's own process writes its rules and CA",
  },
  {
    kinds: ["ValidatingWebhookConfiguration"],
    path: /^\.webhooks\[[^\]]*\]\.failurePolicy$/,
    to: (owner) => owner.manager === "pilot-discovery",
    why: "istiod lets nothing pass its webhook by once it answers (pilot/pkg/webhooks/validation)",
  },
  {
    kinds: ["Deployment", "StatefulSet"],
    path: /^\.spec\.replicas$/,
    to: (owner) => owner.subresource === "scale",
    why: "an autoscaler or a person scaled it",
  },
  {
    kinds: ["ClusterRole"],
    path: /^\.rules$/,
    to: (owner) => owner.manager === "clusterrole-aggregation-controller",
    why: "aggregated from other roles",
  },
];

interface Owner {
  readonly manager: string;
  readonly subresource: string | undefined;
}

export const cededTo = (object: KubeObject, path: string, owner: Owner): boolean =>
  CEDED.some((rule) => rule.kinds.includes(object.kind) && rule.path.test(path) && rule.to(owner));
