import {
  ensure,
  isPodReady,
  isTrue,
  isUp,
  keyOf,
  keysOfKind,
  keysOfOwner,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { livingConditions, no, passedOn, unknown, type Verdict, yes } from "./conditions.ts";
import { durationSeconds } from "./durations.ts";
import { AUTOSCALER, AUTOSCALING, NAMESPACE, NETWORKING } from "./names.ts";
import { livingIn } from "./process.ts";
import { readConfig } from "./settings.ts";

const KIND = "PodAutoscaler";
const CLASS = "kpa.autoscaling.knative.dev";

export interface Autoscaler {
  readonly reconciler: Reconciler;
  /** Tells of a request for a Revision, as the activator and queue-proxy report them. Call the answer when it is served. */
  readonly request: (namespace: string, revision: string) => () => void;
  /** Requests for a Revision that are under way. */
  readonly concurrency: (namespace: string, revision: string) => number;
}

interface Traffic {
  inFlight: number;
  /** Milliseconds of performance.now. */
  last: number;
  idleSince?: number | undefined;
  /** What is left of the time to come to its initial scale. */
  activation?: { steps: number; next: number };
}

/** Beyond the progress deadline, in seconds (scaler.go, activationTimeoutBuffer). */
const ACTIVATION_BUFFER = 30;
/** That time passes in steps, so that a machine that stood still for a while has used up one of them only. */
const ACTIVATION_STEPS = 10;
/** Requests that one activator takes, that are kept in reserve, and that a pod takes by default. */
const [ACTIVATOR_CAPACITY, BURST, CONCURRENCY] = [100, 211, 100];

/**
 * Knative's own autoscaler: the initial scale first, then one pod while there is traffic within the stable window, none after
 * it and the grace period; min-scale while the Revision is routed. One second of its time is one of the stage.
 */
export const createAutoscaler = (stage: Stage): Autoscaler => {
  const { api, second } = stage;
  const traffic = new Map<string, Traffic>();
  let look: (key: string) => void = () => {};

  const trafficOf = (key: string): Traffic => {
    const seen = traffic.get(key) ?? { inFlight: 0, last: performance.now() };
    traffic.set(key, seen);
    return seen;
  };

  const settingsOf = (autoscaler: Obj) => {
    const config = readConfig(api, "config-autoscaler");
    const own = autoscaler.metadata.annotations ?? {};
    const setting = (name: string) => own[`autoscaling.knative.dev/${name}`] ?? config[name];
    const isUnreachable = autoscaler.spec.reachability === "Unreachable";
    const max = Number(setting("max-scale") ?? 0);
    return {
      min: isUnreachable ? 0 : Number(setting("min-scale") ?? own["autoscaling.knative.dev/minScale"] ?? 0),
      max: max > 0 ? max : Number.POSITIVE_INFINITY,
      initial: Number(setting("initial-scale") ?? 1),
      windowMs: durationSeconds(own["autoscaling.knative.dev/window"] ?? config["stable-window"], 60) * second,
      retentionMs: durationSeconds(setting("scale-to-zero-pod-retention-period"), 0) * second,
      graceMs: durationSeconds(config["scale-to-zero-grace-period"], 30) * second,
      toZero: config["enable-scale-to-zero"]?.toLowerCase() !== "false",
      activationMs: (deadlineOf(autoscaler) + ACTIVATION_BUFFER) * second,
    };
  };

  const deadlineOf = ({ metadata }: Obj): number =>
    durationSeconds(
      metadata.annotations?.["serving.knative.dev/progress-deadline"] ??
        readConfig(api, "config-deployment")["progress-deadline"],
      600,
    );

  /** How many pods there should be, and after how many milliseconds the answer may change by itself. */
  const decide = (autoscaler: Obj, replicas: number): { want: number; again?: number } => {
    const settings = settingsOf(autoscaler);
    const seen = trafficOf(keyOf(autoscaler));
    const now = performance.now();
    if (!isTrue(autoscaler, "ScaleTargetInitialized")) {
      seen.last = now;
      const step = settings.activationMs / ACTIVATION_STEPS;
      seen.activation ??= { steps: ACTIVATION_STEPS, next: now + step };
      const { steps, next } = seen.activation;
      if (next <= now) seen.activation = { steps: steps - 1, next: now + step };
      const left = seen.activation.next - now;
      // Who did not come up in time is given up, until somebody asks for it.
      if (seen.activation.steps <= 0) return { want: seen.inFlight > 0 ? 1 : 0 };
      return { want: Math.min(Math.max(settings.min, settings.initial), settings.max), again: left };
    }
    const floor = Math.max(settings.min, settings.toZero ? 0 : 1);
    const quietMs = Math.max(settings.windowMs, settings.retentionMs);
    const isBusy = seen.inFlight > 0 || (replicas > 0 && now - seen.last < quietMs);
    if (isBusy || floor > 0) {
      seen.idleSince = undefined;
      const again = seen.inFlight > 0 || floor > 0 ? undefined : seen.last + quietMs - now;
      return { want: Math.min(Math.max(1, floor), settings.max), ...(again === undefined ? {} : { again }) };
    }
    return { want: 0 };
  };

  /** Idle pods stay for the grace period, until the activator surely has the traffic. */
  const remaining = (autoscaler: Obj, want: number, replicas: number): { replicas: number; again?: number } => {
    if (want > 0 || replicas === 0 || !isTrue(autoscaler, "ScaleTargetInitialized")) return { replicas: want };
    const seen = trafficOf(keyOf(autoscaler));
    seen.idleSince ??= performance.now();
    const left = seen.idleSince + settingsOf(autoscaler).graceMs - performance.now();
    return left > 0 ? { replicas, again: left } : { replicas: 0 };
  };

  /** In the order in which kpa.go marks them. */
  const judge = (autoscaler: Obj, sks: Obj, want: number, ready: number): Record<string, Verdict | undefined> => {
    const { serviceName, privateServiceName } = sks.status ?? {};
    const { min, initial } = settingsOf(autoscaler);
    const enough = isTrue(autoscaler, "ScaleTargetInitialized") ? Math.max(min, 1) : Math.max(min, initial);
    const isServed = isTrue(sks, "Ready") && sks.status.observedGeneration === sks.metadata.generation;
    const unserved = privateServiceName ? passedOn(sks, "Ready")?.message : "No Private Service Name";
    const isActivating = passedOn(autoscaler, "Active")?.status !== "False" && !isTrue(autoscaler, "Active");
    const active = (): Verdict => {
      if (want === 0 && enough > 0 && isActivating) return no("TimedOut", "The target could not be activated.");
      if (want === 0 || enough === 0) return no("NoTraffic", "The target is not receiving traffic.");
      if (ready >= enough) return yes();
      return unknown("Queued", "Requests to the target are being buffered as resources are provisioned.");
    };
    return {
      SKSReady: isServed ? yes() : unknown("NotReady", unserved),
      ScaleTargetInitialized: ready >= enough && serviceName ? yes() : undefined,
      Active: active(),
    };
  };

  const reconcile = async (key: string): Promise<number | undefined> => {
    const autoscaler = api.get(refAt(AUTOSCALING, KIND, key));
    if (!autoscaler) traffic.delete(key);
    if (!autoscaler || autoscaler.metadata.deletionTimestamp) return undefined;
    // Other classes belong to other autoscalers, and there are none here.
    if (autoscaler.metadata.annotations?.["autoscaling.knative.dev/class"] !== CLASS) return undefined;
    const { name, namespace = "", labels } = autoscaler.metadata;
    const ready = api
      .list("v1", "Pod", namespace)
      .filter((pod) => pod.metadata.labels?.["serving.knative.dev/revision"] === name && isPodReady(pod)).length;
    const known = api.get({ apiVersion: NETWORKING, kind: "ServerlessService", namespace, name });
    const capacity = ready * (autoscaler.spec.containerConcurrency || CONCURRENCY) + BURST;
    const sks = await ensure(api, AUTOSCALER, {
      apiVersion: NETWORKING,
      kind: "ServerlessService",
      metadata: { name, namespace, ...(labels ? { labels } : {}), ownerReferences: [ownerReference(autoscaler)] },
      spec: {
        mode: "Proxy",
        objectRef: autoscaler.spec.scaleTargetRef,
        protocolType: "http1",
        numActivators: known ? Math.max(2, Math.ceil(capacity / ACTIVATOR_CAPACITY)) : 2,
      },
    });
    const target = { ...autoscaler.spec.scaleTargetRef, namespace };
    const replicas: number = api.get(target)?.spec.replicas ?? 0;
    const { want, again } = decide(autoscaler, replicas);
    const kept = remaining(autoscaler, want, replicas);
    if (kept.replicas !== replicas) {
      await api.update(AUTOSCALER, target, (draft) => {
        draft.spec.replicas = kept.replicas;
      });
    }
    const { serviceName, privateServiceName } = sks.status ?? {};
    const isInitialized = isTrue(autoscaler, "ScaleTargetInitialized");
    await api.update(
      AUTOSCALER,
      refOf(autoscaler),
      (draft) => {
        draft.status = {
          observedGeneration: autoscaler.metadata.generation,
          actualScale: ready,
          // Before it has come up there are no figures to decide by.
          desiredScale: isInitialized || want === 0 ? want : -1,
          ...(serviceName ? { serviceName } : {}),
          ...(privateServiceName ? { metricsServiceName: privateServiceName } : {}),
          conditions: livingConditions(draft.status?.conditions, judge(autoscaler, sks, want, ready)),
        };
      },
      { subresource: "status" },
    );
    const next = [again, kept.again].filter((value) => value !== undefined);
    return next.length > 0 ? Math.max(1, Math.min(...next)) : undefined;
  };

  return {
    reconciler: livingIn(
      stage,
      AUTOSCALER,
      { apiVersion: AUTOSCALING, kind: KIND },
      {
        name: "autoscaler",
        keys: (event) => {
          const { object } = event;
          const isConfig = object.kind === "ConfigMap" && object.metadata.name === "config-autoscaler";
          if (isConfig) return api.list(AUTOSCALING, KIND).map(keyOf);
          const revision = object.metadata.labels?.["serving.knative.dev/revision"];
          const isPod = object.kind === "Pod" && revision !== undefined;
          return [
            ...keysOfKind(event, AUTOSCALING, KIND),
            ...keysOfOwner(event, KIND),
            ...(isPod ? [`${object.metadata.namespace}/${revision}`] : []),
          ];
        },
        listen: (add) => {
          look = add;
        },
        reconcile,
      },
    ),
    concurrency: (namespace, revision) => traffic.get(`${namespace}/${revision}`)?.inFlight ?? 0,
    request: (namespace, revision) => {
      const key = `${namespace}/${revision}`;
      const seen = trafficOf(key);
      seen.inFlight += 1;
      seen.last = performance.now();
      if (isUp(api, NAMESPACE, AUTOSCALER)) look(key);
      return () => {
        seen.inFlight -= 1;
        seen.last = performance.now();
        look(key);
      };
    },
  };
};
