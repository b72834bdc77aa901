import { createNaming, type Naming } from "../../config/naming.ts";
import { dataOf, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import type { Seen } from "../part.ts";

export const CONFIG_DOMAIN: ObjectRef = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name: "config-domain",
};

/** Knative's own, where config-network says none. */
const DEFAULT_TEMPLATE = "{{.Name}}.{{.Namespace}}.{{.Domain}}";

/** The default domain as Knative takes it: the first of several. */
const domainIn = (config: KubeObject | undefined): string | undefined =>
  Object.entries(dataOf(config))
    .flatMap(([key, value]) => (!key.startsWith("_") && value.trim() === "" ? [key] : []))
    .sort()[0];

/** How Knative calls Services, as its ConfigMaps say, whoever wrote them. Undefined: it has no default domain. */
export const foundNaming = async ({ ctx, network }: Pick<Seen, "ctx" | "network">): Promise<Naming | undefined> => {
  const domain = domainIn(await ctx.cluster.get(CONFIG_DOMAIN));
  if (domain === undefined) return undefined;
  const template = network["domain-template"] ?? DEFAULT_TEMPLATE;
  const isHttps = network["default-external-scheme"] === "https";
  return createNaming({ template, domain, namespaces: [], isHttps });
};
