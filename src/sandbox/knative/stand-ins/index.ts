import { configMap, image, type Labels, labels, minorOf, object, SERVING } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { servingCrds } from "./crds.ts";
import { CERTIFICATES_SINCE, named } from "./named.ts";
import { rights } from "./rights.ts";
import { webhooks } from "./webhooks.ts";
import { workloads } from "./workloads.ts";

export { servingCrds } from "./crds.ts";

/** Name without `config-` → component label (which decides whether the config webhook looks at it) and what it is about. */
const CONFIGS: Readonly<Record<string, readonly [component: string, about: string]>> = {
  autoscaler: ["autoscaler", "When Services scale, how far, and to zero."],
  certmanager: ["controller", "Which issuers sign certificates that Knative asks cert-manager for."],
  defaults: ["controller", "Values for what a Service leaves out."],
  deployment: ["controller", "How the Deployments of revisions look."],
  domain: ["controller", "Domains that Services are published under."],
  features: ["controller", "Optional fields of Services and experimental behaviour."],
  gc: ["controller", "When old revisions are removed."],
  "leader-election": ["controller", "How replicas of a controller share their work."],
  logging: ["logging", "Log levels."],
  network: ["networking", "The ingress class, URLs and TLS."],
  observability: ["observability", "Request logs, metrics and traces."],
  tracing: ["tracing", "Nothing any more."],
};

const configs = (version: string): readonly Obj[] =>
  Object.entries(CONFIGS).flatMap(([name, [component, about]]) => {
    if (name === "certmanager" && minorOf(version) < CERTIFICATES_SINCE) return [];
    const provider: Labels =
      name === "certmanager" ? { "networking.knative.dev/certificate-provider": "cert-manager" } : {};
    const data: Labels = name === "deployment" ? { "queue-sidecar-image": image("serving/cmd/queue") } : {};
    return configMap(named(`config-${name}`), { ...labels(version, component), ...provider }, about, data);
  });

/** Instances of the release's own CRDs: their kinds must be served, and the webhook admit them, before they can be applied. */
const resources = (version: string): readonly Obj[] => {
  const certificate = object(
    "networking.internal.knative.dev/v1alpha1 Certificate",
    named("routing-serving-certs"),
    { "networking.knative.dev/certificate-type": "system-internal" },
    { spec: { dnsNames: ["kn-routing", "data-plane.knative.dev"], secretName: "routing-serving-certs" } },
  );
  certificate.metadata.annotations = {
    "networking.knative.dev/certificate.class": "cert-manager.certificate.networking.knative.dev",
  };
  const queueProxy = object(
    "caching.internal.knative.dev/v1alpha1 Image",
    named("queue-proxy"),
    labels(version, "queue-proxy"),
    {
      spec: { image: image("serving/cmd/queue") },
    },
  );
  return [certificate, queueProxy];
};

/** serving-core.yaml */
export const servingCore = (version: string): readonly Obj[] => [
  object("v1 Namespace", SERVING, labels(version), {}),
  ...rights(version),
  ...servingCrds(version),
  ...resources(version),
  ...configs(version),
  ...workloads(version),
  ...webhooks(version),
];
