import { createHash } from "node:crypto";
import { hasGatewayCertificate, hasTls, strategyOf } from "../../certificates/index.ts";
import { inspect } from "../../certificates/secret.ts";
import { servedSecret } from "../../certificates/served.ts";
import { httpRedirects, serviceAnswers, serviceReady } from "../../checks/proof.ts";
import { proofChecks } from "../../checks/proof-found.ts";
import type { Reached } from "../../checks/proven.ts";
import { startsFromZero, ZERO } from "../../checks/zero.ts";
import { blank, hasBlank } from "../../core/blank.ts";
import { reachedIn } from "../../ingress/address.ts";
import { deletions } from "../../kube/object-change.ts";
import { PROVED, STATE } from "../../kube/prior.ts";
import { dataOf, refOf } from "../../ports/object.ts";
import { plannedNaming } from "../domain/index.ts";
import type { Installation } from "../installation.ts";
import { logProof } from "../logging/proof.ts";
import { canaryChecks, canaryIn, leftOfCanary } from "../mesh/canary.ts";
import { measuredChecks } from "../metrics/proven.ts";
import { part as partOf, step } from "../part.ts";
import { PROOF_MANAGER, provedState } from "../state/index.ts";
import { HELLO, hello } from "./hello.ts";
import { next } from "./next.ts";
import { keepReached } from "./reached.ts";
import { rights } from "./rights.ts";
import { proofOf } from "./subject.ts";

const ID = "proof";
/** Ends the fingerprint of a proof from which the start from zero was left out. */
const WITHOUT_ZERO = ` without ${ZERO}`;

export interface ProofOptions {
  /** Filled with the ports that answered, for a step that keeps them; absent: nobody does. */
  readonly reached?: Reached;
  /** Only the certificate is new: what was proved of starting from zero stands as it is. */
  readonly ofCertificate?: boolean;
}

/** A temporary hello Service, asked through the gateway as a user would (rule 8). Given again whenever what it was about changes. */
export const proof = (install: Installation, { reached, ofCertificate = false }: ProofOptions = {}) => {
  const { config, manifests } = install;
  const { controller } = strategyOf(config.tls);
  const isLeftOut = config.skipChecks.includes(ZERO);
  const subject = proofOf(install, HELLO, reached);
  const logs = ofCertificate ? undefined : logProof(install, subject);
  const checks = [
    // Before the others: it knows why the Service is not ready.
    ...(controller ? [controller.ready(HELLO)] : []),
    serviceReady(subject),
    serviceAnswers(subject),
    ...(ofCertificate ? [] : [...measuredChecks(install, subject), ...canaryChecks(install, subject)]),
    ...(logs?.checks ?? []),
    ...(hasTls(config) && config.http === "redirect" ? [httpRedirects(subject)] : []),
    ...(isLeftOut || ofCertificate ? [] : [startsFromZero(subject)]),
  ];
  return step({
    id: ID,
    title: `Prove it: a Service answers ${hasTls(config) ? "https" : "http"}`,
    undo: "Remove the proof",
    needs: ["domain", "gateway-tls", "resources", ...(install.dns ? (["records"] as const) : [])],
    plan: async (ctx) => {
      const certificate = hasGatewayCertificate(config)
        ? inspect(await ctx.live.get(servedSecret(install)))?.fingerprint
        : config.tls;
      const about = JSON.stringify([
        install.choices,
        manifests.versions,
        (await plannedNaming(ctx, install)).domain,
        certificate,
      ]);
      const open = ctx.mode === "tentative" || (ctx.mode === "settled" && hasBlank(about));
      const whole = createHash("sha256").update(about).digest("hex").slice(0, 16);
      const kept = dataOf(await ctx.live.get(STATE));
      const proved = kept[PROVED] ?? "";
      const lacksZero = ofCertificate ? proved.endsWith(WITHOUT_ZERO) : isLeftOut;
      const fingerprint = open ? blank("what was proved") : `${whole}${lacksZero ? WITHOUT_ZERO : ""}`;
      const canary = ofCertificate ? undefined : await canaryIn(ctx, install, HELLO);
      const objects = [hello(manifests.hello, canary?.pods), ...(canary?.objects ?? []), ...(logs?.objects(ctx) ?? [])];
      const found = await Promise.all(objects.map((object) => ctx.live.get(refOf(object))));
      const left = found.some((object) => object !== undefined);
      // A run may have ended before it wrote down what the proof had found.
      const isReached = !reached || reachedIn(kept) !== undefined;
      const isProved = proved === fingerprint || (isLeftOut && proved === whole);
      // Of a renewal the canary is no part: its account may not even look at it.
      const stale = ofCertificate ? [] : deletions(await leftOfCanary(ctx, install, HELLO, ID));
      if (ctx.mode === "settled" && !left && stale.length === 0 && isProved && isReached) return [];
      if (isLeftOut) ctx.note(`A start from zero is left out of the proof, as --skip-checks ${ZERO} says.`);
      else if (proved === `${whole}${WITHOUT_ZERO}`) ctx.note("A start from zero has not been proved yet.");
      return [
        ...stale,
        ...(await ctx.temporary(objects)),
        ...(await ctx.reconcile([provedState(fingerprint)], {
          manager: PROOF_MANAGER,
          partial: true,
          afterVerify: true,
        })),
      ];
    },
    verify: checks,
  });
};

export const part = partOf({
  id: ID,
  next,
  rights,
  checks: proofChecks,
  kinds: [{ apiVersion: HELLO.apiVersion, kind: HELLO.kind, namespaced: true }],
  steps: (install) => {
    if (install.config.expose !== "nodeport") return [proof(install)];
    // With node ports, what the proof has found is kept for every URL from then on.
    const reached: Reached = {};
    return [proof(install, { reached }), keepReached(install, reached)];
  },
});
