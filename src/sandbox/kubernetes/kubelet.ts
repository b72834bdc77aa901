import { keyOf, keysOfKind, refAt, type Stage, timestamp } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { AT_ONCE, type Drain, endPod, UNCAUGHT, type Verdict } from "./ending.ts";
import { recordEvent } from "./events.ts";
import type { Logs } from "./logs/files.ts";
import { environmentOf, missingVolume, obstaclesOf } from "./pod-needs.ts";
import { type Life, writePodStatus } from "./pod-status.ts";
import { type Ended, isRunBy, type Program, type Work } from "./processes.ts";

const FIRST_BACKOFF_SECONDS = 10;
const LAST_BACKOFF_SECONDS = 300;

export interface KubeletOptions {
  readonly programs: readonly Program[];
  readonly logs: Logs;
  /** The registry's refusal of an image, e.g. `manifest unknown`; undefined where the image can be pulled. */
  readonly pull?: ((image: string) => string | undefined) | undefined;
  /** Programs by image, for pods that run to an end; others simply end well after a second. */
  readonly images?: Readonly<Record<string, Work>> | undefined;
  /** How pods end that are known by their containers, not by their Deployment. */
  readonly drainOf?: ((pod: Obj) => Drain | undefined) | undefined;
  /** Programs of pods that are known by their containers, where `images` has none. */
  readonly workOf?: ((pod: Obj) => Work | undefined) | undefined;
  /** Whether a container goes on running when the first of its pod has ended. */
  readonly outlives?: ((container: Obj) => boolean) | undefined;
}

/** Of a termination message, as the kubelet cuts it. */
const MESSAGE_BYTES = 2048;

