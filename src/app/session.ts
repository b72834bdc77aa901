import type { Snapshot } from "../kube/snapshot.ts";
import type { StandIns } from "../releases/index.ts";
import type { Tools } from "./tools.ts";

/** The connection of one command to its cluster. */
export interface Session {
  readonly tools: Tools;
  /** The same, with every read answered from one snapshot: one list for each kind. */
  readonly frozen: Tools;
  readonly live: Snapshot;
  /** Of the server, `1.36.2`. */
  readonly version: string;
  /** Of a rehearsal in which they take the place of every source of releases. */
  readonly standIns?: StandIns;
  /** Something else to be closed with it. */
  readonly onClose: (close: () => void) => void;
  readonly close: () => void;
}
