import { hasGatewayCertificate } from "../../certificates/index.ts";
import { servedSecret } from "../../certificates/served.ts";
import type { ObjectChange } from "../../changes/index.ts";
import type { Step } from "../../changes/step.ts";
import { type Check, fail, ok } from "../../core/check.ts";
import { ids, ingressProducts, ingressProvider } from "../../ingress/index.ts";
import type { IngressProvider } from "../../ingress/provider.ts";
import { isAlive, podRemedy, podWords } from "../../kube/draining.ts";
import { HOME, ownerOf } from "../../kube/inventory.ts";
import { deletions } from "../../kube/object-change.ts";
import { removeProducts } from "../../kube/product.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { ApiError } from "../../ports/cluster.ts";
import { type KubeObject, keyOf, type ObjectRef, textAt } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf } from "../part.ts";
import { TTL } from "../records/record-sets.ts";
import { createJudge } from "../workloads/foreign.ts";
import { releaseOf } from "./served.ts";

/** The ones that were not chosen. */
const others = ({ ingress }: Installation): readonly IngressProvider[] =>
  ids.map(ingressProvider).filter(({ id }) => id !== ingress.id);

/** Another one that we installed earlier and that is still there. */
const formerIngress = async (ctx: PlanContext, install: Installation): Promise<IngressProvider | undefined> => {
  for (const other of others(install))
    for (const ref of other.deployments) if (ownerOf(await ctx.live.get(ref)) !== undefined) return other;
  return undefined;
};

/** Whatever the steps of an ingress wanted in this run, by its key. */
const keptBy = (install: Installation): ReadonlySet<string> => {
  const { config, ingress } = install;
  const { namespace = HOME, name } = servedSecret(install);
  const want = { secret: { namespace, name }, fingerprint: "", data: {}, http: config.http };
  const { objects } = ingress.serve(hasGatewayCertificate(config) ? want : undefined, releaseOf(install));
  return new Set([...objectsOf(install, "serving"), ...objectsOf(install, "ingress"), ...objects].map(keyOf));
};

const STEPS = ["ingress", "gateway-tls", "crds"];

/** What these steps made in an earlier run and want no more. */
const unneeded = async (ctx: PlanContext, install: Installation): Promise<readonly KubeObject[]> => {
  const kept = keptBy(install);
  const owned = await Promise.all(STEPS.map(ctx.ownedBy));
  return owned.flat().filter((object) => !kept.has(keyOf(object)));
};

/** Two Services cannot have the nodes' ports at once, so with those the old one goes before the new one comes. */
export const formerNodePorts = async (ctx: PlanContext, install: Installation): Promise<readonly ObjectChange[]> =>
  install.config.expose === "nodeport"
    ? deletions(
        (await unneeded(ctx, install)).filter(
          ({ kind, apiVersion, spec }) =>
            kind === "Service" && apiVersion === "v1" && textAt(spec, "type") === "NodePort",
        ),
      )
    : [];

/** Its namespaces, where nothing of somebody else is in them. */
const emptied = async (ctx: PlanContext, install: Installation): Promise<readonly ObjectChange[]> => {
  const kept = keptBy(install);
  const namespaces = (await ctx.ownedBy("namespaces")).filter((object) => !kept.has(keyOf(object)));
  const going = await Promise.all(
    namespaces.map(async (namespace) => {
      const foreign = await foreignIn(ctx, namespace.metadata.name);
      if (foreign === 0) return [namespace];
      ctx.note(
        `Namespace ${namespace.metadata.name} stays: ${foreign === undefined ? "what is in it may not be read" : "something of somebody else is in it"}.`,
      );
      return [];
    }),
  );
  return deletions(going.flat());
};

