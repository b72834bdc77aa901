import { fail, ok, skipped, warn } from "../core/check.ts";
import type { Remedy } from "../ports/error.ts";
import { few } from "../ports/few.ts";
import type { Fix } from "../ports/fix.ts";
import { mend } from "../ports/mend.ts";
import { at, conditionOf, describe, type KubeObject, refOf, textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { configMap, defaultDomains } from "./found.ts";
import { healthCheck } from "./health-check.ts";
import { knativeServices } from "./services.ts";

const hostOf = (object: KubeObject): string => {
  try {
    return new URL(textAt(object, "status", "url")).hostname;
  } catch {
    return "";
  }
};

const CLAIM = "networking.internal.knative.dev/v1alpha1";

export const domainMappingsClaimed = healthCheck({
  id: "domain-mappings.claimed",
  title: "Every DomainMapping has its domain",
  needs: ["knative.installed"],
  reads: ["DomainMapping.serving.knative.dev", "ClusterDomainClaim.networking.internal.knative.dev"],
  meaning: "Nobody has given the namespace the domain, or another namespace has it; the name leads nowhere.",
  todo: "Make the ClusterDomainClaim for the namespace, or take the name from the other one. `autocreate-cluster-domain-claims` in config-network makes them by itself.",
  threads: ["knative/serving#11070", "knative/serving#12461"],
  run: async ({ cluster }) => {
    const [mappings, claims] = await Promise.all([
      cluster.list({ apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping" }),
      cluster.list({ apiVersion: CLAIM, kind: "ClusterDomainClaim" }),
    ]);
    if (mappings.length === 0) return skipped("there are none");
    const open = mappings.filter((mapping) => conditionOf(mapping, "DomainClaimed")?.status === "False");
    if (open.length === 0) return ok(`${mappings.length} mappings`);
    const holderOf = ({ metadata: { name } }: KubeObject): string =>
      textAt(
        claims.find(({ metadata }) => metadata.name === name),
        "spec",
        "namespace",
      );
    const taken = open.find((mapping) => !["", mapping.metadata.namespace].includes(holderOf(mapping)));
    const holder = taken && holderOf(taken);
    return fail(
      holder
        ? `${few(open.map(describe))} has no claim to its domain: namespace ${holder} has it`
        : `${few(open.map(describe))} has no claim to its domain`,
      holder
        ? {
            text: "Delete the mapping there first, or use another name.",
            command: sh`kubectl get domainmapping ${taken.metadata.name} ${inNamespace(holder)}`,
          }
        : claimed(open.filter((mapping) => holderOf(mapping) === "")),
      {
        evidence: open.map((mapping) => ({
          object: refOf(mapping),
          field: "condition DomainClaimed",
          observed: textAt(conditionOf(mapping, "DomainClaimed"), "message"),
        })),
      },
    );
  },
});

/** Who has made the mapping wants the name; that nobody else has it, or wants it, makes it safe to give. */
const claimed = (open: readonly KubeObject[]): Remedy => {
  const wanted = [...Map.groupBy(open, ({ metadata }) => metadata.name)];
  const disputed = wanted.find(([, same]) => same.length > 1);
  if (disputed)
    return {
      text: "Several namespaces want the same name: keep the mapping of one.",
      command: sh`kubectl get domainmapping -A --field-selector ${`metadata.name=${disputed[0]}`}`,
    };
  if (wanted.length === 0) return { text: "It has been claimed meanwhile; look again." };
  const claim = ([name, [mapping]]: (typeof wanted)[number]): Fix => ({
    action: "create",
    object: { apiVersion: CLAIM, kind: "ClusterDomainClaim", name },
    fields: { spec: { namespace: mapping?.metadata.namespace ?? "" } },
    safe: `Nobody has ${name}, and one DomainMapping asks for it.`,
    rest: "Knative's controller takes the mapping up.",
  });
  return mend("Make the claim.", ...wanted.map(claim));
};

const PRIVATE_LABEL = "networking.knative.dev/visibility";

export const servicesPublic = healthCheck({
  id: "domain.public",
  title: "Services that are not private have names outside the cluster",
  needs: ["knative.installed"],
  reads: ["Service.serving.knative.dev", "ConfigMap"],
  meaning:
    "No domain was set, so that URLs end in svc.cluster.local, which only the cluster resolves, or in example.com.",
  todo: "Set a domain: `kn-bootstrap install --domain DOMAIN`, or a key in ConfigMap knative-serving/config-domain.",
  threads: ["knative/serving#15120"],
  run: async (ctx) => {
    const all = (await knativeServices(ctx)).filter(
      ({ metadata }) => metadata.labels?.[PRIVATE_LABEL] !== "cluster-local",
    );
    const domains = defaultDomains(await ctx.cluster.get(configMap("config-domain")));
    // Before 1.8 URLs end in example.com where no domain is set.
    const isUnset = ({ metadata: { name, namespace } }: KubeObject, host: string): boolean =>
      domains.length === 0 && host === `${name}.${namespace}.example.com`;
    const inside = all.filter(
      (service) => hostOf(service).endsWith(".svc.cluster.local") || isUnset(service, hostOf(service)),
    );
    if (inside.length === 0) return ok(`${all.length} of ${all.length} Services have one`);
    return warn(
      `${few(inside.map(describe))} ${inside.length === 1 ? "has" : "have"} no name outside the cluster`,
      {
        text: "Where that is not meant, set a domain.",
        command: sh`kubectl edit configmap config-domain -n knative-serving`,
      },
      {
        evidence: inside.map((service) => ({
          object: refOf(service),
          field: ".status.url",
          observed: at(service, "status", "url"),
        })),
      },
    );
  },
});
