import type { Change } from "../../changes/index.ts";
import { activatorConnected } from "../../checks/activator.ts";
import { admissionReached } from "../../checks/admission-path.ts";
import { capacity } from "../../checks/capacity.ts";
import { clusterChecks } from "../../checks/cluster/index.ts";
import { versionsFit } from "../../checks/cluster/versions.ts";
import { configurationChecks } from "../../checks/configuration/index.ts";
import { crdsEstablished, knativeCrdsEstablished } from "../../checks/crds.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import { installFinished } from "../../checks/finished.ts";
import { observabilityChecks } from "../../checks/observability.ts";
import { knativeOwnerFound, serverVersionFound } from "../../checks/preflight.ts";
import { knativeInstalled, servingDeployments } from "../../checks/serving.ts";
import { runNotStopped, writesAdmitted } from "../../checks/stopped.ts";
import { upkeepChecks } from "../../checks/upkeep/index.ts";
import { webhookAnswers } from "../../checks/webhook.ts";
import { webhookCertificateTrusted } from "../../checks/webhook-certificate.ts";
import { nothingMissing } from "../../checks/whole/index.ts";
import { workloadsDrained } from "../../checks/workload-pods.ts";
import { ingressProducts } from "../../ingress/index.ts";
import { HOME, MANAGER, ownerOf } from "../../kube/inventory.ts";
import { deletions } from "../../kube/object-change.ts";
import { STATE } from "../../kube/prior.ts";
import { type Product, removeProducts } from "../../kube/product.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { at, groupOf, type KubeObject } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { deploymentsIn, isFoundation, objectsOf, type PartRemoval, part as partOf, step } from "../part.ts";
import { options } from "./options.ts";
import { products } from "./products.ts";
import { sayWhatRolls } from "./rolled.ts";
import { status } from "./status.ts";
import { configuration, keepLastLines, tidy, transforming } from "./transforms.ts";

/** Custom resources that the release's own webhook must admit come in a step of their own. */
const GUARDED: ReadonlySet<string> = new Set(["networking.internal.knative.dev", "serving.knative.dev"]);
const isGuarded = (object: KubeObject): boolean => GUARDED.has(groupOf(object.apiVersion));

/** The namespaces and kinds of Serving and of its network layer are one step each. */
const foundation = (install: Installation, kind: string): readonly KubeObject[] =>
  [...objectsOf(install, "serving"), ...objectsOf(install, "ingress")].filter((object) => object.kind === kind);
const crdsOf = (install: Installation) => foundation(install, "CustomResourceDefinition");
const coreOf = (install: Installation) =>
  objectsOf(install, "serving").filter((object) => !isFoundation(object) && !isGuarded(object));
const resourcesOf = (install: Installation) => objectsOf(install, "serving").filter(isGuarded);

/** Products of the processes in Knative's namespace and of its network layer, which goes before it. Other parts remove their own. */
const ofKnative = (removal: PartRemoval | undefined): readonly Product[] =>
  (removal?.products ?? []).filter(
    (product) => product.maker.namespace === "knative-serving" || ingressProducts.includes(product),
  );

/** Made before everything and removed after everything, CRDs included. */
const namespaces = (install: Installation, removal?: PartRemoval) =>
  step({
    id: "namespaces",
    title: "Create the namespaces",
    undo: "Remove the namespaces",
    needs: ["state"],
    plan: (ctx) => ctx.reconcile(foundation(install, "Namespace")),
    absent: async (ctx, owned) => {
      // Planned again when its turn comes, their processes are gone: that they were ours was seen before.
      const wasOurs = ctx.mode === "final" || (await ctx.live.get(STATE)) !== undefined;
      return [
        ...(await removeProducts(ofKnative(removal), ctx.live, wasOurs)),
        ...deletions(owned),
        ...(await letGo(ctx, removal, (name) => name !== HOME)),
      ];
    },
    verify: [],
    verifyAbsent: [workloadsDrained],
  });

