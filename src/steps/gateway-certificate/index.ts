import { unfinishedIn } from "../../certificates/acme/journal.ts";
import {
  controllers,
  directoryOf,
  hasGatewayCertificate,
  hasTls,
  isBrought,
  provesByDns,
  strategyOf,
} from "../../certificates/index.ts";
import { inspect, reasonToIssue } from "../../certificates/secret.ts";
import { servedSecret, WILDCARD } from "../../certificates/served.ts";
import type { CertificateChange } from "../../changes/index.ts";
import type { Step } from "../../changes/step.ts";
import { certificateUsable, gatewayCertificateCurrent, gatewayCertificateUsable } from "../../checks/certificate.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import { hostsCovered } from "../../checks/hosts/covered.ts";
import { caLimits } from "../../checks/limits.ts";
import { certificateProvided } from "../../checks/provided.ts";
import { certificateRenewed } from "../../checks/renewed-certificate.ts";
import { keyReaders } from "../../checks/secret-readers.ts";
import { certificateReal } from "../../checks/served-certificate.ts";
import { certificateServed } from "../../checks/served-now.ts";
import { ownNaming } from "../../config/naming.ts";
import { blank, hasBlank } from "../../core/blank.ts";
import { errorOf, isBad } from "../../core/finding-error.ts";
import type { Want } from "../../ingress/provider.ts";
import { HOME, managerFor } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { emptySnapshot } from "../../kube/snapshot.ts";
import { dataOf, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import { plannedNaming } from "../domain/index.ts";
import { heldBy } from "../held.ts";
import { releaseOf } from "../ingress/served.ts";
import type { Installation } from "../installation.ts";
import { part as partOf } from "../part.ts";
import { namedLeftovers } from "../records/withdrawal.ts";
import { plannedChallenges } from "./challenges.ts";
import { next } from "./next.ts";
import { options } from "./options.ts";
import { rights } from "./rights.ts";
import { keepBefore } from "./served-before.ts";
import { status } from "./status.ts";

/** Their fields told a controller to get certificates. Applied without them, they tell it so no more. */
const CONTROLLERS_ORDERS = controllers.flatMap(({ configures }) => configures);

const CONFIG_NETWORK = { namespace: "knative-serving", name: "config-network" };

type Reason = Pick<CertificateChange, "reason" | "resumes">;

/** Why the certificate must be made; undefined: it need not. A missing root counts, because without its key no renewal can be signed. */
const reasonFor = async (
  ctx: PlanContext,
  { config, renewal }: Installation,
  names: readonly string[],
): Promise<Reason | undefined> => {
  const live = await ctx.live.get(WILDCARD);
  if (hasBlank(names)) return { reason: live ? "the address may have changed" : "missing" };
  const found = inspect(live);
  const judged = renewal?.serial === found?.serial ? renewal : undefined;
  const reason = judged?.reason ?? reasonToIssue(found, names, ctx.now(), judged && false);
  if (reason) return { reason };
  if (found?.origin !== (directoryOf(config) ?? config.tls))
    return { reason: "the one that is there is from another CA" };
  if (provesByDns(config)) {
    // An unfinished order may have left records behind, or a certificate that only has to be fetched.
    const unfinished = unfinishedIn(await ctx.live.list("v1", "Secret", HOME), WILDCARD);
    return unfinished.length > 0 ? { reason: "an unfinished order", resumes: true } : undefined;
  }
  const root = strategyOf(config.tls).root?.secret;
  if (!root || (await ctx.live.get(root))) return undefined;
  return { reason: `its root, Secret ${root.namespace}/${root.name}, is gone` };
};

/** `alone`: the records step is no part of the run. */
export const certificate = (
  install: Installation,
  { alone = false }: { readonly alone?: boolean } = {},
): Step<"certificate", "state" | "address" | "records"> => {
  const { config } = install;
  return {
    id: "certificate",
    title: isBrought(config) ? "Look at your certificate" : `Get a certificate from ${strategyOf(config.tls).title}`,
    undo: "Keep the certificate for the next install",
    needs: certificateNeeds(install),
    plan: async (ctx) => {
      const { wildcards: names } = await plannedNaming(ctx, install);
      if (isBrought(config)) {
        // The plan for a cluster in which nothing is (render, the rights for all of it) has none to look at.
        if (ctx.live === emptySnapshot) return [];
        const secret = servedSecret(install);
        const { judgeProvided } = await import("../../certificates/provided.ts");
        const finding = judgeProvided(secret, await ctx.live.get(secret), hasBlank(names) ? [] : names, ctx.now());
        if (isBad(finding)) throw errorOf(certificateProvided, finding, { kind: "input" });
        if (finding.status === "warn") ctx.note(finding.summary);
        return [];
      }
      const reason = await reasonFor(ctx, install, names);
      if (!reason) return [];
      const isOrdered = provesByDns(config);
      const made: CertificateChange = {
        kind: "certificate",
        action: (await ctx.live.get(WILDCARD)) ? "update" : "create",
        names,
        secret: WILDCARD,
        ...reason,
        issuer: strategyOf(config.tls).title,
        ...(isOrdered ? { isOrdered, remarks: await remarksFor(ctx, install, names) } : {}),
      };
      if (!isOrdered || !install.dns) return [made];
      const orders = unfinishedIn(await ctx.live.list("v1", "Secret", HOME), WILDCARD);
      const left = orders.flatMap(({ copies }) => copies);
      return [...(await plannedChallenges(names, install.dns.publication, { alone, left })), made];
    },
    absent: async (ctx) => (install.dns || ctx.live === emptySnapshot ? [] : namedLeftovers(ctx)),
    verify: [certificateUsable(servedSecret(install), strategyOf(config.tls).elsewhere?.again)],
  };
};

/** What it costs of the CA's limits, and why its challenges are not in the usual place. */
const remarksFor = async (
  ctx: PlanContext,
  { config, dns }: Installation,
  names: readonly string[],
): Promise<readonly string[]> => {
  const { costOf, LEDGER, parseLedger } = await import("../../certificates/acme/ledger.ts");
  const cost = costOf(parseLedger(await ctx.live.get(LEDGER)), directoryOf(config) ?? "", names, ctx.now());
  const places = dns ? await Promise.all(names.map(dns.publication.places.challenge)) : [];
  return [...(cost ? [cost.text] : []), ...new Set(places.flatMap(({ note }) => note ?? []))];
};

/**
 * With a domain of one's own the CA can be asked while everything else is installed. Not where the challenge's record would end what a
 * wildcard above answers (rule 17): then our own wildcards come first.
 */
const certificateNeeds = ({ config, dns }: Installation): readonly ("state" | "address" | "records")[] => {
  const naming = ownNaming(config);
  if (!naming) return ["state", "address"];
  return dns && provesByDns(config) && (!naming.isFlat || dns.publication.above.length > 0)
    ? ["state", "records"]
    : ["state"];
};

/** The URLs' scheme, and what the ingress reads of Knative. With a gateway certificate Knative itself does not know that there is TLS. */
const networkOf = ({ manifests }: Installation, network: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: CONFIG_NETWORK,
  data: Object.fromEntries(
    Object.entries({ "default-external-scheme": "https", ...network }).map(([name, value]) => [
      manifests.key(name),
      value,
    ]),
  ),
});

