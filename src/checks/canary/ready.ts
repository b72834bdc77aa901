import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { messageOf } from "../../ports/error.ts";
import { describe } from "../../ports/object.ts";
import { unanswered } from "../../ports/outage.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { accountText, subjectOf } from "../account.ts";
import { clusterRoleYaml, rightsText, rulesFor } from "../cluster-role.ts";
import { healthCheck } from "../health-check.ts";
import { isReady, whyNotReady } from "../knative-service/index.ts";
import { CAUSES_OF_SERVICES } from "../services.ts";
import { type Canary, type CanaryContext, rightsOfCanary, seconds, timeText } from "./context.ts";

/** Asked for in the same role: with them the gateway's pods and its Service are seen one by one. */
const TO_SEE = ["pods/proxy", "services/proxy"].map((resource) => ({ verb: "get", group: "", resource }));

export const canaryReady = healthCheck<"canary.ready", CanaryContext>({
  id: "canary.ready",
  title: "A Service that is made now becomes ready",
  needs: ["knative.installed", "serving.webhook"],
  symptomOf: ["serving.deployments", "ingress.deployments", "network.class", "cluster.admission", "certificate.usable"],
  reads: ["rights", ...CAUSES_OF_SERVICES],
  meaning:
    "Nothing new comes up: what runs goes on running, and the next deployment does not. Its Route stays away until its ingress has been programmed and seen.",
  todo: "Do what the finding says of the deepest object that is not well.",
  threads: ["knative/docs#1337", "knative/serving#13570"],
  run: async (ctx, memory) => {
    const { canary, cluster } = ctx;
    if (!canary) return skipped("--probe makes a Service to be asked");
    const lacking = await rightsLacking(ctx, canary);
    if (lacking) return lacking;
    try {
      const { ms, isReady: isUp } = await canary.settled();
      const live = await cluster.get(canary.service);
      const seen = { facts: { seconds: seconds(ms) } };
      if (isUp && isReady(live)) return ok(`ready after ${timeText(ms)}`, seen);
      if (live) return { ...(await whyNotReady(ctx, live, memory)), ...seen };
      return fail(`${describe(canary.service)} is gone before it was ready`, lookAgain(canary), seen);
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (unanswered(error)) throw error;
      const what = `no Service could be made: ${messageOf(error)}`;
      const { kind } = error as { readonly kind?: unknown };
      return kind === "unseen"
        ? { status: "unknown", summary: what, remedy: lookAgain(canary) }
        : fail(what, lookAgain(canary));
    }
  },
});

const lookAgain = ({ service }: Canary) => ({
  text: "See what the server and its webhooks say of such a Service.",
  command: sh`kubectl get events ${inNamespace(service.namespace)} --sort-by=.lastTimestamp`,
});

const rightsLacking = async ({ cluster }: CanaryContext, canary: Canary): Promise<Finding | undefined> => {
  const wanted = rightsOfCanary(canary);
  const answers = await cluster.canEach(wanted);
  const missing = wanted.filter((_, index) => !answers[index]);
  if (missing.length === 0) return undefined;
  const account = await cluster.account();
  return {
    status: "unknown",
    summary: `${accountText(account)} may not ${rightsText(missing)}, so that nothing was made to be asked`,
    remedy: {
      text: "Have an administrator create this ClusterRole, or look without --probe:",
      command: clusterRoleYaml("doctor-probe", rulesFor([...wanted, ...TO_SEE]), subjectOf(account)),
    },
  };
};
