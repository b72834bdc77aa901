import type { World } from "../call.ts";
import type { Client } from "../client.ts";
import type { Registry } from "../registry.ts";

/** What a controller of the API server's own works with. */
export interface Cluster {
  readonly client: Client;
  readonly world: World;
  readonly registry: Registry;
  /** PEM, for kube-root-ca.crt. */
  readonly ca: string;
  /** Of the server, e.g. `v1.36.2`. */
  readonly version: string;
  /** Milliseconds that one second lasts. */
  readonly second: number;
}