/** Runs the pods of all nodes: one second to pull and start, exponential back-off as upstream (10 s doubling to 300 s). */
export const kubelet = (stage: Stage, options: KubeletOptions): Reconciler => {
  const { programs, logs, pull, images = {} } = options;
  const { api, second } = stage;
  const lives = new Map<string, Life>();
  let addresses = 0;
  let wake = (_key: string): void => {};

  const begin = (uid: string): Life => {
    addresses += 1;
    const podIP = `10.244.${addresses >> 8}.${addresses & 255}`;
    const life = {
      podIP,
      startTime: timestamp(),
      next: performance.now() + second,
      pulled: false,
      restarts: 0,
      failures: 0,
      told: new AbortController(),
    };
    lives.set(uid, life);
    return life;
  };

  const programOf = (pod: Obj): Program | undefined => programs.find((program) => isRunBy(pod, program));

  const containersOf = (pod: Obj): Obj[] => pod.spec.containers;

  const write = (pod: Obj, life: Life, verdict: Verdict): Promise<void> => writePodStatus(api, pod, life, verdict);

  const open = (pod: Obj, { restarts }: Life): void => {
    for (const { name } of containersOf(pod)) logs.open(pod, name, restarts);
    if (restarts === 0) for (const { name } of pod.spec.initContainers ?? []) logs.open(pod, name, 0);
  };

  const waiting = (reason: string, message?: string) => ({ waiting: { reason, ...(message ? { message } : {}) } });
  const running = (life: Life) => ({ running: { startedAt: life.startedAt } });

  const backOff = (life: Life): number => {
    const seconds = Math.min(FIRST_BACKOFF_SECONDS * 2 ** life.failures, LAST_BACKOFF_SECONDS);
    life.failures += 1;
    life.next = performance.now() + seconds * second;
    return seconds;
  };

  /** One container waits for the reason, the others with it. */
  const block = (pod: Obj, life: Life, blocked: string, reason: string, message: string): Promise<void> =>
    write(pod, life, {
      phase: "Pending",
      ready: false,
      state: ({ name }) => (name === blocked ? waiting(reason, message) : waiting("ContainerCreating")),
    });

  const crash = async (pod: Obj, life: Life, line: string): Promise<number> => {
    const [container] = containersOf(pod);
    if (!container) return 0;
    logs.write(pod, container.name, line, "stderr");
    const fallsBackToLog = container.terminationMessagePolicy === "FallbackToLogsOnError";
    const now = timestamp();
    life.lastExit = {
      exitCode: 1,
      reason: "Error",
      startedAt: now,
      finishedAt: now,
      ...(fallsBackToLog ? { message: line } : {}),
    };
    const seconds = backOff(life);
    const message = `back-off ${seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`} restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
    await write(pod, life, { phase: "Running", ready: false, state: () => waiting("CrashLoopBackOff", message) });
    await recordEvent(api, "kubelet", pod, "Warning", "BackOff", message);
    return seconds * second;
  };

  /** The first container has ended; the pod has with it, unless another one goes on. */
  const end = async (pod: Obj, life: Life, phase: "Succeeded" | "Failed", how: object): Promise<undefined> => {
    life.finishedAt ??= timestamp();
    const terminated = { startedAt: life.startedAt, finishedAt: life.finishedAt, ...how };
    const goesOn = (container: Obj): boolean => options.outlives?.(container) ?? false;
    await write(pod, life, {
      phase: containersOf(pod).some(goesOn) ? "Running" : phase,
      ready: false,
      state: (container) => (goesOn(container) ? running(life) : { terminated }),
    });
  };

  const complete = (pod: Obj, life: Life): Promise<undefined> =>
    end(pod, life, "Succeeded", { exitCode: 0, reason: "Completed" });

  const start = (pod: Obj, life: Life, work: Work): void => {
    const [container] = containersOf(pod);
    life.work = "running";
    const task = {
      pod,
      args: container?.args ?? [],
      env: container ? environmentOf(api, pod, container) : {},
      signal: life.told.signal,
    };
    const ended = work(task).catch((error: unknown): Ended => ({ exitCode: 1, log: String(error) }));
    void ended.then((how) => {
      life.work = how;
      wake(keyOf(pod));
    });
  };

  const finish = async (pod: Obj, life: Life, { exitCode, log }: Ended): Promise<number | undefined> => {
    const [container] = containersOf(pod);
    if (!container) return undefined;
    const lines = log.split("\n").filter((line) => line !== "");
    const last = exitCode === 0 || pod.spec.restartPolicy === "Never" ? lines.length : lines.length - 1;
    for (const line of lines.slice(0, last)) logs.write(pod, container.name, line);
    if (exitCode === 0) return complete(pod, life);
    if (pod.spec.restartPolicy !== "Never") {
      life.work = undefined;
      delete life.startedAt;
      return crash(pod, life, lines.at(-1) ?? "");
    }
    const fallsBackToLog = container.terminationMessagePolicy === "FallbackToLogsOnError";
    const message = fallsBackToLog ? { message: Buffer.from(log).subarray(-MESSAGE_BYTES).toString() } : {};
    return await end(pod, life, "Failed", { exitCode, reason: "Error", ...message });
  };

  const live = async (pod: Obj, life: Life): Promise<number | undefined> => {
    const program = programOf(pod);
    const early = life.next - performance.now();
    if (life.startedAt === undefined) {
      const creating: Verdict = { phase: "Pending", ready: false, state: () => waiting("ContainerCreating") };
      if (early > 0 && life.backingOff) {
        await block(pod, life, life.backingOff.container, "ImagePullBackOff", life.backingOff.message);
        return early;
      }
      if (early > 0) {
        if (pod.status?.containerStatuses === undefined) await write(pod, life, creating);
        return early;
      }
      const lack = missingVolume(api, pod);
      if (lack !== undefined) {
        await write(pod, life, creating);
        await recordEvent(api, "kubelet", pod, "Warning", "FailedMount", lack);
        return undefined;
      }
      const [obstacle] = obstaclesOf(api, pod, pull);
      life.backingOff = undefined;
      if (obstacle) {
        const { name, reason, message, news, next } = obstacle;
        await block(pod, life, name, reason, message);
        await recordEvent(api, "kubelet", pod, "Warning", news.reason, news.message);
        const pause = backOff(life) * second;
        if (next === undefined) return pause;
        life.backingOff = { container: name, message: next };
        return second;
      }
      life.pulled = true;
      if (life.lastExit) life.restarts += 1;
      open(pod, life);
      const line = await program?.start?.(pod);
      if (line !== undefined) return await crash(pod, life, line);
      life.startedAt = timestamp();
      life.next = performance.now() + second;
    }
    const ready = program?.isReady?.(pod) ?? true;
    const runsToAnEnd = pod.spec.restartPolicy === "Never" || pod.spec.restartPolicy === "OnFailure";
    const work = runsToAnEnd ? (images[containersOf(pod)[0]?.image] ?? options.workOf?.(pod)) : undefined;
    if (work) {
      if (life.work === undefined) start(pod, life, work);
      if (life.work !== "running" && life.work !== undefined) return await finish(pod, life, life.work);
      await write(pod, life, { phase: "Running", ready, state: () => running(life) });
      return undefined;
    }
    if (runsToAnEnd && performance.now() >= life.next) return await complete(pod, life);
    await write(pod, life, { phase: "Running", ready, state: () => running(life) });
    return runsToAnEnd ? second : undefined;
  };

  const isReady = (pod: Obj): boolean => programOf(pod)?.isReady?.(pod) ?? true;
  const drainOf = (pod: Obj): Drain => {
    const program = programOf(pod);
    return program?.drain ?? options.drainOf?.(pod) ?? (program ? AT_ONCE : UNCAUGHT);
  };
  const hands = { start: live, write, isReady, drainOf };

  return {
    name: "kubelet",
    listen: (add) => {
      wake = add;
    },
    keys: ({ object, type }) => {
      if (object.kind === "Pod") {
        if (type === "DELETED") {
          const uid = object.metadata.uid ?? "";
          lives.get(uid)?.told.abort();
          lives.delete(uid);
          logs.forget(object);
        }
        return keysOfKind({ object, type }, "v1", "Pod");
      }
      const watching = programs.filter((program) => program.watches?.({ object, type }));
      const isReference = object.kind === "ConfigMap" || object.kind === "Secret";
      if (!isReference && watching.length === 0) return [];
      return api
        .list("v1", "Pod")
        .filter((pod) => {
          const program = programOf(pod);
          const waits = isReference && pod.metadata.namespace === object.metadata.namespace;
          return (program && watching.includes(program)) || (waits && pod.status?.phase === "Pending");
        })
        .map(keyOf);
    },
    reconcile: async (key) => {
      const pod = api.get(refAt("v1", "Pod", key));
      if (!pod || pod.spec.nodeName === undefined) return undefined;
      if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return undefined;
      const uid = pod.metadata.uid ?? "";
      const life = lives.get(uid) ?? begin(uid);
      return await (pod.metadata.deletionTimestamp ? endPod(stage, pod, life, hands) : live(pod, life));
    },
  };
};
