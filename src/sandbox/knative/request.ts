import type { Obj } from "../types.ts";

export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly uri: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
  /** The pod that sends it; absent: somebody who is no pod. */
  readonly from?: Obj;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}
