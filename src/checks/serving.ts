import { fail, ok, skipped } from "../core/check.ts";
import { ids, ingressProvider } from "../ingress/index.ts";
import { choicesOf } from "../kube/choices.ts";
import { PROVED, STATE } from "../kube/prior.ts";
import { stoppedIn } from "../kube/stopped.ts";
import type { Remedy } from "../ports/error.ts";
import { dataOf, type KubeObject, keyOf, type ObjectRef, refOf, VERSION_LABEL } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { whyHeld } from "./cluster/terminating.ts";
import { deploymentsAvailable } from "./deployments.ts";
import { KNATIVE } from "./found.ts";
import { CAUSES_OF_DEPLOYMENTS, healthCheck } from "./health-check.ts";

const deployment = (name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: KNATIVE,
  name,
});
/** Those that every release has. */
const CORE = ["activator", "autoscaler", "controller", "webhook"].map(deployment);
const HPA = deployment("autoscaler-hpa");

/** Of an installation that was taken away again, what was chosen and proved stays. */
const isBegun = (state: KubeObject | undefined): boolean =>
  Object.keys(choicesOf(state)).length > 0 && (!dataOf(state)[PROVED] || stoppedIn(state) !== undefined);

const INSTALL: Remedy = {
  text: "See whether this is the cluster that was meant, or install.",
  command: sh`kn-bootstrap plan`,
};
const GO_ON: Remedy = {
  text: "kn-bootstrap install has begun here: run it again. It goes on where it stopped, and says what stands in the way.",
  command: sh`kn-bootstrap install`,
};

export const knativeInstalled = healthCheck({
  id: "knative.installed",
  title: "Knative Serving is installed",
  symptomOf: ["knative.operator", "knative.admitted"],
  reads: ["Namespace", "Deployment.apps", "ConfigMap"],
  meaning: "There is no Knative Serving in this cluster, or the kubeconfig leads to another cluster than was meant.",
  todo: "Check `--context`, or run `kn-bootstrap install`.",
  run: async ({ cluster }) => {
    const [state, namespace, deployments] = await Promise.all([
      cluster.get(STATE),
      cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE }),
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment", namespace: KNATIVE }),
    ]);
    const { deletionTimestamp } = namespace?.metadata ?? {};
    if (deletionTimestamp)
      return fail(`Namespace ${KNATIVE} is going away: ${whyHeld(namespace)}`, {
        text: "Let it go, or have whoever put the finalizers there take them away; then install.",
        command: sh`kubectl get namespace ${KNATIVE} -o yaml`,
      });
    const install = isBegun(state) ? GO_ON : INSTALL;
    if (!namespace) return fail(`Namespace ${KNATIVE} does not exist`, install);
    if (deployments.length === 0) return fail(`Namespace ${KNATIVE} has no Deployment`, install);
    return ok(namespace.metadata.labels?.[VERSION_LABEL] ?? "of an unknown version");
  },
});

/** Those of somebody else's checks. */
const OTHERS = new Set([HPA, ...ids.flatMap((id) => ingressProvider(id).deployments)].map(keyOf));

export const servingDeployments = healthCheck({
  id: "serving.deployments",
  title: "Knative's Deployments are available",
  needs: ["crds.established"],
  symptomOf: ["serving.activator", "knative.whole"],
  also: ["serving.restarted"],
  reads: CAUSES_OF_DEPLOYMENTS,
  meaning:
    "A part of Knative does not run: without the controller nothing new becomes ready, without the webhook nothing can be written, without the activator and the autoscaler nothing starts from zero.",
  todo: "Do what the finding says of the pods: a pull that is refused, too little room, a process that ends.",
  run: async (ctx, memory) => {
    const there = await ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment", namespace: KNATIVE });
    const known = new Set(CORE.map(keyOf));
    const more = there.map(refOf).filter((ref) => !known.has(keyOf(ref)) && !OTHERS.has(keyOf(ref)));
    return deploymentsAvailable("serving.deployments", [...CORE, ...more]).run(ctx, memory);
  },
});

export const hpaDeployment = healthCheck({
  id: "serving.hpa",
  title: "The autoscaler for CPU and memory is available",
  needs: ["crds.established"],
  reads: CAUSES_OF_DEPLOYMENTS,
  meaning: "Services of the autoscaling class `hpa` keep the number of pods that they have.",
  todo: "Do what the finding says of the pods.",
  run: async (ctx, memory) =>
    (await ctx.cluster.get(HPA))
      ? deploymentsAvailable("serving.hpa", [HPA]).run(ctx, memory)
      : skipped("it is not installed"),
});
