import { certManagerAnswers, issuerReady } from "../../certificates/cert-manager/checks.ts";
import { askCertManager } from "../../certificates/cert-manager/configuration.ts";
import { KNATIVE_CONTROLLER } from "../../certificates/cert-manager/configured.ts";
import { findCertManager, knativeProblem } from "../../certificates/cert-manager/found.ts";
import { inUse } from "../../certificates/cert-manager/in-use.ts";
import { ACCOUNT, issuerObjects } from "../../certificates/cert-manager/issuer.ts";
import { CERT_MANAGER, NAMESPACE } from "../../certificates/cert-manager/names.ts";
import { accountKey, certManagerProducts } from "../../certificates/cert-manager/products.ts";
import { certManager as strategy } from "../../certificates/cert-manager/strategy.ts";
import type { Step } from "../../changes/step.ts";
import { certManagerChecks, certManagerKinds, certManagerRuns } from "../../checks/cert-manager/index.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import { errorOf } from "../../core/finding-error.ts";
import { choicesOf } from "../../kube/choices.ts";
import { managerFor } from "../../kube/inventory.ts";
import { deletions } from "../../kube/object-change.ts";
import { STATE } from "../../kube/prior.ts";
import { removeProducts } from "../../kube/product.ts";
import type { Snapshot } from "../../kube/snapshot.ts";
import { UserError } from "../../ports/error.ts";
import type { KubeObject } from "../../ports/object.ts";
import { heldBy } from "../held.ts";
import { releaseOf } from "../ingress/served.ts";
import type { Installation, Removal } from "../installation.ts";
import { objectsOf, part as partOf } from "../part.ts";

const usesCertManager = ({ config }: Pick<Installation, "config">): boolean => config.tls === strategy.id;

/** Installs cert-manager, or uses the one that somebody else installed without changing it. */
export const certManager = (install: Installation): Step<typeof CERT_MANAGER, "state"> => {
  const objects = objectsOf(install, CERT_MANAGER);
  return {
    id: CERT_MANAGER,
    title: `Install cert-manager ${install.manifests.versions[CERT_MANAGER]}`,
    undo: "Remove cert-manager",
    needs: ["state"],
    plan: async (ctx) => {
      const found = await findCertManager(ctx.live);
      if (!found || found.isOurs) return [...(await ctx.prune(objects)), ...(await ctx.reconcile(objects))];
      ctx.note(
        `cert-manager ${found.version ?? ""} in namespace ${found.namespace} is used as it is: somebody else made it.`,
      );
      return [];
    },
    absent: async (ctx, owned) => {
      const others = await inUse(ctx.live);
      if (others.length === 0) {
        const wasOurs = owned.length > 0 || choicesOf(await ctx.live.get(STATE)).tls === strategy.id;
        return [...deletions(owned), ...(await removeProducts(certManagerProducts, ctx.live, wasOurs))];
      }
      ctx.note(`cert-manager stays: ${others.join(", ")} would go with it.`);
      return [];
    },
    verify: [certManagerKinds, certManagerRuns, certManagerAnswers],
  };
};

/** The CA's account and the way to prove that the domain is ours. */
export const clusterIssuer = ({ issuer }: Installation, removal?: Removal): Step<"issuer", typeof CERT_MANAGER> => ({
  id: "issuer",
  title: "Make an issuer for cert-manager",
  undo: "Remove the issuer",
  // The API server asks cert-manager's webhook about every issuer.
  needs: ["cert-manager"],
  plan: async (ctx) => {
    if (!issuer) return [];
    const found = await findCertManager(ctx.live);
    const objects = issuerObjects(issuer, found?.resourceNamespace ?? NAMESPACE);
    const changes = [...(await ctx.prune(objects)), ...(await ctx.reconcile(objects))];
    const { note, isAmbient } = issuer.dns;
    if (changes.length > 0 && note) ctx.note(note);
    if (found && !found.ambient && isAmbient)
      ctx.note(
        "This cert-manager was started with --cluster-issuer-ambient-credentials=false: give it an access key instead.",
      );
    return changes;
  },
  absent: async ({ live }, owned) => [
    ...deletions(owned),
    ...(removal?.purge ? deletions(await accountKeys(live, owned)) : []),
  ],
  verify: [issuerReady],
});

/** Finds the account's key: in the namespace of the issuer's Secrets, or where cert-manager looks for those of all issuers. */
const accountKeys = async (live: Snapshot, owned: readonly KubeObject[]): Promise<readonly KubeObject[]> => {
  const found = await findCertManager(live).catch((error: unknown) => {
    // Leftovers of a cert-manager that somebody removed do not stop an uninstall.
    if (error instanceof UserError) return undefined;
    throw error;
  });
  const namespaces = new Set([found?.resourceNamespace, ...owned.map(({ metadata }) => metadata.namespace)]);
  const keys = [...namespaces].flatMap((namespace) =>
    namespace ? [live.get({ apiVersion: "v1", kind: "Secret", namespace, name: ACCOUNT })] : [],
  );
  return (await Promise.all(keys)).filter((key) => key !== undefined);
};

/**
 * Gives each Route a certificate of its own instead of one for the gateway. It has the id of the gateway's step, so that each of them takes back
 * what the other set.
 */
export const routeTls = (install: Installation): Step<"gateway-tls", "issuer" | "ingress" | "webhook"> => {
  const { manifests, ingress, config } = install;
  const manager = managerFor("gateway-tls");
  return {
    id: "gateway-tls",
    title: "Let Knative ask cert-manager for a certificate for each Route",
    undo: "Let go of cert-manager",
    needs: ["issuer", "ingress", "webhook"],
    plan: async (ctx) => {
      const asking = askCertManager({ key: manifests.key, http: config.http });
      const { objects, fields } = ingress.serve(undefined, releaseOf(install));
      const parts = [...asking, ...(await heldBy(ctx, manager, fields))];
      const changes = [...(await ctx.reconcile(objects)), ...(await ctx.reconcile(parts, { manager, partial: true }))];
      if (changes.length > 0)
        ctx.note(
          "While cert-manager proves a name to the CA, its TXT record hides that name from a wildcard record above (RFC 4592): at each renewal the Service is not found for that time.",
        );
      return changes;
    },
    verify: [deploymentsAvailable("serving.restarted", [KNATIVE_CONTROLLER])],
  };
};

export const part = partOf({
  id: CERT_MANAGER,
  products: [...certManagerProducts, accountKey],
  assets: ({ config, release }) => {
    if (!usesCertManager({ config })) return [];
    const problem = knativeProblem(release.minor);
    if (problem) throw errorOf({ id: "cert-manager.knative" }, problem, { kind: "input" });
    return [{ component: CERT_MANAGER, asset: "cert-manager.yaml" }];
  },
  checks: certManagerChecks,
  steps: (install, removal) => {
    const isMeant = usesCertManager(install);
    return [
      ...(isMeant || removal
        ? [
            certManager(install), //            for each Route that Knative makes
            clusterIssuer(install, removal), // told whom to ask, and how to prove that the domain is ours
          ]
        : []),
      ...(isMeant ? [routeTls(install)] : []), // Knative asks it
    ];
  },
});
