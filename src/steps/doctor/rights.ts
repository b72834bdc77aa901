import type { HealthCheck } from "../../checks/health-check.ts";
import { HOME } from "../../kube/inventory.ts";
import type { ApiResource } from "../../ports/cluster.ts";
import { groupOf, type ObjectRef } from "../../ports/object.ts";
import type { Right } from "../rights.ts";
import { RESULT } from "./objects.ts";

/** An object that was read by its name, or the ones of its kind in a namespace. */
export type Asked = Pick<ObjectRef, "kind" | "namespace"> & { readonly name?: string };

const READ = ["get", "list"];
/** Nobody may read all of them: of these the account gets what it asks for. */
const BY_NAME: ReadonlySet<string> = new Set(["Secret"]);
const BY_NAMESPACE: ReadonlySet<string> = new Set(["ConfigMap"]);

/**
 * What a diagnosis reads, and what publishing it writes: of each kind that a check says it looks at `get` and `list`; of ConfigMaps those in
 * the namespaces that were asked about, of Secrets those that were. `known`: the server's discovery, which names the resources.
 */
export const doctorRights = (
  checks: readonly HealthCheck[],
  asked: readonly Asked[],
  known: readonly ApiResource[],
): readonly Right[] => [...readRights(checks, known), ...namedRights(asked), ...WRITTEN];

const readRights = (checks: readonly HealthCheck[], known: readonly ApiResource[]): readonly Right[] => {
  const plurals = new Map(known.map(({ apiVersion, kind, plural }) => [`${kind}.${groupOf(apiVersion)}`, plural]));
  const kinds = [...new Set(checks.flatMap(({ reads }) => reads))]
    .filter((reading) => /^[A-Z]/.test(reading))
    .toSorted();
  return kinds.flatMap((reading) => {
    const [kind = "", ...group] = reading.split(".");
    if (BY_NAME.has(reading) || BY_NAMESPACE.has(reading)) return [];
    const resource = plurals.get(`${kind}.${group.join(".")}`) ?? pluralOf(kind);
    return [{ group: group.join("."), resource, verbs: READ }];
  });
};

/** As the definitions of all these kinds have it. */
const pluralOf = (kind: string): string => {
  const name = kind.toLowerCase();
  if (/(s|x|ch)$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
};

const namedRights = (asked: readonly Asked[]): readonly Right[] => {
  const sorted = (texts: readonly (string | undefined)[]) =>
    [...new Set(texts.flatMap((text) => text ?? []))].toSorted();
  const maps = sorted(asked.flatMap(({ kind, namespace }) => (BY_NAMESPACE.has(kind) ? namespace : [])));
  const secrets = Map.groupBy(
    asked.filter(({ kind }) => BY_NAME.has(kind)),
    ({ namespace = "" }) => namespace,
  );
  return [
    ...maps.map((namespace) => ({ namespace, group: "", resource: "configmaps", verbs: READ })),
    ...[...secrets.keys()].toSorted().map((namespace) => ({
      ...{ namespace, group: "", resource: "secrets", verbs: ["get"] },
      names: sorted(secrets.get(namespace)?.map(({ name }) => name) ?? []),
    })),
  ];
};

/** The result, and Events wherever what they are about is. */
const WRITTEN: readonly Right[] = [
  { namespace: HOME, group: "", resource: "configmaps", verbs: ["create"] },
  { namespace: HOME, group: "", resource: "configmaps", names: [RESULT.name], verbs: ["get", "patch"] },
  { group: "", resource: "events", verbs: ["create", "patch"] },
];
