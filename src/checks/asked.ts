import { at, type KubeObject } from "../ports/object.ts";
import { requestOf } from "./room.ts";

/** A pod that objects of a release make, and what it asks for in the unit of `quantity`. */
export interface AskingPod {
  readonly deployment: KubeObject;
  readonly cpu: bigint;
  readonly memory: bigint;
}

/** Every pod that the Deployments and StatefulSets make at least: as many as their scalers leave. */
export const podsOf = (objects: readonly KubeObject[]): readonly AskingPod[] => {
  const least = (deployment: KubeObject): number => {
    const scaler = objects.find(
      (object) =>
        object.kind === "HorizontalPodAutoscaler" &&
        object.metadata.namespace === deployment.metadata.namespace &&
        at(object, "spec", "scaleTargetRef", "name") === deployment.metadata.name,
    );
    return Number(at(scaler, "spec", "minReplicas") ?? at(deployment, "spec", "replicas") ?? 1);
  };
  return objects
    .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
    .flatMap((deployment) => {
      const pod = { spec: at(deployment, "spec", "template", "spec") };
      const one = { deployment, cpu: requestOf(pod, "cpu"), memory: requestOf(pod, "memory") };
      return Array.from({ length: least(deployment) }, () => one);
    });
};
