import type { Door } from "./cert-manager/door.ts";
import type { Gateway } from "./front.ts";
import type { DataPlane } from "./knative/data-plane.ts";
import type { Pull } from "./knative/digests.ts";
import type { Drain } from "./kubernetes/ending.ts";
import type { Election } from "./kubernetes/leader-election.ts";
import type { Logs } from "./kubernetes/logs/files.ts";
import type { Admits } from "./kubernetes/pod-proxy.ts";
import type { ServedAt } from "./kubernetes/port-forward.ts";
import type { Program, Work } from "./kubernetes/processes.ts";
import type { Stage } from "./objects.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Obj } from "./types.ts";
import type { Webhook } from "./webhooks.ts";

/** An area of an installation: what its release contains, and what acts in a cluster to which that was applied. */
export interface Part {
  readonly name: string;
  /**
   * What its release contains, from our own inventory, by `component/asset`: names, labels, selectors, ports, kinds and webhooks agree
   * with the real one, the rest is as little as a rehearsal needs. For machines that have neither the release's files nor a network.
   */
  readonly standIns: Readonly<Record<string, (version: string) => readonly Obj[]>>;
  /** What acts in one world; nothing of it may act before the part is installed. Absent: its Deployments just run. */
  readonly play?: (ground: Ground) => Playing;
}

/** The queue of a controller. */
export interface Queue {
  readonly name: string;
  /** Keys that wait now, and that have ever been put into it. */
  readonly depth: number;
  readonly adds: number;
}

/** What a port of a pod answers to Prometheus; `refused`: nothing listens there, whatever the pod declares. */
export type Exported = { readonly text: string } | "refused";

/** What a part finds in the world that it plays in. */
export interface Ground {
  readonly stage: Stage;
  readonly logs: Logs;
  /** The registry's refusal of an image. */
  readonly pull: Pull;
  /** How CAs and DNS are reached; absent: there are none. */
  readonly door: Door | undefined;
  /** Carries on what a gateway lets through. */
  readonly dataPlane: DataPlane;
  /** By what all parts say. */
  readonly admits: Admits;
  /** By what all parts say. */
  readonly servedAt: ServedAt;
  /** Those of all controllers. */
  readonly queues: () => readonly Queue[];
}

/** What a part gives to the world that it plays in. */
export interface Playing {
  readonly programs?: readonly Program[];
  readonly reconcilers?: readonly Reconciler[];
  readonly elections?: readonly Election[];
  readonly webhooks?: readonly Webhook[];
  readonly gateway?: Gateway;
  /** Where requests end that gateways let through; of one part. */
  readonly dataPlane?: DataPlane;
  /** How pods end that are known by their containers, not by their Deployment; undefined for other pods. */
  readonly drainOf?: (pod: Obj) => Drain | undefined;
  /** What it keeps from pods; absent: nothing. */
  readonly admits?: Admits;
  /** What runs to an end in a pod that is known by its containers; undefined for other pods. */
  readonly workOf?: (pod: Obj) => Work | undefined;
  /** What is answered at a port of one of its pods to a GET without a password; undefined: what listens there just answers. */
  readonly answers?: (pod: Obj, port: number, path: string) => string | undefined;
  /** Where on loopback a port of a pod is served, in plain http where the API server is to carry requests to it; absent, or undefined: nobody listens there. */
  readonly servedAt?: ServedAt;
  /** What is measured in a pod, at a port of it; undefined for other pods and ports. */
  readonly exports?: (pod: Obj, port: number) => Exported | undefined;
  /** Bytes that one of its pods keeps on its volumes; undefined for other pods. */
  readonly stored?: (pod: Obj) => number | undefined;
  /** Whether a container goes on running when the first of its pod has ended. */
  readonly outlives?: (container: Obj) => boolean;
}
