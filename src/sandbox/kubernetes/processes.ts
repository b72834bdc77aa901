import type { ChangeEvent, Obj } from "../types.ts";
import type { Drain } from "./ending.ts";

/**
 * A program that the world knows by heart. Containers of other workloads simply run and are ready at once; these act, and
 * depend on what the real ones depend on.
 */
export interface Program {
  /** The Deployment whose pods run it, `namespace/name`, or how such pods are told. */
  readonly deployment: string | ((pod: Obj) => boolean);
  /** Called at each start of the container. A text is the last line of its log: the process exits with code 1. */
  readonly start?: (pod: Obj) => string | undefined | Promise<string | undefined>;
  /** The readiness probe, asked after the start and after each change that `watches` names. */
  readonly isReady?: (pod: Obj) => boolean;
  readonly watches?: (event: ChangeEvent) => boolean;
  /** How it ends when its pod is deleted; at once when absent. */
  readonly drain?: Drain;
}

export const isRunBy = (pod: Obj, { deployment }: Program): boolean =>
  typeof deployment === "string" ? deployment === deploymentOf(pod) : deployment(pod);

/** A container that runs to an end, as the program in its image sees it. */
export interface Task {
  readonly pod: Obj;
  readonly args: readonly string[];
  /** From `env` and `envFrom`, Secrets decoded. */
  readonly env: Readonly<Record<string, string>>;
  /** It is told to end: its pod was deleted. */
  readonly signal: AbortSignal;
}

export interface Ended {
  readonly exitCode: number;
  /** All that it wrote. */
  readonly log: string;
}

/** A program by the image it is in. Only containers of pods that run to an end are given to it. */
export type Work = (task: Task) => Promise<Ended>;

/** The Deployment a pod belongs to, `namespace/name`, by the name of its ReplicaSet. */
export const deploymentOf = (pod: Obj): string | undefined => {
  const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === "ReplicaSet");
  const hash = pod.metadata.labels?.["pod-template-hash"];
  return owner && hash ? `${pod.metadata.namespace}/${owner.name.slice(0, -hash.length - 1)}` : undefined;
};
