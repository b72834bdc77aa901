import type { NodeSpec } from "../kubernetes/nodes.ts";
import { aks } from "./aks.ts";
import type { Cloud, Size } from "./cloud.ts";
import { eks } from "./eks.ts";
import { gke } from "./gke.ts";
import { k3s } from "./k3s.ts";
import { kind } from "./kind.ts";
import { openshift } from "./openshift.ts";

export type { Cloud, Size } from "./cloud.ts";

/** A file and a line for each. */
const CLOUDS = [eks, gke, aks, kind, k3s, openshift] as const satisfies readonly Cloud[];
export type CloudName = (typeof CLOUDS)[number]["id"];

export const cloudOf = (name: CloudName | undefined): Cloud | undefined => CLOUDS.find(({ id }) => id === name);

/** Nodes as they come in that cloud, or as they come nowhere in particular; `asked`: how many of which size, each as is usual there where absent. */
export const nodesOf = (
  name: CloudName | undefined,
  asked: { readonly count?: number; readonly cpus?: number; readonly memory?: number } = {},
): readonly NodeSpec[] => {
  const { usual, node } = cloudOf(name) ?? NOWHERE;
  const { count = usual.count, cpus = usual.cpus } = asked;
  // Nobody says how much memory: as much for each CPU as is usual.
  const memory = asked.memory ?? (usual.memory / usual.cpus) * cpus;
  return Array.from({ length: count }, (_none, number) => node(number, count, { cpus, memory }));
};

/** What is recommended for a real cluster. */
const NOWHERE: Pick<Cloud, "usual" | "node"> = {
  usual: { count: 3, cpus: 4, memory: 16 },
  node: (number: number, _count: number, { cpus, memory }: Size): NodeSpec => ({
    name: `rehearsal-${number + 1}`,
    cpu: String(cpus),
    memory: `${memory}Gi`,
    internalIP: "127.0.0.1",
    externalIP: "127.0.0.1",
  }),
};
