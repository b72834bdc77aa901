import { type Check, type Finding, ok, type ReadContext, warn } from "../core/check.ts";
import { quantity, UNIT } from "../kube/quantity.ts";
import { at, describe, type KubeObject, keyOf, refOf } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { type AskingPod, podsOf, podsOnNodes } from "./asked.ts";
import { healthCheck } from "./health-check.ts";
import { isLetOn } from "./placement.ts";
import { type NodeRoom, nodesWithRoom } from "./room.ts";

type Amounts = Pick<AskingPod, "cpu" | "memory">;

const GIGABYTE = 10n ** 9n * UNIT;
const GIBIBYTE = 2n ** 30n * UNIT;
const RECOMMENDED = { nodes: 3, cpu: 6n * UNIT, memory: (225n * GIGABYTE) / 10n };
/** With one decimal, unless it is 0. */
const shown = (amount: bigint, unit: bigint): string => (Number(amount) / Number(unit)).toFixed(1).replace(/\.0$/, "");
const takesPods = (node: KubeObject): boolean => at(node, "spec", "unschedulable") !== true;

/** Warns, never refuses (rule 7): clusters that are smaller work, and autoscaled ones grow. */
export const capacity = healthCheck({
  id: "cluster.capacity",
  title: "The cluster has room for Knative and what runs on it",
  isForecast: true,
  reads: ["Node"],
  meaning:
    "The nodes have less room than Knative's project recommends. Smaller clusters work, and nothing is refused because of it.",
  todo: "Add nodes where pods stay unscheduled. `--skip-checks cluster.capacity` leaves this out of an install.",
  run: async (ctx) => {
    const nodes = (await ctx.cluster.list({ apiVersion: "v1", kind: "Node" })).filter(takesPods);
    const sum = (resource: string): bigint =>
      nodes.reduce((total, node) => total + (quantity(at(node, "status", "allocatable", resource)) ?? 0n), 0n);
    const cpu = sum("cpu");
    const memory = sum("memory");
    const summary = `${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}, ${shown(cpu, UNIT)} vCPU, ${shown(memory, GIGABYTE)} GB`;
    if (nodes.length >= RECOMMENDED.nodes && cpu >= RECOMMENDED.cpu && memory >= RECOMMENDED.memory) return ok(summary);
    return warn(`${summary}; recommended are 3 nodes, 6 vCPU, 22.5 GB`, {
      text: "It can work; if pods stay unscheduled, the wait will say so.",
    });
  },
});

/**
 * Before an install: whether the pods that it makes find a node each, besides what runs already. `isRunning`: a Knative that runs has shown
 * that there is room for it.
 */
export const capacityFor = (objects: Promise<readonly KubeObject[]>, isRunning: boolean): Check => ({
  ...capacity,
  run: async (ctx, memory) => {
    const all = await objects;
    const [coming, onNodes] = [podsOf(all), podsOnNodes(all)];
    const kinds = [...new Set(["Deployment", ...[...coming, ...onNodes].map(({ deployment }) => deployment.kind)])];
    const lists = await Promise.all(kinds.map((kind) => ctx.cluster.list({ apiVersion: "apps/v1", kind })));
    const there = new Set(lists.flat().map(keyOf));
    const isMissing = ({ deployment }: AskingPod): boolean => !there.has(keyOf(deployment));
    const problem = await unplaced(ctx, coming.filter(isMissing), onNodes.filter(isMissing));
    return problem ?? (isRunning ? ok("what runs already has room") : capacity.run(ctx, memory));
  },
});

const specOf = ({ deployment }: AskingPod): unknown => at(deployment, "spec", "template", "spec");

/**
 * Those that have no choice of their node come first; of the others the largest, each on the node with the most memory left, which is as well
 * as a scheduler can do it.
 */
