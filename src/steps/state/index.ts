import { isDeepStrictEqual } from "node:util";
import { accountIn } from "../../certificates/acme/account.ts";
import type { AccountChange, ObjectChange } from "../../changes/index.ts";
import type { Config } from "../../config/config.ts";
import { optionName } from "../../config/options.ts";
import { dnsProvider } from "../../dns/index.ts";
import { markerName } from "../../dns/ownership.ts";
import { AUTHORITY_ROOT, CHOSEN, choicesOf } from "../../kube/choices.ts";
import { HOME, isOurs, managerFor, ownerOf, ownerOfData } from "../../kube/inventory.ts";
import { deletions } from "../../kube/object-change.ts";
import { PRIOR, PRIOR_MANAGER, PROVED, readPrior, STATE } from "../../kube/prior.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { STOPPED } from "../../kube/stopped.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { dataOf, type KubeObject, refOf } from "../../ports/object.ts";
import { isInZone } from "../../ports/zones.ts";
import type { Installation } from "../installation.ts";
import { type PartRemoval, part as partOf, step } from "../part.ts";
import { letGo } from "../serving/index.ts";
import { INSISTED } from "./chosen.ts";
import { rights } from "./rights.ts";
import { forgetStopped } from "./stopped.ts";

/** The namespace as it is written, our label included. */
export const homeNamespace: KubeObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: HOME, labels: { "app.kubernetes.io/name": "kn-bootstrap" } },
};

/** Records of an earlier choice that this one does not reach: another provider's, or another zone's. */
const sayWhatStays = (
  ctx: PlanContext,
  { dns: provider, domain }: Readonly<Record<string, unknown>>,
  { config, dns }: Pick<Installation, "config" | "dns">,
): void => {
  const kept = dnsProvider(String(provider));
  if (!kept || kept.byHand || typeof domain !== "string") return;
  if (provider === config.dns && (!dns || isInZone(dns.publication.zone, domain))) return;
  ctx.note(
    `The records of ${domain} at ${kept.title} stay as they are; nobody needs them any more: *.${domain} and ${markerName(domain)}.`,
  );
};

/** An ACME account that the CA still knows. */
const openAccount = (secret: KubeObject): readonly AccountChange[] => {
  const { directory } = accountIn(secret) ?? {};
  return directory ? [{ kind: "account", action: "delete", directory, secret: refOf(secret) }] : [];
};

/** The namespace that outlives an uninstall (rule 11), and what was chosen. Never what proves ownership (rule 4). */
export const state = (install: Installation, removal?: PartRemoval) =>
  step({
    id: "state",
    title: "Prepare namespace kn-bootstrap",
    undo: removal?.purge ? "Remove what namespace kn-bootstrap keeps" : "Keep namespace kn-bootstrap",
    needs: [],
    plan: async (ctx) => {
      sayWhatStays(ctx, choicesOf(await ctx.live.get(STATE)), install);
      const { manifests, acmeCa } = install;
      const changes = await ctx.reconcile([
        homeNamespace,
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { namespace: HOME, name: STATE.name },
          data: {
            ...choicesData(install, await ctx.live.get(STATE)),
            versions: JSON.stringify(manifests.versions, null, 2),
            ...(acmeCa ? { [AUTHORITY_ROOT]: acmeCa } : {}),
          },
        },
      ]);
      return [...changes, ...(await forgetStopped(ctx))].map(withoutText);
    },
    absent: async (ctx, owned) => {
      if (!removal?.purge) return forgetStopped(ctx);
      const accounts = (await ctx.live.owned("v1", "Secret")).flatMap(openAccount);
      const home = owned.filter(({ kind }) => kind === "Namespace");
      if (home.length > 0 || !(await ctx.live.get(refOf(homeNamespace)))) return [...accounts, ...deletions(home)];
      ctx.note(`Namespace ${HOME} stays, without what was put into it: somebody else made it.`);
      return [...accounts, ...deletions(await keptHere(ctx)), ...(await letGo(ctx, removal, (name) => name === HOME))];
    },
    verify: [],
  });

