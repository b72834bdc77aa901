import type { RecordsTask } from "../../ports/facts.ts";
import type { Hosted, WorldSpec } from "./host.ts";
import type { Kept } from "./kept.ts";

/** What is said to that process. */
export type ToWorld =
  | { readonly kind: "start"; readonly kept: Kept; readonly spec: WorldSpec }
  | { readonly kind: "person"; readonly task: RecordsTask }
  /** What follows happens today. */
  | { readonly kind: "present" }
  /** It is on its own now, for so many seconds. */
  | { readonly kind: "stay"; readonly seconds: number };

/** What it says, once. */
export type FromWorld =
  | { readonly kind: "stands"; readonly process: Kept["process"]; readonly reached: Hosted["reached"] }
  | { readonly kind: "failed"; readonly error: Trouble };

/** Of an error, what arrives in another process: its code and what it was about are what makes it known there. */
export interface Trouble extends Pick<NodeJS.ErrnoException, "message" | "code" | "path" | "syscall"> {}
