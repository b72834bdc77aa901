import { createHash } from "node:crypto";
import {
  conditionOf,
  covers,
  ensure,
  isTrue,
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
import { AUTOSCALING, CONTROLLER, SERVING } from "./names.ts";
import { livingIn } from "./process.ts";
import { revisionDeployment } from "./revision-deployment.ts";
import { isServingConfig, readConfig } from "./settings.ts";

/** The registry's refusal of an image; undefined where it can be pulled. */
export type Pull = ((image: string) => string | undefined) | undefined;

/** Revisions: image digests, the Deployment of the user's pods, and a PodAutoscaler. */
export const revisions = (stage: Stage, pull: Pull): Reconciler => {
  const { api } = stage;

  const podSettings = (revision: Obj) => {
    const deployment = readConfig(api, "config-deployment");
    const autoscaler = readConfig(api, "config-autoscaler");
    const { _example, ...observability } = readConfig(api, "config-observability");
    const { "autoscaling.knative.dev/initial-scale": initial } = revision.metadata.annotations ?? {};
    const { "serving.knative.dev/progress-deadline": deadline } = revision.metadata.annotations ?? {};
    return {
      queueImage: deployment["queue-sidecar-image"] ?? deployment.queueSidecarImage ?? "",
      observability: JSON.stringify(Object.fromEntries(Object.entries(observability).sort())),
      initialScale: Number(initial ?? autoscaler["initial-scale"] ?? 1),
      progressDeadlineSeconds: durationSeconds(deadline ?? deployment["progress-deadline"], 600),
    };
  };

  const resolveDigests = async (revision: Obj): Promise<string | undefined> => {
    if (revision.status?.containerStatuses) return undefined;
    const containers: Obj[] = revision.spec.containers;
    for (const { image } of containers) {
      const refusal = pull?.(image);
      if (refusal) return `Unable to fetch image "${image}": failed to resolve image to digest: ${refusal}`;
    }
    await api.update(
      CONTROLLER,
      refOf(revision),
      (draft) => {
        draft.status = {
          ...draft.status,
          containerStatuses: containers.map(({ name, image }) => ({ name, imageDigest: digestOf(image) })),
        };
      },
      { subresource: "status" },
    );
    return undefined;
  };

  const ensureDeployment = async (revision: Obj): Promise<Obj> => {
    const desired = revisionDeployment(revision, podSettings(revision));
    const current = api.get(refOf(desired));
    if (!current) return await api.create(CONTROLLER, desired);
    if (covers(current.spec.template, desired.spec.template)) return current;
    const updated = await api.update(CONTROLLER, refOf(current), (draft) => {
      draft.spec.template = desired.spec.template;
    });
    return updated ?? current;
  };

  const ensureAutoscaler = (revision: Obj): Promise<Obj> => {
    const { name, namespace = "", labels, annotations } = revision.metadata;
    const routing = labels?.["serving.knative.dev/routingState"];
    return ensure(api, CONTROLLER, {
      apiVersion: AUTOSCALING,
      kind: "PodAutoscaler",
      metadata: {
        name,
        namespace,
        labels: {
          ...labels,
          app: name,
          "serving.knative.dev/revision": name,
          "serving.knative.dev/revisionUID": revision.metadata.uid ?? "",
        },
        annotations: {
          ...annotations,
          "autoscaling.knative.dev/class":
            annotations?.["autoscaling.knative.dev/class"] ?? "kpa.autoscaling.knative.dev",
          "autoscaling.knative.dev/metric": annotations?.["autoscaling.knative.dev/metric"] ?? "concurrency",
        },
        ownerReferences: [ownerReference(revision)],
      },
      spec: {
        containerConcurrency: revision.spec.containerConcurrency ?? 0,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: `${name}-deployment` },
        protocolType: "http1",
        reachability: { active: "Reachable", reserve: "Unreachable" }[routing ?? ""] ?? "",
      },
    });
  };

  const judge = (revision: Obj, deployment: Obj, autoscaler: Obj) => {
    const progressing = conditionOf(deployment, "Progressing");
    const failure = conditionOf(deployment, "ReplicaFailure");
    const pods = api
      .list("v1", "Pod", revision.metadata.namespace)
      .filter((pod) => pod.metadata.labels?.["serving.knative.dev/revisionUID"] === revision.metadata.uid);
    const isWanting = deployment.spec.replicas > 0 && !deployment.status?.availableReplicas;
    const [pod] = isWanting ? pods : [];
    const users: Obj[] = (pod?.status?.containerStatuses ?? []).filter(({ name }: Obj) => name !== "queue-proxy");
    const scheduled = conditionOf(pod, "PodScheduled");
    const isInitialized = isTrue(autoscaler, "ScaleTargetInitialized");

    const resources = (): Verdict => {
      if (scheduled?.status === "False") return no(scheduled.reason, scheduled.message);
      if (progressing?.status === "False") {
        const { reason, message } = users.find(({ state }) => state?.waiting)?.state.waiting ?? progressing;
        return no(reason, message);
      }
      if (failure?.status === "True") return no(failure.reason, failure.message);
      return isInitialized && autoscaler.status?.serviceName ? yes() : unknown("Deploying");
    };
    const health = (): Verdict => {
      const exit = users.find(({ lastState }) => lastState?.terminated)?.lastState.terminated;
      if (exit) return no(`ExitCode${exit.exitCode}`, `Container failed with: ${exit.message ?? ""}`);
      return isInitialized || deployment.status?.readyReplicas > 0 ? yes() : unknown("Deploying");
    };
    return { resources: resources(), health: health(), active: passedOn(autoscaler, "Ready") ?? unknown("Deploying") };
  };

  return livingIn(
    stage,
    CONTROLLER,
    { apiVersion: SERVING, kind: "Revision" },
    {
      name: "knative-revision",
      keys: (event) => {
        if (isServingConfig(event.object)) return api.list(SERVING, "Revision").map(keyOf);
        const owner =
          event.object.kind === "Pod" ? event.object.metadata.labels?.["serving.knative.dev/revision"] : undefined;
        return [
          ...keysOfKind(event, SERVING, "Revision"),
          ...keysOfOwner(event, "Revision"),
          ...(owner ? [`${event.object.metadata.namespace}/${owner}`] : []),
        ];
      },
      reconcile: async (key) => {
        const found = api.get(refAt(SERVING, "Revision", key));
        if (!found || found.metadata.deletionTimestamp) return undefined;
        const missing = await resolveDigests(found);
        const revision = api.get(refAt(SERVING, "Revision", key));
        if (!revision) return undefined;
        const state = missing
          ? {
              resources: unknown("ContainerMissing", missing),
              health: no("ContainerMissing", missing),
              active: unknown("Deploying"),
            }
          : judge(revision, await ensureDeployment(revision), await ensureAutoscaler(revision));
        const autoscaler = api.get(refAt(AUTOSCALING, "PodAutoscaler", key));
        const { actualScale, desiredScale } = autoscaler?.status ?? {};
        await api.update(
          CONTROLLER,
          refOf(revision),
          (draft) => {
            draft.status = {
              observedGeneration: revision.metadata.generation,
              ...(draft.status?.containerStatuses ? { containerStatuses: draft.status.containerStatuses } : {}),
              ...(actualScale === undefined ? {} : { actualReplicas: actualScale }),
              ...(desiredScale === undefined || desiredScale < 0 ? {} : { desiredReplicas: desiredScale }),
              conditions: livingConditions(
                draft.status?.conditions,
                { ContainerHealthy: state.health, ResourcesAvailable: state.resources },
                { Active: state.active },
              ),
            };
          },
          { subresource: "status" },
        );
        // The registry may answer later.
        return missing ? 10 * stage.second : undefined;
      },
    },
  );
};

/** A stand-in digest, the same for the same image: there is no registry to ask. */
const digestOf = (image: string): string =>
  image.includes("@")
    ? image
    : `${image.replace(/:[^/:]+$/, "")}@sha256:${createHash("sha256").update(image).digest("hex")}`;