/** What outlives an uninstall; the other steps remove their own. */
const keptHere = async (ctx: PlanContext): Promise<readonly KubeObject[]> => {
  const kinds = ctx.kinds.filter(({ namespaced }) => namespaced);
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => ctx.live.owned(apiVersion, kind)));
  return lists
    .flat()
    .filter((object) => object.metadata.namespace === HOME && ["state", "certificate"].includes(ownerOf(object) ?? ""));
};

/** Choices that are the same keep the text that is there: another order of keys is worth no write. */
const choicesData = ({ choices, insisted = [] }: Installation, live: KubeObject | undefined) => {
  const { [CHOSEN]: text, [INSISTED]: names } = dataOf(live);
  if (text !== undefined && isDeepStrictEqual(choicesOf(live), choices))
    return { [CHOSEN]: text, ...(names === undefined ? {} : { [INSISTED]: names }) };
  return {
    [CHOSEN]: JSON.stringify(choices, null, 2),
    ...(insisted.length > 0 ? { [INSISTED]: JSON.stringify(insisted.map((key) => optionName({ key }))) } : {}),
  };
};

/** Leaves texts that are JSON out of the difference: choices are shown as sentences (Plan.choices), and nobody reads JSON within JSON. */
const withoutText = (change: ObjectChange): ObjectChange => {
  if (change.object.kind !== STATE.kind) return change;
  const isText = (path: string): boolean => [CHOSEN, INSISTED, STOPPED].some((key) => path === `.data.${key}`);
  return {
    ...change,
    fields: change.fields.map((field) => (isText(field.path) ? { path: field.path } : field)),
    conflicts: change.conflicts.map(({ path, owner, ...values }) => ({ path, owner, ...(isText(path) ? {} : values) })),
  };
};

/** The kept root of a private ACME CA. Undefined as well where it belongs to another CA than the one that is asked now. */
export const keptAuthorityRoot = async (
  cluster: Pick<ClusterRead, "get">,
  { acmeDirectory }: Pick<Config, "acmeDirectory">,
): Promise<string | undefined> => {
  const state = await cluster.get(STATE);
  return choicesOf(state)["acme-directory"] === acmeDirectory ? dataOf(state)[AUTHORITY_ROOT] : undefined;
};

/** Writes down that the proof succeeded, so that a run that was cut off before it gives it again. */
export const provedState = (fingerprint: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: HOME, name: STATE.name },
  data: { [PROVED]: fingerprint },
});
export const PROOF_MANAGER = managerFor("proof");

/**
 * Nothing to install; with the goal "absent" it puts back what stood in other people's ConfigMaps before us, and forgets it.
 * A value that somebody has changed since stays.
 */
const givenBack = () =>
  step({
    id: "given-back",
    title: "Leave the configuration of others",
    undo: "Give back the configuration of others",
    needs: ["state"],
    plan: async () => [],
    absent: async (ctx) => {
      const prior = readPrior(await ctx.live.get(STATE));
      const changes = await Promise.all(Object.entries(prior).map(([id, values]) => giveBack(ctx, id, values)));
      const forget = await ctx.reconcile(
        [{ apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: HOME, name: STATE.name } }],
        // Last: what is forgotten before it is given back is lost when the run ends in between.
        { manager: PRIOR_MANAGER, partial: true, afterVerify: true },
      );
      return [...changes.flat(), ...(PRIOR in dataOf(await ctx.live.get(STATE)) ? forget : [])];
    },
    verify: [],
  });

const giveBack = async (ctx: PlanContext, id: string, values: Readonly<Record<string, string | null>>) => {
  const [namespace = "", name = ""] = id.split("/");
  const live = await ctx.live.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
  if (!live) return [];
  const ours = Object.entries(values).filter(([key]) => isOurs(ownerOfData(live, key)) || !(key in dataOf(live)));
  const data = Object.fromEntries(ours.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  const dropData = ours.flatMap(([key, value]) => (value === null && key in dataOf(live) ? [key] : []));
  return ctx.reconcile([{ apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data }], {
    manager: PRIOR_MANAGER,
    partial: true,
    dropData,
  });
};

export const part = partOf({
  id: "state",
  rights,
  steps: (install, removal) => [state(install, removal)],
  removal: () => [givenBack()],
});
