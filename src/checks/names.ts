import { fail, ok, skipped, warn } from "../core/check.ts";
import { few } from "../ports/few.ts";
import { at, conditionOf, describe, type KubeObject, refOf, textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { healthCheck } from "./health-check.ts";
import { knativeServices } from "./services.ts";

/** RFC 1035 section 2.3.4 */
const MOST_OF_A_LABEL = 63;
const MOST_OF_A_NAME = 253;

const hostOf = (object: KubeObject): string => {
  try {
    return new URL(textAt(object, "status", "url")).hostname;
  } catch {
    return "";
  }
};

const isTooLong = (host: string): boolean =>
  host.length > MOST_OF_A_NAME || host.split(".").some((label) => label.length > MOST_OF_A_LABEL);

export const hostsFit = healthCheck({
  id: "services.hosts",
  title: "Every Service's host is one that the DNS can hold",
  needs: ["knative.installed"],
  reads: ["Service.serving.knative.dev"],
  meaning:
    "A label of the host is longer than 63 letters, or the host longer than 253: no name server answers for it, and no CA signs it.",
  todo: "Give the Service or its namespace a shorter name; with the flat template both make one label.",
  threads: ["knative/serving#5152", "knative/serving#14250"],
  run: async (ctx) => {
    const all = await knativeServices(ctx);
    const long = all.filter((service) => isTooLong(hostOf(service)));
    if (long.length === 0) return ok(`${all.length} hosts`);
    return fail(
      `the host of ${few(long.map(describe))} is longer than the DNS allows`,
      { text: "Give it a shorter name: a label has at most 63 letters, a host 253." },
      {
        evidence: long.map((service) => ({
          object: refOf(service),
          field: ".status.url",
          observed: textAt(service, "status", "url"),
        })),
      },
    );
  },
});

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
      cluster.list({ apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "ClusterDomainClaim" }),
    ]);
    if (mappings.length === 0) return skipped("there are none");
    const open = mappings.filter((mapping) => conditionOf(mapping, "DomainClaimed")?.status === "False");
    const [first] = open;
    if (!first) return ok(`${mappings.length} mappings`);
    const { name, namespace } = first.metadata;
    const holder = textAt(
      claims.find(({ metadata }) => metadata.name === name),
      "spec",
      "namespace",
    );
    const isTaken = holder !== "" && holder !== namespace;
    return fail(
      isTaken
        ? `${few(open.map(describe))} has no claim to its domain: namespace ${holder} has it`
        : `${few(open.map(describe))} has no claim to its domain`,
      isTaken
        ? {
            text: "Delete the mapping there first, or use another name.",
            command: sh`kubectl get domainmapping ${name} ${inNamespace(holder)}`,
          }
        : {
            text: "Make the claim.",
            command: sh`kubectl create -f - <<'END'
apiVersion: networking.internal.knative.dev/v1alpha1
kind: ClusterDomainClaim
metadata: { name: ${name} }
spec: { namespace: ${namespace ?? ""} }
END`,
          },
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

const PRIVATE_LABEL = "networking.knative.dev/visibility";

export const servicesPublic = healthCheck({
  id: "domain.public",
  title: "Services that are not private have names outside the cluster",
  needs: ["knative.installed"],
  reads: ["Service.serving.knative.dev"],
  meaning:
    "No domain was set, so that URLs end in svc.cluster.local, which only the cluster resolves, or in example.com.",
  todo: "Set a domain: `kn-bootstrap install --domain DOMAIN`, or a key in ConfigMap knative-serving/config-domain.",
  threads: ["knative/serving#15120"],
  run: async (ctx) => {
    const all = (await knativeServices(ctx)).filter(
      ({ metadata }) => metadata.labels?.[PRIVATE_LABEL] !== "cluster-local",
    );
    const inside = all.filter((service) => hostOf(service).endsWith(".svc.cluster.local"));
    if (inside.length === 0) return ok(`${all.length} Services`);
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
