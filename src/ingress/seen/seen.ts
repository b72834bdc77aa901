import type { ClusterRead } from "../../ports/cluster.ts";
import type { ObjectRef } from "../../ports/object.ts";

/** Where the gateway of an ingress stands, by what the cluster says of it. */
export interface SeenGateway {
  /** What must run: controllers and, where they are Deployments, the gateway's own pods. */
  readonly deployments: readonly ObjectRef[];
  /** The same for what runs on every node. */
  readonly daemonSets: readonly ObjectRef[];
  /** What has the address: the Service before the gateway's pods, or the Gateway where none is named. Undefined: nothing is named. */
  readonly service: ObjectRef | undefined;
  /** Whose certificate it serves for all names; undefined: none. */
  readonly secret: ObjectRef | undefined;
}

/** An ingress that somebody else installs: it is looked at, and nothing of it is written. */
export interface SeenIngress {
  readonly id: string;
  /** For people: `Contour`. */
  readonly title: string;
  /** Value of `ingress-class` in config-network. */
  readonly className: string;
  /** Its Deployment in Knative's namespace, which bears its version. */
  readonly controller: ObjectRef;
  readonly look: (cluster: Pick<ClusterRead, "get" | "list">) => Promise<SeenGateway>;
}
