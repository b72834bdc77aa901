/** A request that was understood, and its answer. */

import type { Post } from "./authenticate.ts";
import type { Account } from "./office.ts";

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

export interface Call {
  readonly post: Post;
  /** The account that signed. */
  readonly owner: Account;
  /** The last part of the path. */
  readonly id: string;
}