/** How many objects; undefined: not all may be read. */
const foreignIn = async (ctx: PlanContext, namespace: string): Promise<number | undefined> => {
  try {
    const kinds = await ctx.kindsInNamespaces();
    const found = (
      await Promise.all(kinds.map(({ apiVersion, kind }) => ctx.live.list(apiVersion, kind, namespace)))
    ).flat();
    const judge = createJudge(ctx.live, found, () => true, ingressProducts);
    const goes = await Promise.all(found.map(judge.goes));
    return goes.filter((one) => !one).length;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
};

/**
 * An ingress that was chosen before has answered until the new one was proved. Its webhook configurations go first, because without their
 * process they refuse every new Revision.
 */
export const former = (install: Installation): Step<"former", "proof"> => ({
  id: "former",
  title: "Remove what no ingress needs any more",
  undo: "Let go of what was there before",
  needs: ["proof"],
  plan: async (ctx) => deletions(await unneeded(ctx, install)),
  absent: async () => [],
  verify: [ended(others(install).flatMap(({ deployments }) => deployments))],
});

/** What its processes have made, which they would make again as long as they run, and its namespaces. */
export const cleared = (install: Installation): Step<"cleared", "former"> => ({
  id: "cleared",
  title: "Remove what the former ingress has left",
  undo: "Let go of what it has left",
  needs: ["former"],
  plan: async (ctx) => {
    const wasOurs = install.choiceChanges?.some(({ option }) => option === "ingress") ?? false;
    // What is in namespaces of anybody is more by the time that this runs than the plan could show: an uninstall takes it.
    const products = others(install).flatMap((other) => other.products.filter(({ namespace }) => namespace));
    const namespaces = await emptied(ctx, install);
    const going = namespaces.map(({ object }) => object.metadata.name);
    return [...(await removeProducts(products, ctx.live, wasOurs, going)), ...namespaces];
  },
  absent: async () => [],
  verify: [],
});

/** Whether pods of Deployments that are gone have ended, too. */
const ended = (deployments: readonly ObjectRef[]): Check => ({
  id: "ingress.former-ended",
  title: "The pods of the former ingress have ended",
  run: async ({ cluster, now }) => {
    const names = deployments.map(({ name }) => name);
    const labelled = await cluster.list({
      apiVersion: "v1",
      kind: "Pod",
      labelSelector: `app in (${names.join(",")})`,
    });
    const alive = labelled.filter(isAlive);
    const left = await Promise.all(
      deployments.map(async (ref) => {
        const own = alive.filter(
          ({ metadata }) => metadata.namespace === ref.namespace && metadata.name.startsWith(`${ref.name}-`),
        );
        return own.length > 0 && !(await cluster.get(ref)) ? own : [];
      }),
    );
    const pods = left.flat();
    return pods.length > 0 ? fail(podWords(pods, now()), podRemedy(pods)) : ok("none is left");
  },
});

const CLASS = "networking.knative.dev/ingress-class";
/** What people make that can have a class of its own. */
const CLASSED = [
  ["serving.knative.dev/v1", "Service"],
  ["serving.knative.dev/v1", "Route"],
  ["serving.knative.dev/v1beta1", "DomainMapping"],
] as const;

/** Says in the plan what a change of the ingress means for everybody who asks for a URL; nothing where there is none. */
export const noteSwitch = async (ctx: PlanContext, install: Installation): Promise<void> => {
  // It was said when the plan was shown.
  if (ctx.mode === "final") return;
  const { config, ingress } = install;
  const before = await formerIngress(ctx, install);
  if (!before) return;
  ctx.note(
    config.expose === "nodeport"
      ? `${ingress.title} takes the place of ${before.title}. The nodes' ports change hands at the beginning: no URL answers until the pods of ${ingress.title} run and serve, mostly one to three minutes, by how long their images take.`
      : `${ingress.title} takes the place of ${before.title}, at another address. ${before.title} answers at the old one until ${ingress.title} has been proved, and is removed last. Where records lead to ${ingress.title} before it serves, URLs do not answer for that time, mostly less than a minute; and whoever has looked up the old address gets no answer from then on until its record has expired, ${expiry(install)}.`,
  );
  const lists = await Promise.all(CLASSED.map(([apiVersion, kind]) => ctx.live.list(apiVersion, kind)));
  const own = lists.flat().flatMap(({ kind, metadata: { namespace, name, annotations, ownerReferences = [] } }) => {
    const chosen = annotations?.[CLASS];
    const isMade = ownerReferences.some(({ controller }) => controller === true);
    return chosen === undefined || chosen === ingress.className || isMade
      ? []
      : [`${kind} ${namespace}/${name} (${chosen})`];
  });
  if (own.length > 0)
    ctx.note(
      `These name an ingress class of their own (annotation ${CLASS}) and do not come along; they end to answer with ${before.title}: ${own.join(", ")}.`,
    );
};

const expiry = ({ dns }: Installation): string =>
  dns ? `up to ${TTL} seconds` : "which is as long as whoever wrote the record has said";
