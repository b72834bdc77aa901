import type { ReadContext } from "../core/check.ts";
import { dividedUp, quantity, UNIT } from "../kube/quantity.ts";
import { ApiError } from "../ports/cluster.ts";
import { at, isRecord, type KubeObject, textAt } from "../ports/object.ts";

const MESSAGE = /^0\/(\d+) nodes are available: (.*?)\.?(?: preemption: .*| no new claims .*)?$/s;

/**
 * What the scheduler says about a pod, with what is missing: `0/3 nodes: insufficient cpu (short by 300m)`. Without numbers where
 * nodes or other people's pods may not be read.
 */
export const unscheduled = async (ctx: ReadContext, pod: KubeObject, message: string): Promise<string> => {
  const [, total, reasons] = MESSAGE.exec(message) ?? [];
  if (total === undefined || reasons === undefined) return message;
  const resources = [...reasons.matchAll(/Insufficient ([\w./-]+)/g)].flatMap(([, resource]) => resource ?? []);
  const short = resources.length > 0 ? await shortages(ctx, pod, resources) : new Map<string, string>();
  const told = reasons.replace(/(?<!\d)(\d+) Insufficient ([\w./-]+)/g, (_, count: string, resource: string) => {
    const missing = short.get(resource);
    return `${count === total ? "" : `${count} `}insufficient ${resource}${missing ? ` (short by ${missing})` : ""}`;
  });
  return `0/${total} nodes: ${told}`;
};

/** For each resource: how much the node with the most room lacks. */
const shortages = async (
  ctx: ReadContext,
  pod: KubeObject,
  resources: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const nodes = await nodesWithRoom(ctx, resources);
  if (!nodes) return new Map();
  return new Map(
    resources.flatMap((resource): [string, string][] => {
      const lacks = nodes.map(({ free }) => requestOf(pod, resource) - (free[resource] ?? 0n));
      const [least] = lacks.filter((lack) => lack > 0n).sort(ascending);
      return least === undefined ? [] : [[resource, amount(least, resource)]];
    }),
  );
};

/** What a node has left of each resource, in the unit of `quantity`. */
export interface NodeRoom {
  readonly node: KubeObject;
  readonly free: Readonly<Record<string, bigint>>;
}

/** Undefined: nodes or other people's pods may not be read. */
export const nodesWithRoom = async (
  ctx: Pick<ReadContext, "cluster" | "unwatched">,
  resources: readonly string[],
): Promise<readonly NodeRoom[] | undefined> => {
  const { unwatched = ctx.cluster } = ctx;
  try {
    const [nodes, pods] = await Promise.all([
      ctx.cluster.list({ apiVersion: "v1", kind: "Node" }),
      unwatched.list({ apiVersion: "v1", kind: "Pod" }),
    ]);
    const running = pods.filter((other) => !["Succeeded", "Failed"].includes(textAt(other, "status", "phase")));
    return nodes.map((node) => {
      const here = running.filter((other) => at(other, "spec", "nodeName") === node.metadata.name);
      const left = (resource: string): bigint =>
        here.reduce(
          (rest, other) => rest - requestOf(other, resource),
          quantity(at(node, "status", "allocatable", resource)) ?? 0n,
        );
      return { node, free: Object.fromEntries(resources.map((resource) => [resource, left(resource)])) };
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
};

const containersOf = (pod: unknown, kind: "containers" | "initContainers"): readonly unknown[] => {
  const containers = at(pod, "spec", kind);
  return Array.isArray(containers) ? containers.filter(isRecord) : [];
};

/** As the scheduler counts: containers run together, init containers one after the other (sidecars aside), plus the overhead. */
export const requestOf = (pod: unknown, resource: string): bigint => {
  const of = (container: unknown): bigint => quantity(at(container, "resources", "requests", resource)) ?? 0n;
  const together = containersOf(pod, "containers").reduce<bigint>((sum, container) => sum + of(container), 0n);
  const most = [together, ...containersOf(pod, "initContainers").map(of)].sort(ascending).at(-1) ?? 0n;
  return most + (quantity(at(pod, "spec", "overhead", resource)) ?? 0n);
};

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : 1);

/** In the unit that people use (`Mi`, `m`), rounded up. */
const amount = (value: bigint, resource: string): string => {
  if (resource === "cpu") return `${dividedUp(value, UNIT / 1000n)}m`;
  if (resource === "memory" || resource.endsWith("storage")) return `${dividedUp(value, UNIT * 2n ** 20n)}Mi`;
  return String(dividedUp(value, UNIT));
};
