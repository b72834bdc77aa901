import { type AskingPod, podsOf, podsOnNodes } from "../../checks/asked.ts";
import type { Config } from "../../config/config.ts";
import { UNIT } from "../../kube/quantity.ts";
import { asLarge } from "./elastic.ts";
import { manifestsOf } from "./objects.ts";

/** In bytes; what its pods ask for. */
export interface Memory {
  readonly once: number;
  /** Beside that, on each node. */
  readonly eachNode: number;
}

const bytes = (pods: readonly AskingPod[]): number => Number(pods.reduce((sum, { memory }) => sum + memory, 0n) / UNIT);

/** What the choice of logging takes, as its manifests and the options about their size have it. */
export const memoryOf = async (config: Config): Promise<Memory> => {
  const objects = (await manifestsOf(config.logging)).map((object) => asLarge(object, config));
  return { once: bytes(podsOf(objects)), eachNode: bytes(podsOnNodes(objects)) };
};
