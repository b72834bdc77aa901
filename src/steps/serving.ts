import { crdsEstablished } from "../checks/crds.ts";
import { deploymentsAvailable } from "../checks/deployments.ts";
import { webhookAnswers } from "../checks/webhook.ts";
import type { Step } from "../core/step.ts";
import { type KubeObject, refOf } from "../ports/object.ts";
import type { Installation } from "./installation.ts";

const deployments = (objects: readonly KubeObject[]) => objects.filter(({ kind }) => kind === "Deployment").map(refOf);

/** Made before everything and removed after everything, CRDs included. */
export const namespaces = ({ manifests }: Installation): Step => ({
  id: "namespaces",
  title: "Create the namespaces",
  undo: "Remove the namespaces",
  needs: ["state"],
  plan: (ctx) => ctx.reconcile(manifests.namespaces),
  verify: [],
});

export const crds = ({ manifests }: Installation): Step => ({
  id: "crds",
  title: "Install the Knative Serving CRDs",
  undo: "Remove the Knative Serving CRDs",
  needs: ["namespaces"],
  plan: async (ctx) => [...(await ctx.prune(manifests.crds)), ...(await ctx.reconcile(manifests.crds))],
  verify: [crdsEstablished(manifests.crds.map(({ metadata }) => metadata.name))],
});

export const core = ({ manifests }: Installation): Step => ({
  id: "core",
  title: `Install Knative Serving ${manifests.versions.serving}`,
  undo: "Remove Knative Serving",
  needs: ["crds"],
  plan: async (ctx) => [...(await ctx.prune(manifests.core)), ...(await ctx.reconcile(manifests.core))],
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
