import type { Split } from "../ingress/envoy.ts";
import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Api, Obj } from "../types.ts";

/** What the gateway needs to know of one kingress. */
export interface Translation {
  readonly key: string;
  readonly hosts: readonly VirtualHost[];
  /** `namespace/name` of the Services behind it. */
  readonly services: ReadonlySet<string>;
  /** Certificates of its own. */
  readonly tls: readonly KingressTls[];
}

export interface KingressTls {
  readonly hosts: readonly string[];
  readonly namespace: string;
  readonly name: string;
}

export const tlsOf = (kingress: Obj): readonly KingressTls[] =>
  ((kingress.spec?.tls ?? []) as Obj[]).map(({ hosts, secretNamespace, secretName }) => ({
    hosts: hosts as string[],
    namespace: secretNamespace as string,
    name: secretName as string,
  }));

export interface VirtualHost {
  readonly host: string;
  /** Cluster-local names are not served on the external listeners. */
  readonly isExternal: boolean;
  /** Plain HTTP is answered with 301 to https. */
  readonly redirects: boolean;
  readonly splits: readonly Split[];
}

const known = new WeakMap<Obj, ReadonlySet<string>>();

/** Of one version of a kingress: every change of a Service asks all of them. */
export const servicesOf = (kingress: Obj): ReadonlySet<string> => {
  const services =
    known.get(kingress) ??
    new Set(splitsOf(kingress).map(({ serviceNamespace, serviceName }) => `${serviceNamespace}/${serviceName}`));
  known.set(kingress, services);
  return services;
};

const splitsOf = (kingress: Obj): Obj[] =>
  (kingress.spec?.rules ?? []).flatMap(
    (rule: Obj) => rule.http?.paths?.flatMap((path: Obj) => path.splits ?? []) ?? [],
  );

/** Undefined while a Service behind the kingress is missing or has no ready endpoint: nothing is programmed then. */
export const translate = (api: Api, key: string, kingress: Obj, mayRedirect: boolean): Translation | undefined => {
  const services = servicesOf(kingress);
  const isServed = [...services].every((service) => {
    const [namespace = "", name = ""] = service.split("/");
    return (
      api.get({ apiVersion: "v1", kind: "Service", namespace, name }) && readyEndpoints(api, namespace, name).length > 0
    );
  });
  if (!isServed) return undefined;
  const hosts = (kingress.spec.rules as Obj[]).flatMap((rule) => {
    const isExternal = rule.visibility !== "ClusterLocal";
    const splits = (rule.http.paths as Obj[]).flatMap((path) =>
      (path.splits as Obj[]).map((split) => ({
        namespace: split.serviceNamespace as string,
        revision: split.serviceName as string,
        percent: (split.percent as number | undefined) ?? 100,
      })),
    );
    const redirects = mayRedirect && isExternal && kingress.spec.httpOption === "Redirected";
    return (rule.hosts as string[]).map((host) => ({ host, isExternal, redirects, splits }));
  });
  return { key, hosts, services, tls: tlsOf(kingress) };
};
