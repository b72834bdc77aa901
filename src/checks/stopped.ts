import { type Finding, fail, ok, skipped, warn } from "../core/check.ts";
import { choicesOf } from "../kube/choices.ts";
import { denialOf } from "../kube/denial.ts";
import { PROVED, STATE } from "../kube/prior.ts";
import { STOPPED, type Stopped, stoppedIn } from "../kube/stopped.ts";
import { webhookFailure } from "../kube/webhook-failure.ts";
import type { Remedy } from "../ports/error.ts";
import { dataOf, type KubeObject } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { type HealthContext, healthCheck } from "./health-check.ts";

/** Of Knative itself: `serving.admission` says of these what is in the way. */
const OF_KNATIVE = /\.knative\.dev$/;
/** `ingress.quota` and its like see for themselves whether it is still so. */
const OF_QUOTA = /exceeded quota|failed quota/;

/** Only the answer tells that a policy, a webhook or a missing right is in the way. */
const isRefused = ({ answer }: Stopped): boolean =>
  answer !== undefined && !OF_QUOTA.test(answer) && !isKnativesWebhook(answer);

const isKnativesWebhook = (answer: string): boolean => OF_KNATIVE.test(webhookFailure(answer)?.webhook ?? "");

const withoutEnd = (sentence: string): string => sentence.replace(/\.$/, "");

const seenIn = ({ what, why = "", at }: Stopped) => ({
  evidence: [{ object: STATE, field: `.data.${STOPPED}`, observed: `${at}: ${what} ${why}`.trim() }],
});

const GO_ON = sh`kn-bootstrap install`;

/** What was proved before may work still, though what was chosen last is not whole. */
const worse = (state: KubeObject | undefined) => (dataOf(state)[PROVED] ? warn : fail);

/** Judges what has stopped the last install; skipped where nothing has, or where something else says it. */
const ofStopped =
  (
    isAbout: (stopped: Stopped) => boolean,
    well: string,
    judge: (stopped: Stopped) => readonly [summary: string, remedy: Remedy],
  ) =>
  async ({ cluster }: HealthContext): Promise<Finding> => {
    const state = await cluster.get(STATE);
    if (Object.keys(choicesOf(state)).length === 0) return skipped("kn-bootstrap has installed nothing here");
    const stopped = stoppedIn(state);
    if (!stopped) return ok(well);
    if (!isAbout(stopped)) return skipped("something else has stopped it");
    const [summary, remedy] = judge(stopped);
    return worse(state)(summary, remedy, seenIn(stopped));
  };

export const writesAdmitted = healthCheck({
  id: "knative.admitted",
  title: "The cluster lets in what an installation is made of",
  reads: ["ConfigMap"],
  meaning:
    "`kn-bootstrap install` has stopped because the API server refused a write: by a policy of this cluster, by somebody else's webhook that does not answer, or for want of a right.",
  todo: "Change the policy, bring the webhook back, or ask for the right, as the finding says; then run `kn-bootstrap install` again.",
  run: ofStopped(isRefused, "nothing that was written was refused", ({ what, advice, answer = "" }) => {
    const denial = denialOf(answer, undefined);
    const remedy = denial?.remedy ?? webhookFailure(answer)?.remedy;
    const isSaid = webhookFailure(answer) !== undefined;
    return [
      `${withoutEnd(what)}${isSaid ? "" : `: ${denial?.message ?? answer}`}`,
      remedy
        ? { ...remedy, text: `${remedy.text} Then run kn-bootstrap install again.` }
        : { text: `What kn-bootstrap install advised: ${advice}`, command: GO_ON },
    ];
  }),
});

export const runNotStopped = healthCheck({
  id: "knative.stopped",
  title: "Nothing has stopped the last install",
  needs: ["knative.installed"],
  symptomOf: [
    "cluster.admission",
    "cluster.apis",
    "knative.admitted",
    "serving.deployments",
    "serving.webhook-certificate",
    "serving.webhook",
    "serving.admission",
    "network.class",
    "network.scheme",
    "ingress.quota",
    "ingress.deployments",
    "ingress.address",
    "certificate.limits",
    "dns.resolver",
    "dns.prompt",
  ],
  reads: ["ConfigMap"],
  meaning:
    "`kn-bootstrap install` has ended with an error, and no object of the cluster tells why: an image that its proof did not get, a CA or a DNS provider that refused.",
  todo: "Do what the finding says, and run `kn-bootstrap install` again: it goes on where it stopped.",
  run: ofStopped(
    (stopped) => !isRefused(stopped),
    "the last kn-bootstrap install was not stopped",
    ({ what, advice }) => [withoutEnd(what), { text: `What kn-bootstrap install advised: ${advice}`, command: GO_ON }],
  ),
});
