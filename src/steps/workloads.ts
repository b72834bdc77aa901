import { type Check, fail, ok } from "../core/check.ts";
import { HOME, ownerOf } from "../core/inventory.ts";
import { deletions } from "../core/plan.ts";
import type { PlanContext, Step } from "../core/step.ts";
import { UserError } from "../ports/error.ts";
import { describe, type KubeObject } from "../ports/object.ts";
import type { Removal } from "./installation.ts";

const SERVING = "serving.knative.dev/v1";
const WORKLOADS = [
  { apiVersion: SERVING, kind: "Service" },
  { apiVersion: SERVING, kind: "Route" },
  { apiVersion: SERVING, kind: "Configuration" },
  { apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping" },
];

/** What Kubernetes and the controllers of the installation put into a namespace by themselves. */
const GENERATED_KINDS = new Set([
  "Event",
  "Lease",
  "Endpoints",
  "EndpointSlice",
  "Pod",
  "PodMetrics",
  "ReplicaSet",
  "ControllerRevision",
  "ServerlessService",
  "PodAutoscaler",
]);
const isGenerated = (object: KubeObject): boolean =>
  GENERATED_KINDS.has(object.kind) ||
  (object.metadata.ownerReferences?.length ?? 0) > 0 ||
  (object.kind === "ServiceAccount" && object.metadata.name === "default") ||
  (object.kind === "ConfigMap" && object.metadata.name === "kube-root-ca.crt");

/** Knative workloads that people made, and anything foreign in the namespaces that would be deleted. */
const findWorkloads = async (
  ctx: PlanContext,
): Promise<{ workloads: readonly KubeObject[]; foreign: readonly KubeObject[] }> => {
  const lists = await Promise.all(WORKLOADS.map(({ apiVersion, kind }) => ctx.live.list(apiVersion, kind)));
  // Routes and Configurations that belong to a Service go with it.
  const workloads = lists.flat().filter((object) => !ownerOf(object) && !object.metadata.ownerReferences?.length);
  const namespaces = (await ctx.live.owned("v1", "Namespace"))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== HOME);
  const inside = await Promise.all(
    namespaces.flatMap((namespace) =>
      ctx.kinds
        .filter((kind) => kind.namespaced)
        .map(({ apiVersion, kind }) => ctx.live.list(apiVersion, kind, namespace)),
    ),
  );
  const known = new Set(workloads);
  const foreign = inside.flat().filter((object) => !ownerOf(object) && !isGenerated(object) && !known.has(object));
  return {
    workloads,
    foreign: foreign.filter((object) => !workloads.some(({ metadata }) => metadata.uid === object.metadata.uid)),
  };
};

/** Part of the goal "absent" only: it comes first, while the controllers that run finalizers still live (rule 12). */
export const workloads = (removal: Removal): Step => ({
  id: "workloads",
  title: "Leave room for workloads",
  undo: "Remove workloads",
  needs: ["proof"],
  plan: async () => [],
  absent: async (ctx) => {
    const found = await findWorkloads(ctx);
    const all = [...found.workloads, ...found.foreign];
    if (all.length === 0) return [];
    if (!removal.deleteWorkloads) throw refused(all);
    return deletions(all);
  },
  verify: [],
  verifyAbsent: [noIngresses],
});

const refused = (objects: readonly KubeObject[]): UserError => {
  const shown = objects.slice(0, 20).map(describe).join(", ");
  return new UserError({
    id: "uninstall.workloads",
    what: `This cluster still runs what kn-bootstrap did not make: ${shown}${objects.length > 20 ? ` and ${objects.length - 20} more` : ""}.`,
    why: "Removing Knative would delete it. Nothing was changed.",
    remedy: {
      text: "Delete it yourself, or let uninstall do it.",
      command: "kn-bootstrap uninstall --delete-workloads",
    },
    exitCode: 2,
  });
};

const noIngresses: Check = {
  id: "workloads.gone",
  title: "No Knative ingress is left",
  run: async (ctx) => {
    const left = await ctx.cluster.list({ apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" });
    const [first] = left;
    return first
      ? fail(`${describe(first)} is still held by ${first.metadata.finalizers?.join(", ") ?? "its owner"}`, {
          text: "The ingress controller must run to let it go.",
          command: "kubectl get kingress -A",
        })
      : ok("no workloads");
  },
};
