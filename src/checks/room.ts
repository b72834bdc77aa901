import type { ReadContext } from "../core/check.ts";
import { quantity } from "../core/quantity.ts";
import { ApiError } from "../ports/cluster.ts";
import { at, isRecord, type KubeObject } from "../ports/object.ts";

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
  const told = reasons.replace(/(\d+) Insufficient ([\w./-]+)/g, (_, count: string, resource: string) => {
    const missing = short.get(resource);
    return `${count === total ? "" : `${count} `}insufficient ${resource}${missing ? ` (short by ${missing})` : ""}`;
  });
  return `0/${total} nodes: ${told}`;
};

/** For each resource what the roomiest node lacks. */
const shortages = async (
  ctx: ReadContext,
  pod: KubeObject,
  resources: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const { unwatched = ctx.cluster } = ctx;
  try {
    const [nodes, pods] = await Promise.all([
      ctx.cluster.list({ apiVersion: "v1", kind: "Node" }),
      unwatched.list({ apiVersion: "v1", kind: "Pod" }),
    ]);
    const running = pods.filter((other) => !["Succeeded", "Failed"].includes(String(at(other, "status", "phase"))));
    return new Map(
      resources.flatMap((resource): [string, string][] => {
        const lacks = nodes.map((node) => {
          const used = running
            .filter((other) => at(other, "spec", "nodeName") === node.metadata.name)
            .reduce((sum, other) => sum + requested(other, resource), 0);
          return requested(pod, resource) + used - (quantity(at(node, "status", "allocatable", resource)) ?? 0);
        });
        const least = Math.min(...lacks.filter((lack) => lack > 0));
        return Number.isFinite(least) ? [[resource, amount(least, resource)]] : [];
      }),
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return new Map();
    throw error;
  }
};

const containersOf = (pod: KubeObject, kind: "containers" | "initContainers"): readonly unknown[] => {
  const containers = at(pod, "spec", kind);
  return Array.isArray(containers) ? containers.filter(isRecord) : [];
};

/** As the scheduler counts: containers run together, init containers one after the other (sidecars aside), plus the overhead. */
const requested = (pod: KubeObject, resource: string): number => {
  const of = (container: unknown): number => quantity(at(container, "resources", "requests", resource)) ?? 0;
  const together = containersOf(pod, "containers").reduce<number>((sum, container) => sum + of(container), 0);
  const first = Math.max(0, ...containersOf(pod, "initContainers").map(of));
  return Math.max(together, first) + (quantity(at(pod, "spec", "overhead", resource)) ?? 0);
};

const amount = (value: number, resource: string): string => {
  if (resource === "cpu") return `${Math.ceil(Number((value * 1000).toFixed(3)))}m`;
  if (resource === "memory" || resource.endsWith("storage")) return `${Math.ceil(value / 2 ** 20)}Mi`;
  return String(Math.ceil(value));
};
