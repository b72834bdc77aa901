import { recordEvent } from "../kubernetes/events.ts";
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
import { type Obj, StatusError } from "../types.ts";
import { livingConditions, no, passedOn, unknown, type Verdict, yes } from "./conditions.ts";
import { digestResolver, type Pull } from "./digests.ts";
import { durationSeconds } from "./durations.ts";
import { AUTOSCALING, CONTROLLER, SERVING } from "./names.ts";
import { livingIn } from "./process.ts";
import { revisionDeployment } from "./revision-deployment.ts";
import { isServingConfig, readConfig } from "./settings.ts";

/** Revisions: image digests, the Deployment of the user's pods, and a PodAutoscaler. */
export const revisions = (stage: Stage, pull: Pull): Reconciler => {
  const { api } = stage;
  const digests = digestResolver(stage, pull);

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

  const ensureDeployment = async (revision: Obj): Promise<{ deployment: Obj; isNew: boolean }> => {
    const desired = revisionDeployment(revision, podSettings(revision));
    const current = api.get(refOf(desired));
    if (!current) return { deployment: await api.create(CONTROLLER, desired), isNew: true };
    if (covers(current.spec.template, desired.spec.template)) return { deployment: current, isNew: false };
    const updated = await api.update(CONTROLLER, refOf(current), (draft) => {
      draft.spec.template = desired.spec.template;
    });
    return { deployment: updated ?? current, isNew: false };
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

  /** What the Deployment says, and its first pod (reconcile_resources.go, revision_lifecycle.go). */
  const judgeDeployment = (revision: Obj, deployment: Obj): Marks => {
    const progressing = conditionOf(deployment, "Progressing");
    const failure = conditionOf(deployment, "ReplicaFailure");
    const pods = api
      .list("v1", "Pod", revision.metadata.namespace)
      .filter((pod) => pod.metadata.labels?.["serving.knative.dev/revisionUID"] === revision.metadata.uid);
    const isWanting = deployment.spec.replicas > 0 && !deployment.status?.availableReplicas;
    const [pod] = isWanting ? pods : [];
    const users: Obj[] = (pod?.status?.containerStatuses ?? []).filter(({ name }: Obj) => name !== "queue-proxy");
    const scheduled = conditionOf(pod, "PodScheduled");

    const resources = (): Verdict => {
      const isLate = progressing?.status === "False";
      const waiting = isLate ? users.find(({ state }) => state?.waiting)?.state.waiting : undefined;
      if (waiting) return no(waiting.reason, waiting.message);
      if (scheduled?.status === "False") return no(scheduled.reason, scheduled.message);
      if (failure?.status === "True") return no(failure.reason, failure.message);
      if (isLate) return no(progressing.reason, progressing.message);
      return progressing?.status === "True" ? yes() : unknown("Deploying");
    };
    const health = (): Verdict | undefined => {
      if (deployment.status?.readyReplicas > 0) return yes();
      const exit = users.find(({ lastState }) => lastState?.terminated)?.lastState.terminated;
      return exit && no(`ExitCode${exit.exitCode}`, `Container failed with: ${exit.message ?? ""}`);
    };
    return { resources: resources(), health: health() };
  };

  /** What the autoscaler adds to it: the Deployment's bad news stands (PropagateAutoscalerStatus). */
  const judge = (revision: Obj, before: Marks, autoscaler: Obj): Marks & { active: Verdict } => {
    const health = before.health ?? passedOn(revision, "ContainerHealthy");
    const isBad = before.resources.status === "False" || health?.status === "False";
    const state = passedOn(autoscaler, "Ready");
    const isInitialized = isTrue(autoscaler, "ScaleTargetInitialized");
    const hasService = Boolean(autoscaler.status?.serviceName);
    const active = state ?? unknown("Deploying");
    if (state?.status === "False" && !isInitialized && !isBad && hasService)
      return { resources: no("ProgressDeadlineExceeded", "Initial scale was never achieved"), health, active };
    if (isInitialized && hasService && !isBad) return { resources: yes(), health: yes(), active };
    const isEarly = before.resources.status === "True" || (!state && !isBad);
    return { resources: isEarly ? unknown("Deploying") : before.resources, health: before.health, active };
  };

  const write = async (revision: Obj, marks: Partial<Marks> & { readonly active?: Verdict }): Promise<void> => {
    const autoscaler = api.get(refAt(AUTOSCALING, "PodAutoscaler", keyOf(revision)));
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
            { ResourcesAvailable: marks.resources, ContainerHealthy: marks.health },
            marks.active ? { Active: marks.active } : {},
          ),
        };
      },
      { subresource: "status" },
    );
  };

  /** As every reconciler of Knative tells what went wrong in it. */
  const tellError = (revision: Obj, message: string): Promise<void> =>
    recordEvent(api, "revision-controller", revision, "Warning", "InternalError", message);

  const deploy = async (revision: Obj): Promise<void> => {
    let made: Awaited<ReturnType<typeof ensureDeployment>>;
    try {
      made = await ensureDeployment(revision);
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.code === 409) throw error;
      await write(revision, { resources: unknown("Deploying"), health: unknown("Deploying") });
      const name = `${revision.metadata.name}-deployment`;
      const message = `failed to create deployment ${JSON.stringify(name)}: ${error.message}`;
      throw new StatusError({ ...error.status, message });
    }
    const marks = judgeDeployment(revision, made.deployment);
    const autoscaler = await ensureAutoscaler(revision);
    await write(revision, judge(revision, made.isNew ? { ...marks, health: unknown("Deploying") } : marks, autoscaler));
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
        const resolution = await digests(found);
        const revision = api.get(refAt(SERVING, "Revision", key));
        if (!revision) return undefined;
        if (!resolution) {
          await deploy(revision);
          return undefined;
        }
        if ("wait" in resolution) {
          await write(revision, { resources: unknown("ResolvingDigests") });
          return resolution.wait;
        }
        await write(revision, { health: no("ContainerMissing", resolution.refusal) });
        await tellError(revision, resolution.refusal);
        return 1;
      },
    },
  );
};

/** What is marked in a Revision; undefined stays as it is. */
interface Marks {
  readonly resources: Verdict;
  readonly health: Verdict | undefined;
}
