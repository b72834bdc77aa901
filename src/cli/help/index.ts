import type { Topic } from "./topic.ts";

export { type Topic, topicText } from "./topic.ts";

/** What `help TOPIC` knows. A new one is a file beside this one that exports its text, and a line here. */
// biome-ignore format: a table is read row by row
export const topics: readonly Topic[] = [
  { name: "config", summary: "Options in a file or in the environment, and which one wins", load: () => import("./config.ts") },
  { name: "options", summary: "Every option of every command, its key, its variable and its default", load: () => import("./options.ts") },
  { name: "dns", summary: "Who makes the domain point at the gateway, and with which credentials", load: () => import("./dns.ts") },
  { name: "tls", summary: "Where the certificate comes from, and which names it has to cover", load: () => import("./tls.ts") },
  { name: "renewal", summary: "Who replaces the certificate, when, and how to leave it to a CronJob", load: () => import("./renewal.ts") },
  { name: "rehearse", summary: "The embedded world: the same install without a cluster, and faults on demand", load: () => import("./rehearse.ts") },
  { name: "exit-codes", summary: "What the program ends with, for scripts", load: () => import("./exit-codes.ts") },
];
