import { seconds } from "../config/syntax.ts";
import { type Check, type Finding, fail, never, noted, ok, type ReadContext } from "../core/check.ts";
import { isAlive, isGoing, podWords } from "../kube/draining.ts";
import { at, dataOf, describe, type KubeObject, numberAt } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import type { Proof } from "./proven.ts";
import { answer, authorityOf, through } from "./through-gateway.ts";

export const ZERO = "proof.zero";

const LEAVE_OUT = `--skip-checks ${ZERO} leaves this out.`;
const LOOK = {
  text: `Wait for it, or look at the autoscaler; ${LEAVE_OUT}`,
  command: sh`kubectl logs deployment/autoscaler -n knative-serving`,
};

/** As Knative has them when nobody says otherwise. */
const WINDOW = "60s";
const GRACE = "30s";
/** queue-proxy waits so long until its endpoint is forgotten everywhere (serving pkg/queue/sharedmain). */
const DRAIN = "30 s";
/** In memory: when it was last asked for, in milliseconds of the clock. */
const ASKED = "asked";

/** Scaled to zero, it comes back with the next request: answered by a pod that was made for it. */
export const startsFromZero = (proof: Proof): Check => ({
  id: ZERO,
  title: "It starts from zero",
  run: async (ctx, memory) => {
    const now = (): number => ctx.now().getTime();
    const asked = noted(memory, ASKED) ?? now();
    memory.set(ASKED, asked);
    const pods = await podsOf(ctx.cluster, proof);
    const waiting = await untilZero(ctx, proof, pods, asked);
    if (waiting) return waiting;
    const before = new Set(pods.map(({ metadata }) => metadata.uid));
    memory.set(ASKED, now());
    return through(ctx, proof, async (target) => {
      const sent = now();
      const response = await answer(proof, ctx, target, 60_000);
      const answered = now();
      memory.set(ASKED, answered);
      const took = (answered - sent) / 1000;
      if (response.status !== 200 || !response.body.includes(proof.greeting))
        return fail(`${authorityOf(target.url)} answers ${response.status} after a start from zero`, LOOK);
      const made = (await podsOf(ctx.unwatched ?? ctx.cluster, proof)).filter(
        ({ metadata }) => !before.has(metadata.uid),
      );
      return made.length > 0
        ? ok(`answers from zero in ${took.toFixed(1)} s`, { facts: { seconds: took } })
        : fail(`${authorityOf(target.url)} answers, but no pod was started for it`, LOOK);
    });
  },
});

/** All that there are of it, also those that have ended. */
const podsOf = (cluster: ReadContext["cluster"], { service }: Proof): Promise<readonly KubeObject[]> =>
  cluster.list(ofService("v1", "Pod", service));

const ofService = (apiVersion: string, kind: string, { namespace = "", name }: Proof["service"]) => ({
  apiVersion,
  kind,
  namespace,
  labelSelector: `serving.knative.dev/service=${name}`,
});

/** What there still is of it, and for how long; undefined: nothing. A pod that drains still answers. */
const untilZero = async (
  ctx: ReadContext,
  proof: Proof,
  pods: readonly KubeObject[],
  asked: number,
): Promise<Finding | undefined> => {
  const wait = (text: string): Finding => fail(`waiting until no pod is left: ${text}`, LOOK);
  const deployments = await ctx.cluster.list(ofService("apps/v1", "Deployment", proof.service));
  const wanted = deployments.reduce((sum, deployment) => sum + (numberAt(deployment, "spec", "replicas") ?? 1), 0);
  const alive = pods.filter(isAlive);
  if (deployments.length === 0 || wanted > 0) return idle(ctx, proof, asked, wait);
  if (alive.some((pod) => !isGoing(pod))) return wait(podWords(alive, ctx.now()));
  if (alive.length > 0) return wait(`${podWords(alive, ctx.now())}; it mostly takes ${DRAIN}`);
  const modes = await ctx.cluster.list(
    ofService("networking.internal.knative.dev/v1alpha1", "ServerlessService", proof.service),
  );
  const direct = modes.find((sks) => at(sks, "spec", "mode") !== "Proxy");
  if (direct) return wait(`${describe(direct)} does not send to the activator yet`);
  return modes.length > 0 ? undefined : wait("its ServerlessService is not there");
};

/** The autoscaler still wants a pod. */
const idle = async (
  ctx: ReadContext,
  { service }: Proof,
  asked: number,
  wait: (text: string) => Finding,
): Promise<Finding> => {
  const [live, autoscaler] = await Promise.all([
    ctx.cluster.get(service),
    ctx.cluster.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-autoscaler" }),
  ]);
  const config = dataOf(autoscaler);
  const keeps =
    config["enable-scale-to-zero"] === "false" ? "enable-scale-to-zero: false" : `min-scale: ${config["min-scale"]}`;
  if (config["enable-scale-to-zero"] === "false" || Number(config["min-scale"] ?? 0) > 0)
    return never(`nothing scales to zero here: config-autoscaler says ${keeps}`, {
      text: LEAVE_OUT,
      command: sh`kubectl get configmap config-autoscaler -n knative-serving -o yaml`,
    });
  const own = at(live, "spec", "template", "metadata", "annotations", "autoscaling.knative.dev/window");
  const window = typeof own === "string" ? own : (config["stable-window"] ?? WINDOW);
  const grace = config["scale-to-zero-grace-period"] ?? GRACE;
  const total = (seconds(window) ?? 0) + (seconds(grace) ?? 0);
  const left = Math.ceil((total - (ctx.now().getTime() - asked) / 1000) / 10) * 10;
  const rest = left > 0 ? `about ${left} s more` : "which are over";
  return wait(
    `the autoscaler lets it go after ${window} without requests and ${grace} of grace, ${rest}; then it drains`,
  );
};
