import type { HealthCheck } from "../../checks/health-check.ts";
import { HOME } from "../../kube/inventory.ts";
import type { ApiResource } from "../../ports/cluster.ts";
import { groupOf, type ObjectRef } from "../../ports/object.ts";
import type { Right } from "../rights.ts";
import { RESULT } from "./objects.ts";

/** What was read by its name; without one, those of its kind. */
export type Asked = Pick<ObjectRef, "kind" | "namespace"> & { readonly name?: string };

const READ = ["get", "list"];
/** Nobody may read all of them: of these the account gets what it asks for. */
const BY_NAME: ReadonlySet<string> = new Set(["Secret"]);

/**
 * What a diagnosis reads, and what publishing it writes: of each kind that a check says it looks at `get` and `list`, wherever it is: a
 * namespace that is asked about may not be there yet. Of Secrets those that were asked for. `known`: the server's discovery, which names the
 * resources.
 */
export const doctorRights = (
  checks: readonly HealthCheck[],
  asked: readonly Asked[],
  known: readonly ApiResource[],
): readonly Right[] => [...readRights(checks, known), ...LOGS, ...namedRights(asked), ...WRITTEN];

/** What these checks read. Of kinds that the server does not have, nothing; of Secrets those that were asked for. */
export const rightsToLook = (
  checks: readonly HealthCheck[],
  asked: readonly Asked[],
  known: readonly ApiResource[],
): readonly Right[] => {
  const served = new Set(known.map(({ apiVersion, plural }) => `${plural}.${groupOf(apiVersion)}`));
  return [
    ...readRights(checks, known).filter(({ resource, group }) => served.has(`${resource}.${group}`)),
    ...(checks.some(({ reads }) => reads.includes("logs")) ? LOGS : []),
    ...namedRights(asked),
  ];
};

/** Some checks read the last lines of the containers of Knative and its ingress. */
const LOGS: readonly Right[] = [{ group: "", resource: "pods/log", verbs: ["get"] }];

const readRights = (checks: readonly HealthCheck[], known: readonly ApiResource[]): readonly Right[] => {
  const plurals = new Map(known.map(({ apiVersion, kind, plural }) => [`${kind}.${groupOf(apiVersion)}`, plural]));
  const kinds = [...new Set(checks.flatMap(({ reads }) => reads))]
    .filter((reading) => /^[A-Z]/.test(reading))
    .toSorted();
  return kinds.flatMap((reading) => {
    const [kind = "", ...group] = reading.split(".");
    if (BY_NAME.has(reading)) return [];
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
  const secrets = Map.groupBy(
    asked.filter(({ kind }) => BY_NAME.has(kind)),
    ({ namespace = "" }) => namespace,
  );
  return [...secrets.keys()].toSorted().map((namespace) => ({
    ...{ namespace, group: "", resource: "secrets", verbs: ["get"] },
    names: sorted(secrets.get(namespace)?.map(({ name }) => name) ?? []),
  }));
};

/** The result, and Events wherever what they are about is. */
const WRITTEN: readonly Right[] = [
  { namespace: HOME, group: "", resource: "configmaps", verbs: ["create"] },
  { namespace: HOME, group: "", resource: "configmaps", names: [RESULT.name], verbs: ["get", "patch"] },
  { group: "", resource: "events", verbs: ["create", "patch"] },
];
