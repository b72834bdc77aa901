import { at, type KubeObject } from "../ports/object.ts";
import { requestOf } from "./room.ts";

/** A pod that objects to be installed make, and what it asks for in the unit of `quantity`. */
export interface AskingPod {
  readonly deployment: KubeObject;
  readonly cpu: bigint;
  readonly memory: bigint;
}

const onePod = (deployment: KubeObject): AskingPod => {
  const pod = { spec: at(deployment, "spec", "template", "spec") };
  return { deployment, cpu: requestOf(pod, "cpu"), memory: requestOf(pod, "memory") };
};

/** The pod that each DaemonSet makes on every node that lets it. */
export const podsOnNodes = (objects: readonly KubeObject[]): readonly AskingPod[] =>
  objects.filter(({ kind }) => kind === "DaemonSet").map(onePod);

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
      const one = onePod(deployment);
      return Array.from({ length: least(deployment) }, () => one);
    });
};
