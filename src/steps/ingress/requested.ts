import { podsOf } from "../../checks/asked.ts";
import { UNIT } from "../../kube/quantity.ts";
import type { KubeObject } from "../../ports/object.ts";

const GIBIBYTE = 2n ** 30n * UNIT;
/** In vCPU: what is below goes without saying. */
const MUCH = 2n * UNIT;

const oneDecimal = (amount: bigint, unit: bigint): string => (Number(amount) / Number(unit)).toFixed(1);

/** What the pods ask for that these objects make at least, as a sentence; undefined: not much. */
export const requested = (title: string, objects: readonly KubeObject[]): string | undefined => {
  const pods = podsOf(objects);
  const sum = (resource: "cpu" | "memory"): bigint => pods.reduce((total, pod) => total + pod[resource], 0n);
  return sum("cpu") < MUCH
    ? undefined
    : `${title} asks for ${oneDecimal(sum("cpu"), UNIT)} vCPU and ${oneDecimal(sum("memory"), GIBIBYTE)} GiB of memory.`;
};
