import { createHash } from "node:crypto";
import type { Obj } from "../types.ts";

/** What net-istio takes from a kingress (networking pkg/ingress, pkg/apis/networking/v1alpha1). */

export interface Rule {
  readonly hosts: readonly string[];
  readonly visibility?: string;
  readonly http: { readonly paths: readonly Path[] };
}

export interface Path {
  readonly path?: string;
  readonly rewriteHost?: string;
  readonly headers?: Readonly<Record<string, { readonly exact: string }>>;
  readonly appendHeaders?: Readonly<Record<string, string>>;
  readonly splits: readonly Obj[];
}

export const rulesOf = (kingress: Obj): readonly Rule[] => kingress.spec?.rules ?? [];

export const isLocal = ({ visibility }: Rule): boolean => visibility === "ClusterLocal";

/** Those under which it is reached from outside. */
export const openHosts = (kingress: Obj): readonly string[] =>
  rulesOf(kingress)
    .filter((rule) => !isLocal(rule))
    .flatMap(({ hosts }) => hosts);

const SUFFIXES = ["", ".cluster.local", ".svc.cluster.local"];

/** Names of the cluster are known by their short forms as well; sorted, each once. */
export const expanded = (hosts: readonly string[]): readonly string[] => {
  const all = hosts.flatMap((host) =>
    SUFFIXES.filter((suffix) => host.endsWith(suffix)).map((suffix) => host.slice(0, host.length - suffix.length)),
  );
  return [...new Set(all.filter((host) => /[^0-9]/.test(host.split(".").at(-1) ?? "")))].toSorted();
};

/** By which the prober knows which version of a kingress the gateway has: of its spec as Go writes it, its namespace and its name. */
export const hashOf = ({ spec, metadata }: Obj): string =>
  createHash("sha256")
    .update(`${JSON.stringify(inGoOrder(spec))}${metadata.namespace}${metadata.name}`)
    .digest("hex");

const inGoOrder = ({ tls = [], rules = [], httpOption }: Record<string, unknown>): object => ({
  ...((tls as Obj[]).length > 0
    ? { tls: (tls as Obj[]).map((one) => fields(one, "hosts secretName secretNamespace")) }
    : {}),
  ...((rules as Rule[]).length > 0 ? { rules: (rules as Rule[]).map(ruleInGoOrder) } : {}),
  ...(httpOption ? { httpOption } : {}),
});

const ruleInGoOrder = (rule: Rule): object => ({
  ...fields(rule, "hosts visibility"),
  http: {
    paths: rule.http.paths.map((path) => ({
      ...fields(path, "path rewriteHost"),
      ...(path.headers ? { headers: sorted(path.headers) } : {}),
      splits: path.splits.map((split) => ({
        ...fields(split, "serviceNamespace serviceName servicePort percent"),
        ...(split.appendHeaders ? { appendHeaders: sorted(split.appendHeaders) } : {}),
      })),
      ...(path.appendHeaders ? { appendHeaders: sorted(path.appendHeaders) } : {}),
    })),
  },
});

const fields = (object: object, names: string): object => {
  const from = object as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.split(" ").flatMap((name) => (from[name] ? [[name, from[name]]] : [])));
};

const sorted = (record: object): object =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
