import type { Config } from "../../config/config.ts";

/** Of queue-proxy, which alone writes the lines of requests: the activator writes those that went through it once more. */
const REQUESTS = "/var/log/containers/*_queue-proxy-*.log";
const EVERYTHING = "/var/log/containers/*.log";

export type Collected = NonNullable<Config["loggingCollect"]>;

export const collectedOf = ({ loggingCollect = "services" }: Pick<Config, "loggingCollect">): Collected =>
  loggingCollect;

/** Files of a node that hold it, and more than it where only labels tell. */
export const filesOf = (collected: Collected): string => (collected === "requests" ? REQUESTS : EVERYTHING);