const UNKNOWN = blank("the certificate");
const COPIED = ["tls.crt", "tls.key"];

/** What the gateway is to serve; `secret` is absent where it is still to be made. */
const wanted = ({ config }: Installation, place: ObjectRef, secret: KubeObject | undefined): Want => {
  const found = secret && inspect(secret);
  const data = found && dataOf(secret);
  return {
    secret: { namespace: place.namespace ?? HOME, name: place.name },
    fingerprint: found?.fingerprint ?? blank("the fingerprint of the certificate"),
    data: Object.fromEntries(COPIED.map((key) => [key, data?.[key] ?? UNKNOWN])),
    http: config.http,
  };
};

export const gatewayTls = (install: Installation): Step<"gateway-tls", "certificate" | "ingress" | "webhook"> => {
  const { ingress } = install;
  const manager = managerFor("gateway-tls");
  return {
    id: "gateway-tls",
    title: `Serve the certificate at ${ingress.title}`,
    undo: "Let go of the certificate",
    // Secret first, configuration second (rule 14); config-network goes through Knative's webhook.
    needs: ["certificate", "ingress", "webhook"],
    plan: async (ctx) => {
      const secret = servedSecret(install);
      const live = await ctx.live.get(secret);
      const { wildcards: names } = await plannedNaming(ctx, install);
      // When this is planned again just before it runs, the certificate's step is done: what is in the Secret is what is served.
      const isFine =
        ctx.mode === "final" || isBrought(install.config) || (await reasonFor(ctx, install, names)) === undefined;
      const { objects, fields, network } = ingress.serve(
        wanted(install, secret, isFine ? live : undefined),
        releaseOf(install),
      );
      const parts = [networkOf(install, network), ...fields, ...(await heldBy(ctx, manager, CONTROLLERS_ORDERS))];
      const served = await ctx.reconcile(objects);
      const kept = await keepBefore(ctx, served, ingress.serve(undefined, releaseOf(install)).objects);
      return [...kept, ...served, ...(await ctx.reconcile(parts, { manager, partial: true }))];
    },
    verify: [deploymentsAvailable("ingress.rolled", ingress.deployments)],
  };
};

/** With `--tls none`: takes back what an earlier run with TLS set, so that URLs are http again. */
const noTls = (install: Installation): Step<"gateway-tls", "ingress" | "webhook"> => ({
  id: "gateway-tls",
  title: "Serve plain http",
  undo: "Let go of plain http",
  needs: ["ingress", "webhook"],
  plan: async (ctx) => {
    const manager = managerFor("gateway-tls");
    const { objects, fields } = install.ingress.serve(undefined, releaseOf(install));
    const network: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: CONFIG_NETWORK };
    const held = await heldBy(ctx, manager, [...CONTROLLERS_ORDERS, network, ...fields]);
    const served = await ctx.reconcile(objects);
    return [...(await keepBefore(ctx, served)), ...served, ...(await ctx.reconcile(held, { manager, partial: true }))];
  },
  verify: [deploymentsAvailable("ingress.rolled", install.ingress.deployments)],
});

export const part = partOf({
  id: "gateway-certificate",
  options,
  next,
  status,
  rights,
  checks: [
    gatewayCertificateUsable,
    certificateProvided,
    caLimits,
    gatewayCertificateCurrent,
    keyReaders,
    hostsCovered,
    certificateReal,
    certificateServed,
    certificateRenewed,
  ],
  kinds: [{ apiVersion: "v1", kind: "Secret", namespaced: true }],
  steps: (install) => {
    if (!hasTls(install.config)) return [noTls(install)];
    if (!hasGatewayCertificate(install.config)) return [];
    return [
      certificate(install), // for every URL that Knative will print
      gatewayTls(install), //  served, https in every URL, http redirected
    ];
  },
});
