import { quantity, UNIT } from "../../kube/quantity.ts";
import { at, type KubeObject } from "../../ports/object.ts";

const GIBIBYTE = 2n ** 30n * UNIT;
/** In vCPU: what is below goes without saying. */
const MUCH = 2n * UNIT;

const oneDecimal = (amount: bigint, unit: bigint): string => (Number(amount) / Number(unit)).toFixed(1);

/** What the pods ask for that these objects make at least, as a sentence; undefined: not much. */
export const requested = (title: string, objects: readonly KubeObject[]): string | undefined => {
  const least = (deployment: KubeObject): number => {
    const scaler = objects.find(
      (object) =>
        object.kind === "HorizontalPodAutoscaler" &&
        object.metadata.namespace === deployment.metadata.namespace &&
        at(object, "spec", "scaleTargetRef", "name") === deployment.metadata.name,
    );
    return Number(at(scaler, "spec", "minReplicas") ?? at(deployment, "spec", "replicas") ?? 1);
  };
  const sum = (resource: string): bigint =>
    objects
      .filter(({ kind }) => kind === "Deployment")
      .reduce((total, deployment) => {
        const containers = at(deployment, "spec", "template", "spec", "containers");
        const each = (Array.isArray(containers) ? containers : []).reduce<bigint>(
          (one, container) => one + (quantity(at(container, "resources", "requests", resource)) ?? 0n),
          0n,
        );
        return total + each * BigInt(least(deployment));
      }, 0n);
  const cpu = sum("cpu");
  return cpu < MUCH
    ? undefined
    : `${title} asks for ${oneDecimal(cpu, UNIT)} vCPU and ${oneDecimal(sum("memory"), GIBIBYTE)} GiB of memory.`;
};
