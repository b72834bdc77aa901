import { dataOf, type ObjectRef } from "../../ports/object.ts";
import type { Seen } from "../part.ts";

export const CONFIG_DOMAIN: ObjectRef = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name: "config-domain",
};

/** The default domain as Knative takes it: the first of several. */
export const foundDomain = async ({ ctx }: Pick<Seen, "ctx">): Promise<string | undefined> =>
  Object.entries(dataOf(await ctx.cluster.get(CONFIG_DOMAIN)))
    .flatMap(([key, value]) => (!key.startsWith("_") && value.trim() === "" ? [key] : []))
    .sort()[0];
