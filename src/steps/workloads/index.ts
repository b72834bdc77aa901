import { controllers } from "../../certificates/index.ts";
import { gitlabAgent } from "../../checks/gitlab/agent.ts";
import { hostsFit } from "../../checks/hosts/fit.ts";
import { podsLetIn } from "../../checks/let-in/index.ts";
import { domainMappingsClaimed } from "../../checks/names.ts";
import { servicesReady } from "../../checks/services.ts";
import { type Check, fail, ok } from "../../core/check.ts";
import { HOME, ownerOf } from "../../kube/inventory.ts";
import { deletions } from "../../kube/object-change.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import type { Snapshot } from "../../kube/snapshot.ts";
import { UserError } from "../../ports/error.ts";
import { describe, groupOf, type KubeObject } from "../../ports/object.ts";
import { inNamespace, joined, type ShellCommand, sh } from "../../ports/shell.ts";
import { type PartRemoval, part as partOf, step } from "../part.ts";
import { createJudge, isPart, uidOf } from "./foreign.ts";

/** `group/Kind` */
const kindOf = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string =>
  `${groupOf(apiVersion)}/${kind}`;

const DOMAIN_MAPPING = "serving.knative.dev/DomainMapping";
/** In the way whoever made their definitions: they need the gateway, too. */
const WORKLOADS = [
  "serving.knative.dev/Service",
  "serving.knative.dev/Route",
  "serving.knative.dev/Configuration",
  DOMAIN_MAPPING,
];
const DOMAIN_CLAIM = "networking.internal.knative.dev/ClusterDomainClaim";

