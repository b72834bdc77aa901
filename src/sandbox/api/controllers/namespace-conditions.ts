/** The five conditions in which the namespace controller says what it found (deletion/status_condition_utils.go). */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { fieldsOf } from "../json.ts";
import type { Resource } from "../resource.ts";

export interface Left {
  readonly resource: Resource;
  readonly object: Obj;
}

function counted(items: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * `left`: what remains, of the kinds that were counted; `failures`: the errors of deleting; `undiscovered`: the groups' versions, as
 * `metrics.k8s.io/v1beta1`, whose kinds could not be asked for.
 */
export function conditionsOf(
  left: readonly Left[],
  failures: readonly string[],
  undiscovered: readonly string[],
): Fields[] {
  const kinds = counted(left.map(({ resource }) => `${resource.plural}.${resource.group}`));
  const finalizers = counted(left.flatMap(({ object }) => object.metadata.finalizers ?? []));
  const resources = kinds.map(([kind, count]) => `${kind} has ${count} resource instances`).join(", ");
  const held = finalizers.map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).join(", ");
  const condition = (type: string, status: string, reason: string, message: string): Fields => ({
    type,
    status,
    reason,
    message,
  });
  return [
    undiscovered.length > 0
      ? condition(
          "NamespaceDeletionDiscoveryFailure",
          "True",
          "DiscoveryFailed",
          `Discovery failed for some groups, ${undiscovered.length} failing: ${discoveryError(undiscovered)}`,
        )
      : condition(
          "NamespaceDeletionDiscoveryFailure",
          "False",
          "ResourcesDiscovered",
          "All resources successfully discovered",
        ),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      "False",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    failures.length > 0
      ? condition(
          "NamespaceDeletionContentFailure",
          "True",
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(", ")}`,
        )
      : condition(
          "NamespaceDeletionContentFailure",
          "False",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ),
    left.length > 0
      ? condition(
          "NamespaceContentRemaining",
          "True",
          "SomeResourcesRemain",
          `Some resources are remaining: ${resources}`,
        )
      : condition("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed"),
    finalizers.length > 0
      ? condition(
          "NamespaceFinalizersRemaining",
          "True",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${held}`,
        )
      : condition(
          "NamespaceFinalizersRemaining",
          "False",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        ),
  ];
}

/** What client-go makes of an aggregated API whose server is away (discovery.ErrGroupDiscoveryFailed). */
export const discoveryError = (undiscovered: readonly string[]): string =>
  `unable to retrieve the complete list of server APIs: ${undiscovered.map((one) => `${one}: stale GroupVersion discovery: ${one}`).join(", ")}`;

/** Keeps the transition time of what did not change. */
export function withConditions(before: readonly unknown[], wanted: readonly Fields[], now: string): Fields[] {
  return wanted.map((condition) => {
    const old = before
      .map(fieldsOf)
      .find((candidate) => candidate.type === condition.type && candidate.status === condition.status);
    return { ...condition, lastTransitionTime: old?.lastTransitionTime ?? now };
  });
}
