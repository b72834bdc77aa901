import type { LogFile } from "../kubernetes/logs/files.ts";
import { isTrue } from "../objects.ts";
import type { Ground } from "../part.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { type Line, linesOf } from "./record.ts";

/** A program of which each node has a pod that reads the log files there. */
export interface Collector {
  /** Of its DaemonSet, and the value of `app.kubernetes.io/name`. */
  readonly name: string;
  readonly takes: (file: LogFile) => boolean;
  /** `later`: its output takes nothing now, and nothing behind this line is sent before it. */
  readonly send: (pod: Obj, line: Line) => "sent" | "dropped" | "later";
}

/** What a pod of a collector has sent and tried to send, since it has begun. */
export interface Counts {
  records: number;
  retries: number;
}

/** By the uid of the pod. */
export type Counted = Map<string, Counts>;

export const countsOf = (counted: Counted, { metadata: { uid = "" } }: Obj): Counts => {
  const counts = counted.get(uid) ?? { records: 0, retries: 0 };
  counted.set(uid, counts);
  return counts;
};

/** Seconds of the cluster until an output is tried again. */
const AGAIN = 2;

/**
 * Reads what was written on the nodes where its pods are ready. How far it is belongs to the node, not to the pod: a new pod goes on there.
 */
export const collecting = (
  { stage, logs }: Pick<Ground, "stage" | "logs">,
  collector: Collector,
  counted: Counted,
): Reconciler => {
  const { api, second } = stage;
  const read = new WeakMap<LogFile, number>();
  const isOurs = (pod: Obj): boolean =>
    pod.metadata.namespace === "kube-logging" && pod.metadata.labels?.["app.kubernetes.io/name"] === collector.name;
  const podOn = (node: string): Obj | undefined =>
    api
      .list("v1", "Pod", "kube-logging")
      .find((pod) => isOurs(pod) && pod.spec.nodeName === node && isTrue(pod, "Ready"));

  /** False: its output took not all of it. */
  const readOn = (pod: Obj, file: LogFile): boolean => {
    for (const line of linesOf(api, file, read.get(file) ?? 0)) {
      const outcome = collector.send(pod, line);
      const counts = countsOf(counted, pod);
      if (outcome === "later") {
        counts.retries += 1;
        return false;
      }
      if (outcome === "sent") counts.records += 1;
      read.set(file, line.end);
    }
    return true;
  };

  return {
    name: `logging/${collector.name}`,
    listen: (add) => {
      logs.onWrite(({ node }) => add(node));
    },
    keys: ({ object }) =>
      object.kind === "Pod" && isOurs(object) && object.spec.nodeName ? [object.spec.nodeName] : [],
    reconcile: async (node) => {
      const pod = podOn(node);
      if (!pod) return undefined;
      const all = logs.on(node).filter(collector.takes);
      return all.map((file) => readOn(pod, file)).every(Boolean) ? undefined : AGAIN * second;
    },
  };
};
