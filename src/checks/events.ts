import type { ReadContext } from "../core/check.ts";
import { ApiError } from "../ports/cluster.ts";
import { type KubeObject, numberAt, textAt } from "../ports/object.ts";

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
  about: textAt(event, "involvedObject", "uid"),
  name: textAt(event, "involvedObject", "name"),
  isWarning: event.type === "Warning",
  reason: textAt(event, "reason"),
  message: textAt(event, "message"),
  count: numberAt(event, "count") ?? numberAt(event, "series", "count") ?? 1,
});

const timeOf = (event: KubeObject): string =>
  textAt(event, "lastTimestamp") || textAt(event, "eventTime") || (event.metadata.creationTimestamp ?? "");
