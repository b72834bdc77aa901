import type { Election } from "../kubernetes/leader-election.ts";
import { refOf, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";
import { AUTOSCALER, CONTROLLER, NAMESPACE } from "./names.ts";
import { knativeMinor } from "./process.ts";
import { SLICES_SINCE } from "./serverless-services.ts";
import { readConfig } from "./settings.ts";

/**
 * Who leads in Serving's processes: one Lease for each reconciler and bucket, named `<component>.<queue>.<bucket>`
 * (knative.dev/pkg leaderelection/context.go; the queue is the reconciler's package and type).
 */

/** In the order of cmd/controller/main.go. */
const RECONCILERS = [
  "configuration",
  "labeler",
  "revision",
  "route",
  "serverlessservice",
  "service",
  "gc",
  "nscert",
  "domainmapping",
];
/** The types of knative.dev/pkg/webhook that are reconcilers, as cmd/webhook/main.go has them. */
const WEBHOOKS = ["webhookcertificates", "defaultingwebhook", "validationwebhook", "configmapwebhook"];

/** `certificates`: whether the controller looks after certificates as well. */
export const servingElections = (stage: Stage, certificates: () => boolean): readonly Election[] => {
  const named = (component: string, queues: readonly string[]): readonly string[] =>
    queues.flatMap((queue) => bucketsOf(stage, `${component}.${queue}.`));
  const reconciler = (name: string): string => `knative.dev.serving.pkg.reconciler.${name}.reconciler`;
  return [
    {
      deployment: `${NAMESPACE}/controller`,
      manager: CONTROLLER,
      leases: () => named("controller", [...RECONCILERS, ...(certificates() ? ["certificate"] : [])].map(reconciler)),
    },
    { deployment: `${NAMESPACE}/webhook`, manager: "webhook", leases: () => named("webhook", WEBHOOKS) },
    {
      deployment: `${NAMESPACE}/autoscaler-hpa`,
      manager: "autoscaler-hpa",
      leases: () => named("hpaautoscaler", [reconciler("autoscaling.hpa")]),
    },
    {
      deployment: `${NAMESPACE}/autoscaler`,
      manager: AUTOSCALER,
      leases: () => bucketsOf(stage, "autoscaler-bucket-"),
      identity: (pod) => `${pod.metadata.name}_${pod.status.podIP}`,
      onLeading: (lease, pod) => leadTo(stage, lease, pod),
    },
  ];
};

/** The prefix and `00-of-01`, as many as config-leader-election says. */
export const bucketsOf = ({ api }: Stage, prefix: string): readonly string[] => {
  const count = Number(readConfig(api, "config-leader-election").buckets ?? 1);
  const digits = (n: number): string => String(n).padStart(2, "0");
  return Array.from({ length: count }, (_, index) => `${prefix}${digits(index)}-of-${digits(count)}`);
};

const PORT = 8080;

/**
 * Where the activators send what they have counted: a Service without a selector, and behind it the leader. It is made when the Lease
 * changes hands, without owner and label, and never looked after (pkg/autoscaler/statforwarder/leases.go).
 */
const leadTo = async (stage: Stage, name: string, pod: Obj): Promise<void> => {
  const { api } = stage;
  const metadata = { namespace: NAMESPACE, name };
  if (!api.get({ apiVersion: "v1", kind: "Service", ...metadata }))
    await api.create(AUTOSCALER, {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "http", port: PORT, targetPort: PORT }] },
    });
  const wanted = behind(pod, metadata, knativeMinor(stage, NAMESPACE, AUTOSCALER));
  const found = api.get(refOf(wanted));
  if (!found) await api.create(AUTOSCALER, wanted);
  else
    await api.update(AUTOSCALER, refOf(wanted), (draft) => {
      for (const field of ["endpoints", "subsets"]) if (wanted[field]) draft[field] = wanted[field];
    });
};

/** Endpoints until 1.21, an EndpointSlice since. */
const behind = (pod: Obj, metadata: { namespace: string; name: string }, minor: number): Obj => {
  const ip: string = pod.status.podIP;
  if (minor < SLICES_SINCE)
    return {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata,
      subsets: [{ addresses: [{ ip }], ports: [{ name: "http", port: PORT, protocol: "TCP" }] }],
    };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": metadata.name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [ip], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [{ name: "http", port: PORT, protocol: "TCP" }],
  };
};