const unplaced = async (
  ctx: ReadContext,
  pods: readonly AskingPod[],
  onNodes: readonly AskingPod[],
): Promise<Finding | undefined> => {
  if (pods.length === 0 && onNodes.length === 0) return undefined;
  const nodes = (await nodesWithRoom(ctx, ["cpu", "memory"])) ?? [];
  if (!nodes.some(({ node }) => takesPods(node))) return undefined;
  const left = nodes.map(({ node, free }) => ({ node, cpu: free.cpu ?? 0n, memory: free.memory ?? 0n }));
  const asked = [
    ...pods,
    ...onNodes.flatMap((pod) => nodes.flatMap(({ node }) => (isLetOn(specOf(pod), node) ? pod : []))),
  ];
  const take = (node: (typeof left)[number], pod: AskingPod): void => {
    node.cpu -= pod.cpu;
    node.memory -= pod.memory;
  };
  const hasRoom = (node: (typeof left)[number], pod: AskingPod): boolean =>
    node.cpu >= pod.cpu && node.memory >= pod.memory;
  // A DaemonSet's pods are put on nodes that are closed to others, too.
  for (const pod of onNodes) {
    const own = left.filter(({ node }) => isLetOn(specOf(pod), node));
    const full = own.filter((node) => !hasRoom(node, pod));
    if (full.length > 0) return withoutRoom(pod, full);
    for (const node of own) take(node, pod);
  }
  const open = left.filter(({ node }) => takesPods(node));
  for (const pod of pods.toSorted(byMemory)) {
    const node = open.toSorted(byMemory).find((one) => hasRoom(one, pod) && isLetOn(specOf(pod), one.node));
    if (!node)
      return crowded(
        pod,
        asked,
        nodes.filter(({ node }) => takesPods(node) && isLetOn(specOf(pod), node)),
      );
    take(node, pod);
  }
  return undefined;
};

const byMemory = (a: { readonly memory: bigint }, b: { readonly memory: bigint }): number =>
  a.memory > b.memory ? -1 : a.memory < b.memory ? 1 : 0;

const amounts = ({ cpu, memory }: Amounts): string =>
  `${shown(cpu, UNIT)} vCPU and ${shown(memory, GIBIBYTE)} GiB of memory`;

/** What a node lacks. */
const lacking = (node: KubeObject, free: Amounts, pod: Amounts) => ({
  object: refOf(node),
  field: ".status.allocatable",
  observed: amounts(free),
  expected: amounts(pod),
});

/** `full`: the nodes that must have one each, and have no room for it. */
const withoutRoom = (
  { deployment, ...pod }: AskingPod,
  full: readonly (Amounts & { readonly node: KubeObject })[],
): Finding => {
  const names = full.map(({ node }) => node.metadata.name);
  const where = names.length === 1 ? `node ${names[0]} has` : `nodes ${names.join(", ")} have`;
  return warn(
    `${where} no room for a pod of ${describe(deployment)}, which asks for ${amounts(pod)}: free ${full.length === 1 ? "is" : "are"} ${full.map(amounts).join("; ")}`,
    {
      text: "Make room there, or collect only on nodes that have it: --logging-nodes.",
      command: sh`kubectl describe nodes ${names}`,
    },
    { evidence: full.map((one) => lacking(one.node, one, pod)) },
  );
};

const crowded = (
  { deployment, ...pod }: AskingPod,
  pods: readonly AskingPod[],
  nodes: readonly NodeRoom[],
): Finding => {
  const total = pods.reduce((sum, one) => ({ cpu: sum.cpu + one.cpu, memory: sum.memory + one.memory }), {
    cpu: 0n,
    memory: 0n,
  });
  const free = nodes.map(({ free: { cpu = 0n, memory = 0n } }) => ({ cpu, memory }));
  return warn(
    `no node has room for a pod of ${describe(deployment)}, which asks for ${amounts(pod)}: all that is to be installed asks for ${amounts(total)}, and free ${free.length === 0 ? "is nothing" : `${free.length === 1 ? "is" : "are"} ${free.map(amounts).join("; ")}`}`,
    {
      text: "Add a node, or ask for less: --profile small with --ingress istio, or --ingress kourier.",
      command: sh`kubectl describe nodes`,
    },
    {
      evidence: nodes.map(({ node }, index) => lacking(node, free[index] ?? total, pod)),
    },
  );
};
