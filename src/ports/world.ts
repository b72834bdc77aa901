import type { ClusterRead } from "./cluster.ts";

/** What checks read. The engine hands it on and never looks inside, so it knows it by this name alone. */
export type WorldRead = ClusterRead;
