import { type Check, type Finding, ok, type ReadContext, warn } from "../core/check.ts";
import { quantity, UNIT } from "../kube/quantity.ts";
import { at, describe, type KubeObject, keyOf, refOf } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { type AskingPod, podsOf } from "./asked.ts";
import { healthCheck } from "./health-check.ts";
import { type NodeRoom, nodesWithRoom } from "./room.ts";

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
    const coming = podsOf(await objects);
    const kinds = [...new Set(["Deployment", ...coming.map(({ deployment }) => deployment.kind)])];
    const lists = await Promise.all(kinds.map((kind) => ctx.cluster.list({ apiVersion: "apps/v1", kind })));
    const there = new Set(lists.flat().map(keyOf));
    const missing = coming.filter(({ deployment }) => !there.has(keyOf(deployment)));
    const problem = missing.length > 0 ? await unplaced(ctx, missing) : undefined;
    return problem ?? (isRunning ? ok("what runs already has room") : capacity.run(ctx, memory));
  },
});

/** The largest first, each on the node with the most memory left, which is as well as a scheduler can do it. */
const unplaced = async (ctx: ReadContext, pods: readonly AskingPod[]): Promise<Finding | undefined> => {
  const nodes = ((await nodesWithRoom(ctx, ["cpu", "memory"])) ?? []).filter(({ node }) => takesPods(node));
  if (nodes.length === 0) return undefined;
  const left = nodes.map(({ free }) => ({ cpu: free.cpu ?? 0n, memory: free.memory ?? 0n }));
  const byMemory = (a: { readonly memory: bigint }, b: { readonly memory: bigint }): number =>
    a.memory > b.memory ? -1 : a.memory < b.memory ? 1 : 0;
  for (const pod of pods.toSorted(byMemory)) {
    const node = left.toSorted(byMemory).find(({ cpu, memory }) => cpu >= pod.cpu && memory >= pod.memory);
    if (!node) return crowded(pod, pods, nodes);
    node.cpu -= pod.cpu;
    node.memory -= pod.memory;
  }
  return undefined;
};

const crowded = (
  { deployment, ...pod }: AskingPod,
  pods: readonly AskingPod[],
  nodes: readonly NodeRoom[],
): Finding => {
  const amounts = ({ cpu, memory }: Pick<AskingPod, "cpu" | "memory">): string =>
    `${shown(cpu, UNIT)} vCPU and ${shown(memory, GIBIBYTE)} GiB of memory`;
  const total = pods.reduce((sum, one) => ({ cpu: sum.cpu + one.cpu, memory: sum.memory + one.memory }), {
    cpu: 0n,
    memory: 0n,
  });
  const free = nodes.map(({ free: { cpu = 0n, memory = 0n } }) => ({ cpu, memory }));
  return warn(
    `no node has room for a pod of ${describe(deployment)}, which asks for ${amounts(pod)}: all that is to be installed asks for ${amounts(total)}, and free ${free.length === 1 ? "is" : "are"} ${free.map(amounts).join("; ")}`,
    {
      text: "Add a node, or ask for less: --profile small with --ingress istio, or --ingress kourier.",
      command: sh`kubectl describe nodes`,
    },
    {
      evidence: nodes.map(({ node }, index) => ({
        object: refOf(node),
        field: ".status.allocatable",
        observed: amounts(free[index] ?? total),
        expected: amounts(pod),
      })),
    },
  );
};
