import { ownerReference } from "../objects.ts";
import type { Obj } from "../types.ts";
import { expanded, hashOf, isLocal, type Path, type Rule, rulesOf } from "./kingress.ts";
import { INGRESS_LABEL, ISTIO } from "./names.ts";

/** The VirtualServices of a kingress (net-istio pkg/reconciler/ingress/resources/virtual_service.go). */

/** `namespace/name` of the Gateways for its open and its local rules. */
export interface Bound {
  readonly open: readonly string[];
  readonly local: readonly string[];
}

const ROUTE_LABELS = ["serving.knative.dev/route", "serving.knative.dev/routeNamespace"];
const LOCAL_SUFFIX = ".svc.cluster.local";

export const HASH_HEADER = "K-Network-Hash";
const OVERRIDE = "override";

export const virtualServicesOf = (kingress: Obj, bound: Bound): readonly Obj[] => {
  const rules = rulesOf(kingress).map((rule) => withProbe(rule, hashOf(kingress)));
  const hosts = rules.flatMap((rule) => rule.hosts);
  const inside = hosts.filter((host) => host.endsWith(LOCAL_SUFFIX));
  const meshHosts = bound.local.length > 0 ? expanded(inside) : inside.toSorted();
  const mesh = { open: ["mesh"], local: ["mesh"] };
  const isBound = rules.some((rule) => (isLocal(rule) ? bound.local : bound.open).length > 0);
  return [
    ...(meshHosts.length > 0 ? [virtualService(kingress, "mesh", rules, mesh, meshHosts)] : []),
    ...(isBound ? [virtualService(kingress, "ingress", rules, bound, expanded(hosts))] : []),
  ];
};

/** Requests of the prober are told apart, and marked with the version of the kingress that answers them. */
const withProbe = (rule: Rule, hash: string): Rule => ({
  ...rule,
  http: {
    paths: [
      ...rule.http.paths.map((path) => ({
        ...path,
        headers: { ...path.headers, [HASH_HEADER]: { exact: OVERRIDE } },
        appendHeaders: { ...path.appendHeaders, [HASH_HEADER]: hash },
      })),
      ...rule.http.paths,
    ],
  },
});

const virtualService = (
  kingress: Obj,
  suffix: "mesh" | "ingress",
  rules: readonly Rule[],
  bound: Bound,
  hosts: readonly string[],
): Obj => {
  const { name, namespace = "", labels = {}, annotations = {} } = kingress.metadata;
  const kept = Object.entries(labels).filter(([label]) => ROUTE_LABELS.includes(label));
  const http = rules.flatMap((rule) => {
    const known = rule.hosts.filter((host) => hosts.includes(host));
    const gateways = isLocal(rule) ? bound.local : bound.open;
    return known.length === 0 ? [] : rule.http.paths.map((path) => routeOf(path, known, gateways.toSorted()));
  });
  const used = http.flatMap(({ match }) => match.flatMap(({ gateways }) => gateways));
  return {
    apiVersion: ISTIO,
    kind: "VirtualService",
    metadata: {
      name: `${name}-${suffix}`,
      namespace,
      labels: { ...Object.fromEntries(kept), [INGRESS_LABEL]: name },
      annotations: { ...annotations },
      ownerReferences: [ownerReference(kingress)],
    },
    spec: { hosts: [...hosts], gateways: [...new Set(used)].toSorted(), http },
  };
};

const routeOf = (
  { path, headers, splits, appendHeaders, rewriteHost }: Path,
  hosts: readonly string[],
  gateways: string[],
) => ({
  match: prefixesOf(hosts).map((prefix) => ({
    gateways,
    authority: { prefix },
    ...(path ? { uri: { prefix: path } } : {}),
    ...(headers && Object.keys(headers).length > 0 ? { headers } : {}),
  })),
  retries: {},
  route: splits.map(({ serviceName, serviceNamespace, servicePort, percent, appendHeaders: set }) => ({
    destination: { host: `${serviceName}.${serviceNamespace}${LOCAL_SUFFIX}`, port: { number: servicePort } },
    ...(percent ? { weight: percent } : {}),
    ...requestHeaders(set),
  })),
  ...(rewriteHost ? { rewrite: { authority: rewriteHost } } : {}),
  ...requestHeaders(appendHeaders),
});

const requestHeaders = (set: Readonly<Record<string, string>> | undefined): object =>
  set && Object.keys(set).length > 0 ? { headers: { request: { set } } } : {};

/** Without those of which another is the beginning. */
const prefixesOf = (hosts: readonly string[]): readonly string[] => {
  const found: string[] = [];
  for (const host of hosts.toSorted()) {
    const prefix = host.endsWith(LOCAL_SUFFIX) ? host.slice(0, -LOCAL_SUFFIX.length) : host;
    if (!found.some((other) => prefix.startsWith(other))) found.push(prefix);
  }
  return found.toSorted();
};
