import { mergeConditions, refOf } from "../objects.ts";
import type { Api, Obj } from "../types.ts";
import { containerId } from "./container-id.ts";
import type { Going, Verdict } from "./ending.ts";
import type { Ended } from "./processes.ts";

/** What the node remembers of a pod; the rest is read from the API each time. */
export interface Life extends Going {
  readonly podIP: string;
  readonly startTime: string;
  /** Not before this (milliseconds of performance.now) is the next thing tried. */
  next: number;
  pulled: boolean;
  startedAt?: string;
  /** When its first container ended, where others go on. */
  finishedAt?: string;
  restarts: number;
  failures: number;
  /** What a container waits for until the next try to pull. */
  backingOff?: { container: string; message: string } | undefined;
  lastExit?: Record<string, unknown>;
  /** How a program that was started ended; "running" until then. */
  work?: "running" | Ended | undefined;
}

/** Writes the status of a pod as its node sees it at this moment. */
export const writePodStatus = async (api: Api, pod: Obj, life: Life, verdict: Verdict): Promise<void> => {
  const node = api.get({ apiVersion: "v1", kind: "Node", name: pod.spec.nodeName });
  const hostIP = node?.status?.addresses?.find((address: Obj) => address.type === "InternalIP")?.address;
  const statuses = (pod.spec.containers as Obj[]).map((container) => {
    const { name } = container;
    const id = containerId(pod, name, life.restarts);
    const isMade = life.startedAt !== undefined || life.lastExit !== undefined;
    const state = withId(verdict.state(container), id);
    return {
      name,
      image: container.image,
      imageID: life.pulled ? container.image : "",
      ready: verdict.ready,
      started: state.running !== undefined,
      restartCount: life.restarts,
      state,
      lastState: life.lastExit
        ? { terminated: { ...life.lastExit, containerID: containerId(pod, name, lastOf(life)) } }
        : {},
      ...(isMade ? { containerID: id } : {}),
    };
  });
  const flag = (holds: boolean) => (holds ? "True" : "False") as "True" | "False";
  const reason = { Succeeded: "PodCompleted", Failed: "PodFailed", Pending: "", Running: "" }[verdict.phase];
  const done = reason ? { reason } : {};
  const names = (pod.spec.containers as Obj[]).map(({ name }) => name);
  const unready = verdict.ready
    ? {}
    : { reason: "ContainersNotReady", message: `containers with unready status: [${names.join(" ")}]`, ...done };
  await api.update(
    "kubelet",
    refOf(pod),
    (draft) => {
      draft.status = {
        ...draft.status,
        observedGeneration: pod.metadata.generation,
        phase: verdict.phase,
        ...(hostIP ? { hostIP, hostIPs: [{ ip: hostIP }] } : {}),
        ...(life.pulled ? { podIP: life.podIP, podIPs: [{ ip: life.podIP }] } : {}),
        startTime: life.startTime,
        conditions: mergeConditions(
          draft.status?.conditions,
          [
            { type: "PodReadyToStartContainers", status: flag(life.pulled) },
            { type: "Initialized", status: "True" as const, ...done },
            { type: "Ready", status: flag(verdict.ready), ...unready },
            { type: "ContainersReady", status: flag(verdict.ready), ...unready },
            { type: "PodScheduled", status: "True" as const },
          ].map((condition) => ({ ...condition, observedGeneration: pod.metadata.generation })),
        ),
        ...initStatuses(pod, life),
        containerStatuses: statuses,
      };
    },
    { subresource: "status" },
  );
};

/** One that has ended says which it was. */
const withId = (state: Record<string, unknown>, containerID: string): Record<string, unknown> =>
  state.terminated ? { terminated: { ...state.terminated, containerID } } : state;

/** Of the run that ended last: the one before this, or the last one where it has not started again. */
const lastOf = ({ restarts, startedAt }: Life): number => (startedAt === undefined ? restarts : restarts - 1);

/** Those that prepare have ended when the others start; those with a policy of their own go on beside them. */
const initStatuses = (pod: Obj, { pulled, startedAt }: Life): object => {
  const containers: readonly Obj[] = pod.spec.initContainers ?? [];
  if (containers.length === 0) return {};
  const stateOf = ({ restartPolicy }: Obj): object => {
    if (startedAt === undefined) return { waiting: { reason: "PodInitializing" } };
    if (restartPolicy === "Always") return { running: { startedAt } };
    return { terminated: { startedAt, finishedAt: startedAt, exitCode: 0, reason: "Completed" } };
  };
  const statusOf = (container: Obj): object => ({
    name: container.name,
    ...(startedAt === undefined ? {} : { containerID: containerId(pod, container.name, 0) }),
    image: container.image,
    imageID: pulled ? container.image : "",
    ready: startedAt !== undefined,
    started: startedAt !== undefined && container.restartPolicy === "Always",
    restartCount: 0,
    state: withId({ ...stateOf(container) }, containerId(pod, container.name, 0)),
    lastState: {},
  });
  return { initContainerStatuses: containers.map(statusOf) };
};
