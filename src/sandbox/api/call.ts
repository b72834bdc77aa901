/** Who asks, for what, and how: what every operation behind the handler is given. */

import type { Obj } from "../types.ts";
import type { User } from "./access.ts";
import { ADMIN } from "./access.ts";
import type { Resource } from "./resource.ts";
import type { Store } from "./store.ts";

export interface World {
  readonly store: Store;
  readonly admission: Admission;
}

export interface Target {
  readonly resource: Resource;
  /** "" for cluster-scoped objects. */
  readonly namespace: string;
  /** "" for all of them. */
  readonly name: string;
  /** "" for the object itself. */
  readonly subresource: string;
}

/** How a request wants to write. */
export interface Call {
  readonly user: User;
  /** Field manager. */
  readonly manager: string;
  readonly dryRun: boolean;
  /** What happens to fields the kind does not have. */
  readonly validation: "Strict" | "Warn" | "Ignore";
  /** Collects Warning headers. */
  readonly warnings: string[];
}

/** A write that webhooks are asked about. */
export interface Admitted {
  readonly resource: Resource;
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly subresource: string;
  readonly object: Obj | undefined;
  readonly old: Obj | undefined;
  readonly call: Call;
}

export interface Admission {
  /** The object as mutating webhooks leave it; each is called in order of its configuration's name. */
  readonly mutate: (request: Admitted) => Promise<Obj | undefined>;
  readonly validate: (request: Admitted) => Promise<void>;
}

/** A write from inside this process. */
export const internalCall = (manager: string): Call => ({
  user: ADMIN,
  manager,
  dryRun: false,
  validation: "Ignore",
  warnings: [],
});

/** Now, or some seconds later, in RFC 3339 to the second, as the server stamps objects. */
export const timestamp = (later = 0): string =>
  new Date(Date.now() + later * 1000).toISOString().replace(/\.\d+Z$/, "Z");
