import type { ReadContext } from "../core/check.ts";
import { ApiError } from "../ports/cluster.ts";
import { at, type KubeObject } from "../ports/object.ts";

/** An Event of Kubernetes: what a controller recorded about an object, as `kubectl describe` shows it. */
export interface ClusterEvent {
  /** `uid` and name of the object. */
  readonly about: string;
  readonly name: string;
  readonly isWarning: boolean;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/**
 * The events of a namespace, oldest first. Empty where the account may not read events: they only explain. A server keeps them for an
 * hour.
 */
export const clusterEventsIn = async (ctx: ReadContext, namespace: string): Promise<readonly ClusterEvent[]> => {
  try {
    const events = await ctx.cluster.list({ apiVersion: "v1", kind: "Event", namespace });
    return [...events].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).map(clusterEvent);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
};

const clusterEvent = (event: KubeObject): ClusterEvent => ({
  about: String(at(event, "involvedObject", "uid") ?? ""),
  name: String(at(event, "involvedObject", "name") ?? ""),
  isWarning: event.type === "Warning",
  reason: String(event.reason ?? ""),
  message: String(event.message ?? ""),
  count: Number(event.count ?? at(event, "series", "count") ?? 1),
});

const timeOf = (event: KubeObject): string =>
  String(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "");
