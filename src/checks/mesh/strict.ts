import { type Check, type Finding, fail, ok, type ReadContext, skipped, warn } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { at, describe, type KubeObject, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { hasSidecar, IN_MESH, podsOf } from "./sidecars.ts";

/** Policies here are about the activator itself, and say nothing where that has no sidecar. */
const isElsewhere = ({ metadata }: KubeObject): boolean => metadata.namespace !== KNATIVE;

const strictIn = async ({ cluster }: ReadContext): Promise<readonly KubeObject[]> =>
  (await cluster.list({ apiVersion: "security.istio.io/v1beta1", kind: "PeerAuthentication" })).filter(
    (policy) => textAt(policy, "spec", "mtls", "mode") === "STRICT" && isElsewhere(policy),
  );

const REMEDY = {
  text: "Take Knative into the mesh:",
  command: sh`kn-bootstrap install --ingress istio --mesh`,
};

const told = (policies: readonly KubeObject[]): string =>
  `${few(policies.map(describe))} ${policies.length === 1 ? "asks" : "ask"} for mutual TLS, and the activator has no sidecar`;

/** Before the first change: `mesh` says whether the activator will have one. */
export const strictNeedsSidecars = (mesh: boolean): Check => ({
  id: "mesh.strict",
  title: "The activator gets into pods that ask for mutual TLS",
  run: async (ctx) => {
    if (mesh) return ok("it will have a sidecar");
    const policies = await strictIn(ctx);
    if (policies.length === 0) return ok("no pod asks for it");
    return (await lacks(ctx))
      ? warn(`${told(policies)}: a Service with sidecars does not start from zero there.`, REMEDY)
      : ok("the activator has a sidecar");
  },
});

/** Whether an activator is without a sidecar, or there is none yet. */
const lacks = async ({ cluster }: ReadContext): Promise<boolean> => {
  const pods = await cluster.list({ apiVersion: "v1", kind: "Pod", namespace: KNATIVE });
  const activators = IN_MESH.slice(0, 1).flatMap((ref) => podsOf(pods, ref));
  return activators.length === 0 || activators.some((pod) => !hasSidecar(pod));
};

export const strictFound = healthCheck({
  ...strictNeedsSidecars(false),
  id: "mesh.strict",
  needs: ["serving.deployments"],
  reads: [...FOUND_BY, "PeerAuthentication.security.istio.io", "Pod"],
  meaning:
    "A sidecar whose PeerAuthentication says STRICT refuses plain requests, and what waits for a pod's start sends those: such Services answer 504 once they have scaled to zero.",
  todo: "Install with `--mesh`, or let such pods take plain requests: mode PERMISSIVE.",
  run: async (ctx): Promise<Finding> => {
    const [policies, isBare, { choices }] = await Promise.all([
      strictIn(ctx),
      lacks(ctx),
      findInstallation(ctx.cluster),
    ]);
    if (policies.length === 0) return skipped("no PeerAuthentication asks for mutual TLS alone");
    if (!isBare) return ok("the activator has a sidecar");
    const pods = await ctx.cluster.list({
      apiVersion: "v1",
      kind: "Pod",
      labelSelector: "serving.knative.dev/revision",
    });
    const met = pods.filter((pod) => hasSidecar(pod) && policies.some((policy) => isAbout(policy, pod)));
    const remedy = choices.mesh === true ? { ...REMEDY, text: "Install again:" } : REMEDY;
    return met.length > 0
      ? fail(`${told(policies)}: it does not get into ${few(met.map(describe))}`, remedy)
      : warn(`${told(policies)}: a Service with sidecars does not start from zero there`, remedy);
  },
});

const ROOT = "istio-system";

/** Whether it may be: what other policies say is left out. */
const isAbout = (policy: KubeObject, { metadata: { namespace, labels = {} } }: KubeObject): boolean => {
  const selector = Object.entries((at(policy, "spec", "selector", "matchLabels") ?? {}) as Record<string, string>);
  if (policy.metadata.namespace === namespace) return selector.every(([key, value]) => labels[key] === value);
  return policy.metadata.namespace === ROOT && selector.length === 0;
};
