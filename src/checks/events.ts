import type { ReadContext } from "../core/check.ts";
import { ApiError } from "../ports/cluster.ts";
import { at, type KubeObject } from "../ports/object.ts";

/** One thing that happened to an object, as `kubectl describe` shows it. */
export interface Happening {
  /** `uid` and name of the object. */
  readonly about: string;
  readonly name: string;
  readonly isWarning: boolean;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/**
 * What is recorded about the objects of a namespace, oldest first; nothing where events may not be read, because they only explain. A
 * server forgets them after an hour.
 */
export const happeningsIn = async (ctx: ReadContext, namespace: string): Promise<readonly Happening[]> => {
  try {
    const events = await ctx.cluster.list({ apiVersion: "v1", kind: "Event", namespace });
    return [...events].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).map(happening);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
};

const happening = (event: KubeObject): Happening => ({
  about: String(at(event, "involvedObject", "uid") ?? ""),
  name: String(at(event, "involvedObject", "name") ?? ""),
  isWarning: event.type === "Warning",
  reason: String(event.reason ?? ""),
  message: String(event.message ?? ""),
  count: Number(event.count ?? at(event, "series", "count") ?? 1),
});

const timeOf = (event: KubeObject): string =>
  String(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "");
