import { at, isRecord, type KubeObject, listAt, textAt } from "../ports/object.ts";

/** The node affinity that a pod insists on. */
const AFFINITY = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];

/** Whether a pod of this spec is let onto a node: by its taints, and by the labels that the pod asks for (KubeScheduler, filters of nodes). */
export const isLetOn = (spec: unknown, node: KubeObject): boolean =>
  listAt(node, "spec", "taints").every((taint) => tolerates(spec, taint)) && hasLabels(spec, node);

const tolerates = (spec: unknown, taint: unknown): boolean => {
  const effect = textAt(taint, "effect");
  if (effect === "PreferNoSchedule") return true;
  return listAt(spec, "tolerations").some((one) => {
    const isOfKey = textAt(one, "operator") === "Exists" && textAt(one, "key") === "";
    const isSame =
      textAt(one, "key") === textAt(taint, "key") &&
      (textAt(one, "operator") === "Exists" || textAt(one, "value") === textAt(taint, "value"));
    return (isOfKey || isSame) && ["", effect].includes(textAt(one, "effect"));
  });
};

const hasLabels = (spec: unknown, { metadata: { labels = {} } }: KubeObject): boolean => {
  const selector = at(spec, "nodeSelector");
  const isSelected = !isRecord(selector) || Object.entries(selector).every(([key, value]) => labels[key] === value);
  const terms = listAt(spec, ...AFFINITY);
  return isSelected && (terms.length === 0 || terms.some((term) => holds(term, labels)));
};

/** A term without expressions matches nothing. */
const holds = (term: unknown, labels: Readonly<Record<string, string>>): boolean => {
  const expressions = listAt(term, "matchExpressions");
  return expressions.length > 0 && expressions.every((one) => expressionHolds(one, labels[textAt(one, "key")]));
};

const expressionHolds = (expression: unknown, value: string | undefined): boolean => {
  const isIn = value !== undefined && listAt(expression, "values").includes(value);
  switch (textAt(expression, "operator")) {
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "In":
      return isIn;
    case "NotIn":
      return !isIn;
    default:
      // Of numbers, which ours do not ask for.
      return true;
  }
};

/** Labels that a pod insists on: `disk=ssd`, or `disk` alone where any value will do. */
export const labelsAsked = (spec: unknown): readonly string[] => {
  const selector = at(spec, "nodeSelector");
  const selected = isRecord(selector) ? Object.entries(selector).map(([key, value]) => `${key}=${value}`) : [];
  const required = listAt(spec, ...AFFINITY).flatMap((term) =>
    listAt(term, "matchExpressions").map((one) =>
      [textAt(one, "key"), ...listAt(one, "values").slice(0, 1).map(String)].join("="),
    ),
  );
  return [...selected, ...required];
};
