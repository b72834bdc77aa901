import { add, edit, type Fault, isA, withStatus } from "./faults.ts";
import { object } from "./scene.ts";
import { change, type Shape } from "./shapes.ts";

/** Red Hat's releases have dates of their own. */
const OF_THE_PROJECT: readonly Shape[] = ["ours", "quickstart", "operator", "istio", "eks"];

/** What goes wrong inside of a cluster: with the installation, its settings, who may what. */
export const FAULTS_INSIDE: Readonly<Record<string, Fault>> = {
  "support has ended": {
    leads: "knative.support",
    in: OF_THE_PROJECT,
    break: edit(isA("Namespace", "knative-serving"), (one) => ({
      ...one,
      metadata: { ...one.metadata, labels: { ...one.metadata.labels, "app.kubernetes.io/version": "1.20.3" } },
    })),
  },
  "a definition is missing": {
    leads: "crds.established",
    break: edit(isA("CustomResourceDefinition", "podautoscalers.autoscaling.internal.knative.dev"), () => undefined),
  },
  "objects are stored in an old version": {
    leads: "crds.stored-versions",
    break: edit(isA("CustomResourceDefinition", "domainmappings.serving.knative.dev"), (one) =>
      withStatus(one, { storedVersions: ["v1alpha1", "v1beta1"] }),
    ),
  },
  "a Job of the release has failed": {
    leads: "knative.jobs",
    break: add(
      object(
        "Job.batch/v1",
        "knative-serving/storage-version-migration-serving-1.23.0",
        { status: { failed: 11, conditions: [{ type: "Failed", status: "True", message: "has reached the limit" }] } },
        { creationTimestamp: "2020-01-01T00:00:00Z" },
      ),
    ),
  },
  "the operator was removed before its object": {
    leads: "knative.terminating",
    in: ["operator", "openshift"],
    break: edit(isA("KnativeServing"), (one) => ({
      ...one,
      metadata: {
        ...one.metadata,
        deletionTimestamp: "2020-01-01T00:00:00Z",
        finalizers: ["knativeservings.operator.knative.dev"],
      },
    })),
  },
  "a drain waits for the activator": {
    leads: "cluster.drain",
    break: (scene) =>
      change(scene, (one) => {
        if (one.kind === "Node") return { ...one, spec: { ...(one.spec as object), unschedulable: true } };
        return one;
      }),
  },
};
