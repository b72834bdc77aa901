import type { Stage } from "../objects.ts";
import type { Api } from "../types.ts";
import { parseGoTemplate } from "./go-template.ts";
import { CLUSTER_DOMAIN, CLUSTER_LOCAL, NAMESPACE, VISIBILITY } from "./names.ts";
import { firstDocument } from "./yaml.ts";

/** Serving's ConfigMaps as its controllers read them: new key before old key, defaults of networking pkg/config/config.go. */

type Labels = Record<string, string>;

export const readConfig = (api: Api, name: string, namespace = NAMESPACE): Record<string, string> =>
  api.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name })?.data ?? {};

const CONFIG_MAPS = new Set([
  "config-network",
  "config-domain",
  "config-autoscaler",
  "config-deployment",
  "config-observability",
]);

/** True for the ConfigMaps whose change makes every Knative object be looked at again. */
export const isServingConfig = (object: { kind: string; metadata: { name: string; namespace?: string } }): boolean =>
  object.kind === "ConfigMap" && object.metadata.namespace === NAMESPACE && CONFIG_MAPS.has(object.metadata.name);

export interface NetworkSettings {
  readonly ingressClass: string;
  readonly domainTemplate: string;
  readonly tagTemplate: string;
  readonly httpOption: "Enabled" | "Redirected" | "";
  readonly externalScheme: string;
  readonly externalDomainTls: boolean;
}

const HTTP_OPTIONS = { enabled: "Enabled", redirected: "Redirected", disabled: "" } as const;

const httpOptionOf = (protocol: string | undefined): NetworkSettings["httpOption"] =>
  HTTP_OPTIONS[(protocol || "enabled").toLowerCase() as keyof typeof HTTP_OPTIONS] ?? "";

export const networkSettings = ({ api }: Stage, annotations: Labels = {}): NetworkSettings => {
  const data = readConfig(api, "config-network");
  const own = (...keys: string[]) => keys.map((key) => annotations[`networking.knative.dev/${key}`]).find(Boolean);
  return {
    ingressClass:
      own("ingress-class", "ingress.class") ??
      data["ingress-class"] ??
      data["ingress.class"] ??
      "istio.ingress.networking.knative.dev",
    domainTemplate: data["domain-template"] ?? data.domainTemplate ?? "{{.Name}}.{{.Namespace}}.{{.Domain}}",
    tagTemplate: data["tag-template"] ?? data.tagTemplate ?? "{{.Tag}}-{{.Name}}",
    httpOption: httpOptionOf(own("http-protocol", "httpProtocol") ?? data["http-protocol"] ?? data.httpProtocol),
    externalScheme: data["default-external-scheme"] ?? data.defaultExternalScheme ?? "http",
    externalDomainTls:
      (data["external-domain-tls"] ?? data["auto-tls"] ?? data.autoTLS ?? "").toLowerCase() === "enabled",
  };
};

/** The domain of a Route: the most specific selector wins, then the alphabetically first (route/config/domain.go). */
export const domainFor = ({ api }: Stage, labels: Labels): string => {
  if (labels[VISIBILITY] === CLUSTER_LOCAL) return CLUSTER_DOMAIN;
  const domains = Object.entries(readConfig(api, "config-domain"))
    .filter(([domain]) => domain !== "_example")
    .map(([domain, text]) => {
      const value = firstDocument(text) as { selector?: Labels } | undefined | null;
      return { domain, selector: Object.entries(value?.selector ?? {}) };
    });
  if (!domains.some(({ selector }) => selector.length === 0)) domains.push({ domain: CLUSTER_DOMAIN, selector: [] });
  const [best] = domains
    .filter(({ selector }) => selector.every(([key, value]) => labels[key] === value))
    .sort((a, b) => b.selector.length - a.selector.length || (a.domain < b.domain ? -1 : 1));
  return best?.domain ?? CLUSTER_DOMAIN;
};

/** Of one DNS label (RFC 1035, 2.3.4). */
const MAX_LABEL = 63;

export interface HostInput {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Of a traffic target; empty for the Route itself. */
  readonly tag: string;
}

/**
 * The host of a Route or of one of its tags. Cluster-local names never use the domain template. Throws an Error with
 * Serving's words when a template fails or its result is no domain name.
 */
export const hostFor = (stage: Stage, input: HostInput): { host: string; isLocal: boolean } => {
  const { domainTemplate, tagTemplate } = networkSettings(stage);
  const domain = domainFor(stage, input.labels);
  const isLocal = domain === CLUSTER_DOMAIN;
  const name =
    input.tag === ""
      ? input.name
      : parseGoTemplate("tag-template", tagTemplate).execute({ Name: input.name, Tag: input.tag }, "TagTemplateValues");
  const isMarkedLocal = input.labels[VISIBILITY] === CLUSTER_LOCAL;
  const template = isMarkedLocal ? "{{.Name}}.{{.Namespace}}.{{.Domain}}" : domainTemplate;
  const host = parseGoTemplate("domain-template", template).execute(
    { Name: name, Namespace: input.namespace, Domain: domain, Labels: input.labels, Annotations: input.annotations },
    "DomainTemplateValues",
  );
  const tooLong = host.split(".").find((label) => label.length > MAX_LABEL);
  if (tooLong !== undefined) {
    const why = `url: Invalid value: "${tooLong}": must be no more than ${MAX_LABEL} characters`;
    throw new Error(`domain name error: invalid domain name "${host}": ${why}`);
  }
  return { host, isLocal };
};
