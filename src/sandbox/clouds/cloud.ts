import type { LoadBalancer } from "../kubernetes/load-balancers.ts";
import type { NodeSpec } from "../kubernetes/nodes.ts";
import type { Obj } from "../types.ts";

/** How large a node's machine is. */
export interface Size {
  readonly cpus: number;
  /** GiB. */
  readonly memory: number;
}

/** What a managed Kubernetes, or one for one's own machine, is known by: what it writes on nodes, and what it brings. */
export interface Cloud<Id extends string = string> {
  readonly id: Id;
  /** How its builds of a release call themselves: `v1.33.5-eks-3025e55` for `v1.33.5`. */
  readonly build?: (release: string) => string;
  /** The size of its nodes where nobody says another, and how many. */
  readonly usual: Size & { readonly count: number };
  /** The node of this number, from 0 on, among so many. Its kubelet's version is the server's. */
  readonly node: (number: number, count: number, size: Size) => NodeSpec;
  /** What LoadBalancer Services get. */
  readonly loadBalancer: LoadBalancer;
  /** The machine's own ports 80 and 443 lead to node ports (kind-config.yaml). */
  readonly isKind?: true;
  readonly storageClasses: readonly StorageClass[];
  /** What else is in a new cluster of it. */
  readonly objects?: readonly Obj[];
}

export interface StorageClass {
  readonly name: string;
  readonly provisioner: string;
  readonly isDefault?: true;
}

/** Nodes of a world are reached at loopback, whatever their names say. */
export const HERE = { internalIP: "127.0.0.1", externalIP: "127.0.0.1" } as const;

/** Thousandths of a CPU that a kubelet keeps back where it goes by GKE's steps, as EKS does too: 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the others. */
export const steppedCpu = (cpus: number): number =>
  [...Array(cpus).keys()].reduce((sum, core) => sum + (core === 0 ? 60 : core === 1 ? 10 : core < 4 ? 5 : 2.5), 0);

export const GIB = 1024;

/** What is left of a size when `cpu` thousandths and `memory` MiB are kept back. */
export const leaving = ({ cpus, memory }: Size, kept: { readonly cpu: number; readonly memory: number }) => ({
  cpu: `${Math.floor(cpus * 1_000 - kept.cpu)}m`,
  memory: `${Math.floor((memory * GIB - kept.memory) * GIB)}Ki`,
});

/** Region and zone, as a cloud's controller writes them. */
export const topology = (region: string, zone: string) => ({
  "topology.kubernetes.io/region": region,
  "topology.kubernetes.io/zone": zone,
});

/** A name that looks like those that clouds make up, the same for the same node. */
export const hex = (number: number, digits: number): string =>
  Math.imul(number + 1, 2_654_435_761)
    .toString(16)
    .replace("-", "")
    .padStart(digits, "0a1b2c3d4e5f67890")
    .slice(-digits);
