import type { Remedy } from "../../ports/error.ts";
import type { Evidence } from "../../ports/facts.ts";
import { at, isRecord, type KubeObject } from "../../ports/object.ts";

/** What a namespace will not let in, said before a pod is asked for. */
export interface Barred {
  readonly summary: string;
  readonly remedy: Remedy;
  readonly evidence: readonly Evidence[];
}

export const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

export const containersOf = (deployment: KubeObject): readonly Record<string, unknown>[] =>
  listOf(at(deployment, "spec", "template", "spec", "containers"));

/** Of `limits.memory`: what a container says itself, else what a LimitRange gives it. */
export const saysOf = (container: Record<string, unknown>, measure: string, ranges: readonly KubeObject[]): unknown => {
  const [kind, resource] = measure.includes(".") ? measure.split(".", 2) : ["requests", measure];
  const resources = at(container, "resources");
  const own = at(resources, kind ?? "", resource ?? "");
  // A limit alone is the request too.
  const asLimit = kind === "requests" ? at(resources, "limits", resource ?? "") : undefined;
  const given = ranges
    .flatMap((range) => listOf(at(range, "spec", "limits")))
    .filter((limit) => limit.type === "Container")
    .map(
      (limit) =>
        at(limit, kind === "limits" ? "default" : "defaultRequest", resource ?? "") ??
        at(limit, "default", resource ?? ""),
    )
    .find((one) => one !== undefined);
  return own ?? asLimit ?? given;
};
