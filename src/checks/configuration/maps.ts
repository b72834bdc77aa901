import type { ReadContext } from "../../core/check.ts";
import { dataOf, type KubeObject } from "../../ports/object.ts";
import { KNATIVE } from "../found.ts";

/** Where the release explains every key, commented out; nothing in it counts. */
export const EXAMPLE = "_example";

/** Their keys are domains, or names that people choose. */
export const FREE: ReadonlySet<string> = new Set([
  "config-domain",
  "config-logging",
  "config-istio",
  "config-gateway",
  "config-certmanager",
]);
/** Knative's ConfigMaps, of whatever component: each brings an example. */
export const configMaps = async ({ cluster }: ReadContext): Promise<readonly KubeObject[]> =>
  (await cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: KNATIVE })).filter(({ metadata }) =>
    metadata.name.startsWith("config-"),
  );

/** The keys that an example explains, commented out or not: those at the left margin, and those behind one `#`. */
export const keysExplained = (config: KubeObject): ReadonlySet<string> =>
  new Set(
    [...(dataOf(config)[EXAMPLE] ?? "").matchAll(/^(?:# ?)?([a-z][\w.-]*):(?: |$)/gim)].map(([, key = ""]) => key),
  );
