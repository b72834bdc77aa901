import { ok, type ReadContext, warn } from "../../core/check.ts";
import { ids, ingressProvider } from "../../ingress/index.ts";
import { isAlive } from "../../kube/draining.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { at, describe, isRecord, type KubeObject, numberAt, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { KNATIVE, OPERATOR, operatorsIn } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const REVISION = "serving.knative.dev/revision";
/** Where others than us put an ingress, too. */
const PLACES: ReadonlySet<string | undefined> = new Set([
  KNATIVE,
  "knative-serving-ingress",
  "contour-external",
  "contour-internal",
  ...ids.flatMap((id) => ingressProvider(id).deployments.map(({ namespace }) => namespace)),
]);

/** A budget that lets none of its pods go, though all of them are well. */
interface Blocking {
  readonly budget: KubeObject;
  readonly pods: readonly KubeObject[];
}

const selected = (budget: KubeObject, pods: readonly KubeObject[]): readonly KubeObject[] => {
  const labels = at(budget, "spec", "selector", "matchLabels");
  const wanted = isRecord(labels) ? Object.entries(labels) : [];
  if (wanted.length === 0) return [];
  return pods.filter(
    (pod) =>
      pod.metadata.namespace === budget.metadata.namespace &&
      isAlive(pod) &&
      wanted.every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
};

/** What the disruption controller has counted; pods that are not well are another check's. */
const isTight = ({ status }: KubeObject): boolean =>
  at(status, "disruptionsAllowed") === 0 &&
  (numberAt(status, "expectedPods") ?? 0) > 0 &&
  (numberAt(status, "currentHealthy") ?? 0) >= (numberAt(status, "expectedPods") ?? 0);

const blockingIn = async ({ cluster }: ReadContext): Promise<readonly Blocking[]> => {
  const [budgets, pods] = await Promise.all([
    cluster.list({ apiVersion: "policy/v1", kind: "PodDisruptionBudget" }),
    cluster.list({ apiVersion: "v1", kind: "Pod" }),
  ]);
  return budgets.filter(isTight).flatMap((budget): readonly Blocking[] => {
    const held = selected(budget, pods);
    const isKnatives =
      PLACES.has(budget.metadata.namespace) || held.some(({ metadata }) => metadata.labels?.[REVISION] !== undefined);
    return isKnatives && held.length > 0 ? [{ budget, pods: held }] : [];
  });
};

const looser = ({ budget, pods }: Blocking, operator: KubeObject | undefined): Remedy => {
  const { name, namespace } = budget.metadata;
  const isKept = budget.metadata.ownerReferences?.some(({ kind }) => kind === "KnativeServing") === true;
  if (operator && isKept) {
    const wanted = { podDisruptionBudgets: [{ name, minAvailable: pods.length - 1 }] };
    const patch = JSON.stringify({ spec: wanted });
    return {
      text: "Let it spare one. The operator writes it, so say it in its object.",
      command: sh`kubectl patch knativeserving ${operator.metadata.name} ${inNamespace(operator.metadata.namespace)} --type merge -p ${patch}`,
    };
  }
  const patch = JSON.stringify({ spec: { minAvailable: null, maxUnavailable: 1 } });
  return {
    text:
      pods.length === 1
        ? "Run a second pod of it, or let the one go: requests wait then until the next is ready."
        : "Let it spare one.",
    command: sh`kubectl patch poddisruptionbudget ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
  };
};

const words = ({ budget, pods }: Blocking): string =>
  pods.length === 1
    ? `${describe(budget)} does not let its only pod go`
    : `${describe(budget)} lets none of its ${pods.length} pods go`;

export const nodesDrain = healthCheck({
  id: "cluster.drain",
  title: "Nodes can be drained",
  reads: ["PodDisruptionBudget.policy", "Pod", "Node", OPERATOR],
  meaning:
    "A drain waits without end for a pod that its PodDisruptionBudget does not let go. Knative's own ask for 80 %, which is all of up to four pods; with one pod each it is told when a node is to be drained.",
  todo: "Let the budget spare one pod: `maxUnavailable: 1`.",
  threads: ["knative/serving#9990", "knative/operator#1701", "knative/operator#376"],
  run: async (ctx) => {
    const [blocking, nodes, [operator]] = await Promise.all([
      blockingIn(ctx),
      ctx.cluster.list({ apiVersion: "v1", kind: "Node" }),
      operatorsIn(ctx.cluster),
    ]);
    const cordoned = new Set(
      nodes.filter((node) => at(node, "spec", "unschedulable") === true).map(({ metadata }) => metadata.name),
    );
    const isWaited = ({ pods }: Blocking): boolean => pods.some((pod) => cordoned.has(textAt(pod, "spec", "nodeName")));
    const now = blocking.filter(isWaited);
    // Who runs several pods means that one may go.
    const [first, ...others] = now.length > 0 ? now : blocking.filter(({ pods }) => pods.length > 1);
    if (!first)
      return ok(
        blocking.length === 0
          ? "nothing stands in the way"
          : `no node is being drained, and what has several pods spares one; ${few(blocking.map(({ budget }) => describe(budget)))} ${blocking.length === 1 ? "guards" : "guard"} a single pod, as is usual`,
      );
    const nodeNames = first.pods.map((pod) => textAt(pod, "spec", "nodeName")).filter((name) => cordoned.has(name));
    const where = now.length > 0 ? `node ${few([...new Set(nodeNames)])} cannot be drained: ` : "";
    const also = others.length > 0 ? `; neither does ${few(others.map(({ budget }) => describe(budget)))}` : "";
    return warn(`${where}${words(first)}${also}`, looser(first, operator), {
      evidence: [first, ...others].map(({ budget, pods }) => ({
        object: refOf(budget),
        field: ".status.disruptionsAllowed",
        observed: 0,
        expected: `1 of ${pods.length}`,
      })),
    });
  },
});
