import { crdsEstablished } from "../../checks/crds.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import { webhookAnswers } from "../../checks/webhook.ts";
import { workloadsDrained } from "../../checks/workload-pods.ts";
import type { Change } from "../../core/change.ts";
import { deletions } from "../../core/plan.ts";
import type { PlanContext, Step } from "../../core/step.ts";
import { ingressProducts } from "../../ingress/index.ts";
import { HOME, MANAGER, ownerOf } from "../../kube/inventory.ts";
import { STATE } from "../../kube/prior.ts";
import { removeProducts } from "../../kube/product.ts";
import { at, type KubeObject, refOf } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { servingProducts } from "./products.ts";

const deployments = (objects: readonly KubeObject[]) => objects.filter(({ kind }) => kind === "Deployment").map(refOf);

/** Made before everything and removed after everything, CRDs included. */
export const namespaces = ({ manifests }: Installation): Step => ({
  id: "namespaces",
  title: "Create the namespaces",
  undo: "Remove the namespaces",
  needs: ["state"],
  plan: (ctx) => ctx.reconcile(manifests.namespaces),
  absent: async (ctx, owned) => {
    // Planned again when its turn comes, their processes are gone: that they were ours was seen before.
    const wasOurs = ctx.firm || (await ctx.live.get(STATE)) !== undefined;
    return [
      ...(await removeProducts([...servingProducts, ...ingressProducts], ctx.live, wasOurs)),
      ...deletions(owned),
      ...(await letGo(ctx, (name) => name !== HOME)),
    ];
  },
  verify: [],
  verifyAbsent: [workloadsDrained],
});

/** Takes our fields off the namespaces of others, whose labels say what runs there; not where a Knative of others runs, taken over or not. */
export const letGo = async (ctx: PlanContext, isMeant: (name: string) => boolean): Promise<readonly Change[]> => {
  const makers = [...servingProducts, ...ingressProducts].map(({ maker }) => maker);
  const runs = async (namespace: string): Promise<boolean> => {
    const found = makers.filter((maker) => maker.namespace === namespace).map(ctx.live.get);
    return (await Promise.all(found)).some((maker) => maker !== undefined && ownerOf(maker) === undefined);
  };
  const touched = (await ctx.live.list("v1", "Namespace")).filter(
    (namespace) =>
      ownerOf(namespace) === undefined &&
      !namespace.metadata.deletionTimestamp &&
      isMeant(namespace.metadata.name) &&
      namespace.metadata.managedFields?.some(({ manager }) => manager === MANAGER),
  );
  const changes = await Promise.all(
    touched.map(async ({ apiVersion, kind, metadata: { name } }) =>
      (await runs(name)) ? [] : ctx.reconcile([{ apiVersion, kind, metadata: { name } }], { partial: true }),
    ),
  );
  return changes.flat();
};

export const crds = ({ manifests }: Installation): Step => ({
  id: "crds",
  title: "Install the Knative Serving CRDs",
  undo: "Remove the Knative Serving CRDs",
  needs: ["namespaces"],
  plan: async (ctx) => [...(await ctx.prune(manifests.crds)), ...(await ctx.reconcile(manifests.crds))],
  verify: [crdsEstablished(manifests.crds.map(({ metadata }) => metadata.name))],
});

export const core = ({ manifests, remarks = [] }: Installation): Step => ({
  id: "core",
  title: `Install Knative Serving ${manifests.versions.serving}`,
  undo: "Remove Knative Serving",
  needs: ["crds"],
  plan: async (ctx) => {
    for (const remark of remarks) ctx.note(remark);
    return [...(await ctx.prune(manifests.core)), ...(await ctx.reconcile(manifests.core))];
  },
  absent: async (_ctx, owned) =>
    deletions(owned.filter((object) => !WEBHOOK_CONFIGURATIONS.includes(object.kind) && !drainsLong(object))),
  verify: [],
});

const WEBHOOK_CONFIGURATIONS: readonly string[] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/**
 * Part of the goal "absent" only, before everything: one whose webhook does not run any more would refuse every deletion of a
 * custom resource, and there is nothing left to judge.
 */
export const admission = (): Step => ({
  id: "admission",
  title: "Leave admission as it is",
  undo: "Remove Serving's webhook configurations",
  needs: ["workloads"],
  plan: async () => [],
  absent: async ({ live }) => {
    const lists = WEBHOOK_CONFIGURATIONS.map((kind) => live.owned("admissionregistration.k8s.io/v1", kind));
    return deletions((await Promise.all(lists)).flat().filter((object) => ownerOf(object) === "core"));
  },
  verify: [],
});

/** What Kubernetes gives a pod to end when nobody says otherwise, in seconds. */
const USUAL_GRACE = 30;
/** The activator and the webhook: told to end, they go on for 45 s, and more where requests are under way. */
const drainsLong = (object: KubeObject): boolean =>
  object.kind === "Deployment" &&
  Number(at(object, "spec", "template", "spec", "terminationGracePeriodSeconds") ?? USUAL_GRACE) > USUAL_GRACE;

/**
 * Part of the goal "absent" only: what takes long to end is told first, as soon as there is nothing left that it serves, and
 * everything else goes meanwhile.
 */
export const draining = (): Step => ({
  id: "draining",
  title: "Let everything run",
  undo: "Let the activator and the webhook drain",
  needs: ["namespaces"],
  plan: async () => [],
  absent: async ({ live }) =>
    deletions(
      (await live.owned("apps/v1", "Deployment")).filter((object) => ownerOf(object) === "core" && drainsLong(object)),
    ),
  verify: [],
});

/** Nothing to apply: the ingress is installed while Serving starts, and what needs its webhook waits here. */
export const webhook = ({ manifests }: Installation): Step => ({
  id: "webhook",
  title: "Wait for Knative Serving",
  undo: "Let go of Knative Serving",
  needs: ["core"],
  plan: async () => [],
  absent: async () => [],
  verify: [deploymentsAvailable("serving.deployments", deployments(manifests.core)), webhookAnswers],
});

export const resources = ({ manifests }: Installation): Step => ({
  id: "resources",
  title: "Add Serving's own certificates",
  undo: "Remove Serving's own certificates",
  needs: ["webhook"],
  plan: async (ctx) => [...(await ctx.prune(manifests.resources)), ...(await ctx.reconcile(manifests.resources))],
  verify: [],
});

export const hpa = ({ manifests, config }: Installation): Step => ({
  id: "hpa",
  title: config.hpa ? "Install the HPA autoscaler" : "Leave out the HPA autoscaler",
  undo: "Remove the HPA autoscaler",
  needs: ["core"],
  plan: async (ctx) => [...(await ctx.prune(manifests.hpa)), ...(await ctx.reconcile(manifests.hpa))],
  verify: config.hpa ? [deploymentsAvailable("serving.hpa", deployments(manifests.hpa))] : [],
});