/** What goes with an uninstall whole: kinds, wherever their objects are, and namespaces. */
const whatGoes = async ({ live }: PlanContext, removal: PartRemoval) => {
  const [definitions, namespaces, needed] = await Promise.all([
    live.owned("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    live.owned("v1", "Namespace"),
    neededByOthers(live),
  ]);
  const stays = (namespace: KubeObject): boolean =>
    (namespace.metadata.name === HOME && !removal.purge) || needed.includes(ownerOf(namespace));
  const kinds = definitions.filter((definition) => ownerOf(definition) === "crds").map(instancesOf);
  return {
    kinds: new Set([...WORKLOADS, ...kinds]),
    namespaces: namespaces.filter((namespace) => !stays(namespace)).map(({ metadata }) => metadata.name),
  };
};

/** Steps of controllers that stay, as other people use them. */
const neededByOthers = async (live: Snapshot): Promise<readonly (string | undefined)[]> => {
  const found = await Promise.all(controllers.map(async ({ step, inUse }) => ({ step, users: await inUse(live) })));
  return found.flatMap(({ step, users }) => (users.length > 0 ? [step] : []));
};

const instancesOf = ({ spec }: KubeObject): string => {
  const { group, names } = spec as { group: string; names: { kind: string } };
  return `${group}/${names.kind}`;
};

interface InTheWay {
  /** For people: all that somebody made. */
  readonly all: readonly KubeObject[];
  /** Those that the others belong to and go with. */
  readonly roots: readonly KubeObject[];
}

/** What people made of Knative's kinds, wherever it is, and whatever they put into the namespaces that would be deleted. */
const findInTheWay = async (ctx: PlanContext, removal: PartRemoval): Promise<InTheWay> => {
  const { kinds, namespaces } = await whatGoes(ctx, removal);
  const isKnatives = (object: { readonly apiVersion: string; readonly kind: string }): boolean =>
    kinds.has(kindOf(object));
  const lists = await Promise.all([
    ...ctx.kinds.filter(isKnatives).map(({ apiVersion, kind }) => ctx.live.list(apiVersion, kind)),
    ...namespaces.flatMap((namespace) =>
      ctx.kinds
        .filter((kind) => kind.namespaced && !isKnatives(kind))
        .map(({ apiVersion, kind }) => ctx.live.list(apiVersion, kind, namespace)),
    ),
  ]);
  const found = [...new Map(lists.flat().map((object) => [uidOf(object), object])).values()];
  // Only in a namespace that goes is it asked, and no platform hands out Knative Services.
  const mayBePlatforms = (object: KubeObject): boolean =>
    namespaces.includes(object.metadata.namespace ?? "") && !isKnatives(object);
  const judge = createJudge(ctx.live, found, mayBePlatforms, removal.products);
  const foreign = await filtered(found, async (object) => !(await judge.goes(object)));
  const domains = new Set(
    foreign.filter((object) => kindOf(object) === DOMAIN_MAPPING).map(({ metadata }) => metadata.name),
  );
  const uids = new Set(foreign.map(uidOf));
  const knatives = new Set(foreign.filter(isKnatives).map(uidOf));
  const all = await filtered(foreign, async (object) => {
    // Knative, or Kubernetes, made it of something else that is here.
    if (kindOf(object) === DOMAIN_CLAIM && domains.has(object.metadata.name)) return false;
    if (await judge.isBelow(object, knatives)) return false;
    return !(isPart(object) && (await judge.isBelow(object, uids)));
  });
  const shown = new Set(all.map(uidOf));
  return { all, roots: await filtered(all, async (object) => !(await judge.isBelow(object, shown))) };
};

const filtered = async <T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<readonly T[]> => {
  const answers = await Promise.all(items.map(keep));
  return items.filter((_item, index) => answers[index]);
};

/** Part of the goal "absent" only: it comes first, while the controllers that run finalizers still live (rule 12). */
const workloads = (removal: PartRemoval) =>
  step({
    id: "workloads",
    title: "Leave room for workloads",
    undo: "Remove workloads",
    needs: ["proof", "draining"],
    plan: async () => [],
    absent: async (ctx) => {
      const { all, roots } = await findInTheWay(ctx, removal);
      if (all.length > 0 && !removal.deleteWorkloads) throw refused(all, roots);
      return deletions(roots);
    },
    verify: [],
    verifyAbsent: [noIngresses],
  });

/** Of objects, and of objects that commands name. */
const SHOWN = 20;

const refused = (all: readonly KubeObject[], roots: readonly KubeObject[]): UserError => {
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "";
  return new UserError({
    id: "uninstall.workloads",
    what: `This cluster still runs what kn-bootstrap did not make: ${all.slice(0, SHOWN).map(describe).join(", ")}${more}.`,
    why: "Removing Knative would delete it. Nothing was changed.",
    remedy: {
      text: `Delete what nobody needs, and run uninstall again${roots.length > SHOWN ? `; the commands for the first ${SHOWN} are below` : ""}. With --delete-workloads uninstall would delete all of it itself: ${counted(all)}.`,
      command: joined("\n", deleteCommands(roots.slice(0, SHOWN))),
    },
    kind: "input",
  });
};

/** `2 Knative Services, 1 ConfigMap` */
const counted = (objects: readonly KubeObject[]): string => {
  const names = objects.map(({ apiVersion, kind }) =>
    groupOf(apiVersion).endsWith("knative.dev") ? `Knative ${kind}` : kind,
  );
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, { length }]) => `${length} ${length === 1 ? name : `${name}s`}`)
    .join(", ");
};

/** One for each kind and namespace. */
const deleteCommands = (objects: readonly KubeObject[]): readonly ShellCommand[] => {
  const place = ({ apiVersion, kind, metadata }: KubeObject): string => {
    const group = groupOf(apiVersion);
    const resource = `${kind.toLowerCase()}${group ? `.${group}` : ""}`;
    return `${resource} ${metadata.namespace ?? ""}`;
  };
  return [...Map.groupBy(objects, place)].map(([key, alike]) => {
    const [resource = "", namespace] = key.split(" ");
    const names = alike.map(({ metadata }) => metadata.name);
    // What looks like an option is none behind this.
    const end = names.some((name) => name.startsWith("-")) ? ["--"] : [];
    return sh`kubectl delete ${resource} ${inNamespace(namespace)} ${[...end, ...names]}`;
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
          command: sh`kubectl get kingress -A`,
        })
      : ok("no workloads");
  },
};

export const part = partOf({
  id: "workloads",
  removal: (removal) => [workloads(removal)],
  checks: [hostsFit, podsLetIn, servicesReady, domainMappingsClaimed, gitlabAgent],
});
