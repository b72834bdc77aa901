import type { Rule } from "../checks/cluster-role.ts";
import type { AccessQuestion } from "../ports/cluster.ts";

/** What may be done with one resource. No namespace: it has none. No names: with all of them. */
export interface Right {
  readonly namespace?: string;
  readonly group: string;
  readonly resource: string;
  readonly names?: readonly string[];
  readonly verbs: readonly string[];
}

/** Following an object takes these two. */
export const FOLLOW = ["list", "watch"];
/** An object is read by its name, and followed by a list and a watch with a field selector for it. */
export const READ = ["get", ...FOLLOW];

/** A wait reads these to say why pods do not run. */
export const explaining = (namespace: string): readonly Right[] => [
  { namespace, group: "", resource: "pods", verbs: FOLLOW },
  { namespace, group: "", resource: "events", verbs: FOLLOW },
];

/** A wait reads these to know whether Deployments run, and to say why not. */
export const watching = (namespace: string): readonly Right[] => [
  { namespace, group: "apps", resource: "deployments", verbs: FOLLOW },
  ...explaining(namespace),
];

/** The rules of one Role (or, without a namespace, of the ClusterRole), one for each resource and set of names. */
export const rulesIn = (
  rights: readonly Right[],
  namespace: string | undefined,
): readonly (Rule & {
  readonly resourceNames?: readonly string[];
})[] => {
  const there = rights.filter((right) => right.namespace === namespace);
  const alike = Map.groupBy(there, ({ group, names, verbs }) => JSON.stringify([group, names ?? [], verbs]));
  return [...alike.values()].map((same) => ({
    apiGroups: [same[0]?.group ?? ""],
    resources: [...new Set(same.map(({ resource }) => resource))],
    ...(same[0]?.names ? { resourceNames: same[0].names } : {}),
    verbs: same[0]?.verbs ?? [],
  }));
};

/** Each right as the server is asked for it. */
export const questionsFor = (rights: readonly Right[]): readonly AccessQuestion[] =>
  rights.flatMap(({ namespace, group, resource, names, verbs }) =>
    (names ?? [undefined]).flatMap((name) =>
      verbs.map((verb) => ({
        verb,
        group,
        resource,
        ...(namespace ? { namespace } : {}),
        ...(name ? { name } : {}),
      })),
    ),
  );