/** Takes our fields off the namespaces of others, whose labels say what runs there; not where a Knative of others runs, taken over or not. */
export const letGo = async (
  ctx: PlanContext,
  removal: PartRemoval | undefined,
  isMeant: (name: string) => boolean,
): Promise<readonly Change[]> => {
  const makers = ofKnative(removal).map(({ maker }) => maker);
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

/** Istio brings kinds of its own. */
const crdsTitle = (install: Installation): string =>
  objectsOf(install, "ingress").some(({ kind }) => kind === "CustomResourceDefinition")
    ? `Install the CRDs of Knative Serving and ${install.ingress.title}`
    : "Install the Knative Serving CRDs";

const crds = (install: Installation) =>
  step({
    id: "crds",
    title: crdsTitle(install),
    undo: "Remove the CRDs",
    needs: ["namespaces"],
    plan: (ctx) => ctx.reconcile(crdsOf(install)),
    verify: [crdsEstablished(crdsOf(install).map(({ metadata }) => metadata.name))],
  });

const core = (install: Installation) =>
  step({
    id: "core",
    title: `Install Knative Serving ${install.manifests.versions.serving}`,
    undo: "Remove Knative Serving",
    needs: ["crds"],
    plan: async (ctx) => {
      for (const remark of install.remarks ?? []) ctx.note(remark);
      const changes = await ctx.reconcile(coreOf(install));
      await sayWhatRolls(ctx, changes);
      return [...(await ctx.prune(coreOf(install))), ...changes];
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
const admission = () =>
  step({
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
const draining = () =>
  step({
    id: "draining",
    title: "Let everything run",
    undo: "Let the activator and the webhook drain",
    needs: ["namespaces"],
    plan: async () => [],
    absent: async ({ live }) =>
      deletions(
        (await live.owned("apps/v1", "Deployment")).filter(
          (object) => ownerOf(object) === "core" && drainsLong(object),
        ),
      ),
    verify: [],
  });

/** Nothing to apply: the ingress is installed while Serving starts, and what needs its webhook waits here. */
const webhook = (install: Installation) =>
  step({
    id: "webhook",
    title: "Wait for Knative Serving",
    undo: "Let go of Knative Serving",
    needs: ["core"],
    plan: async () => [],
    absent: async () => [],
    verify: [deploymentsAvailable("serving.deployments", deploymentsIn(coreOf(install))), webhookAnswers],
  });

const resources = (install: Installation) =>
  step({
    id: "resources",
    title: "Add Serving's own certificates",
    undo: "Remove Serving's own certificates",
    needs: ["webhook"],
    plan: async (ctx) => [...(await ctx.prune(resourcesOf(install))), ...(await ctx.reconcile(resourcesOf(install)))],
    verify: [],
  });

export const part = partOf({
  id: "serving",
  options,
  status,
  assets: () => ["serving-crds.yaml", "serving-core.yaml"].map((asset) => ({ component: "serving", asset })),
  transform: ({ config, ingress, release }) =>
    transforming(tidy, keepLastLines, configuration(config, ingress.className, release.key)),
  products,
  steps: (install, removal) => [
    namespaces(install, removal), // of Serving and of its network layer
    crds(install), //       Knative's kinds, waited for by name
    core(install), //       Knative Serving, its configuration already in
    webhook(install), //    … runs, and its webhook really answers
    resources(install), //  objects that only this webhook lets in
  ],
  removal: () => [draining(), admission()],
  checks: [
    serverVersionFound,
    ...clusterChecks,
    capacity,
    knativeOwnerFound,
    writesAdmitted,
    knativeInstalled,
    runNotStopped,
    installFinished,
    nothingMissing,
    knativeCrdsEstablished,
    servingDeployments,
    versionsFit,
    webhookCertificateTrusted,
    webhookAnswers,
    activatorConnected,
    admissionReached,
    ...upkeepChecks,
    ...configurationChecks,
    ...observabilityChecks,
  ],
});
