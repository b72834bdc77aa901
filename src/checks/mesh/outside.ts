import { fail, ok, skipped } from "../../core/check.ts";
import { choosesPods } from "../../kube/selected.ts";
import { few } from "../../ports/few.ts";
import { at, describe, isRecord, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { joined, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { standingOf } from "../standing.ts";
import { hasSidecar } from "./sidecars.ts";

/** Istio's root namespace: what a policy without a selector says there holds everywhere. */
const ROOT = "istio-system";
/** The API server asks them, and is in no mesh. */
const WEBHOOKS = ["webhook", "net-istio-webhook", "net-gateway-api-webhook"];
const WEBHOOK_PORT = 8443;

const selectorOf = (policy: KubeObject): readonly (readonly [string, unknown])[] => {
  const labels = at(policy, "spec", "selector", "matchLabels");
  return isRecord(labels) ? Object.entries(labels) : [];
};

/** The nearest policy that says something of this port of a pod, as Istio takes them: workload, namespace, mesh. */
const asksFor = (policies: readonly KubeObject[], pod: KubeObject, port: number): KubeObject | undefined => {
  const { namespace, labels = {} } = pod.metadata;
  const levels: readonly ((policy: KubeObject) => boolean)[] = [
    (policy) =>
      policy.metadata.namespace === namespace &&
      selectorOf(policy).length > 0 &&
      selectorOf(policy).every(([key, value]) => labels[key] === value),
    (policy) => policy.metadata.namespace === namespace && selectorOf(policy).length === 0,
    (policy) => policy.metadata.namespace === ROOT && selectorOf(policy).length === 0,
  ];
  const modeOf = (policy: KubeObject): string =>
    textAt(policy, "spec", "portLevelMtls", String(port), "mode") || textAt(policy, "spec", "mtls", "mode");
  const deciding = levels
    .map((is) => policies.find((policy) => is(policy) && !["", "UNSET"].includes(modeOf(policy))))
    .find((policy) => policy !== undefined);
  return deciding && modeOf(deciding) === "STRICT" ? deciding : undefined;
};

interface Asked {
  readonly pod: KubeObject;
  readonly policy: KubeObject;
}

export const outsidersLetIn = healthCheck({
  id: "mesh.outside",
  title: "What is called from outside of the mesh takes plain requests",
  needs: ["knative.installed"],
  reads: [
    ...FOUND_BY,
    "Deployment.apps",
    "DaemonSet.apps",
    "Service",
    "Gateway.gateway.networking.k8s.io",
    "Pod",
    "PeerAuthentication.security.istio.io",
  ],
  meaning:
    "A sidecar that asks for mutual TLS refuses whoever has none: the API server, so that webhooks fail, or people, before a gateway that got a sidecar.",
  todo: 'Keep sidecars off these pods (`sidecar.istio.io/inject: "false"`), or let their ports take plain requests: a PeerAuthentication with `portLevelMtls` and mode PERMISSIVE.',
  threads: ["knative-extensions/net-istio#150", "knative-extensions/net-istio#700"],
  run: async ({ cluster }) => {
    const found = await findInstallation(cluster);
    const [there, pods, policies] = await Promise.all([
      standingOf(cluster, found),
      cluster.list({ apiVersion: "v1", kind: "Pod" }),
      cluster.list({ apiVersion: "security.istio.io/v1beta1", kind: "PeerAuthentication" }),
    ]);
    if (policies.length === 0) return skipped("no PeerAuthentication is here");
    const service = there?.service && (await cluster.get(there.service));
    const isGateway = ({ metadata }: KubeObject): boolean =>
      service !== undefined &&
      metadata.namespace === service.metadata.namespace &&
      choosesPods(service, metadata.labels);
    const isWebhook = ({ metadata }: KubeObject): boolean =>
      metadata.namespace === KNATIVE && WEBHOOKS.includes(metadata.labels?.app ?? "");
    const called = pods
      .filter((pod) => hasSidecar(pod) && !isIstiosOwn(pod) && !pod.metadata.deletionTimestamp)
      .filter((pod) => isGateway(pod) || isWebhook(pod));
    const refusing = called.flatMap((pod): readonly Asked[] => {
      const policy = asksFor(policies, pod, isWebhook(pod) ? WEBHOOK_PORT : 8080);
      return policy ? [{ pod, policy }] : [];
    });
    const [first] = refusing;
    if (!first) return ok(called.length === 0 ? "they have no sidecars" : few(called.map(describe)));
    return fail(
      `${few(refusing.map(({ pod }) => describe(pod)))} ${refusing.length === 1 ? "has a sidecar" : "have sidecars"}, and ${describe(first.policy)} lets nobody in without mutual TLS`,
      { text: "Keep the sidecar off what is called from outside of the mesh:", command: withoutSidecar(refusing) },
      {
        evidence: refusing.flatMap(({ pod, policy }) => [
          { object: refOf(pod), field: ".spec.containers" },
          { object: refOf(policy), field: ".spec.mtls.mode", observed: "STRICT", expected: "PERMISSIVE" },
        ]),
      },
    );
  },
});

/** An Istio gateway is an Envoy itself, and has no sidecar. */
const isIstiosOwn = (pod: KubeObject): boolean => {
  const containers = at(pod, "spec", "containers");
  return (Array.isArray(containers) ? containers : []).length < 2;
};

const OFF = JSON.stringify({
  spec: { template: { metadata: { labels: { "sidecar.istio.io/inject": "false" } } } },
});

/** By the Deployments that the pods are of. */
const withoutSidecar = (refusing: readonly Asked[]) => {
  const names = new Map(
    refusing.map(({ pod: { metadata } }) => {
      const set = metadata.ownerReferences?.find(({ kind }) => kind === "ReplicaSet")?.name ?? metadata.name;
      return [`${metadata.namespace}/${set.replace(/-[^-]+$/, "")}`, metadata.namespace ?? ""];
    }),
  );
  return joined(
    "\n",
    [...names].map(
      ([key, namespace]) => sh`kubectl patch deployment ${key.split("/")[1] ?? ""} -n ${namespace} -p ${OFF}`,
    ),
  );
};
