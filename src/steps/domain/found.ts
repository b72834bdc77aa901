import { defaultDomains, networkSettings } from "../../checks/found.ts";
import { createNaming, type Naming } from "../../config/naming.ts";
import type { ObjectRef } from "../../ports/object.ts";
import type { Seen } from "../part.ts";

export const CONFIG_DOMAIN: ObjectRef = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name: "config-domain",
};

/** How Knative calls Services, as its ConfigMaps say, whoever wrote them. Undefined: it has no default domain. */
export const foundNaming = async ({ ctx, network }: Pick<Seen, "ctx" | "network">): Promise<Naming | undefined> => {
  const [domain] = defaultDomains(await ctx.cluster.get(CONFIG_DOMAIN));
  if (domain === undefined) return undefined;
  const { template, scheme } = networkSettings(network);
  return createNaming({ template, domain, namespaces: [], isHttps: scheme === "https" });
};
