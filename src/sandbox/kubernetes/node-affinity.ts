import type { Obj } from "../types.ts";

/** Whether a pod's nodeSelector and its required node affinity let it onto a node (k8s.io/component-helpers, scheduling/corev1/nodeaffinity). */
export const fitsNode = (spec: Obj | Record<string, unknown>, node: Obj): boolean => {
  const { nodeSelector = {}, affinity } = spec as Obj;
  const labels: Record<string, string> = node.metadata.labels ?? {};
  const terms: Obj[] | undefined =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (terms === undefined || terms.some((term) => holds(term, labels)))
  );
};

/** The taint that keeps a pod off a node (k8s.io/component-helpers, scheduling/corev1). */
export const untolerated = (spec: Obj | Record<string, unknown>, node: Obj): Obj | undefined => {
  const tolerations: readonly Obj[] = (spec as Obj).tolerations ?? [];
  const isTolerated = (taint: Obj): boolean =>
    tolerations.some(
      ({ key, operator = "Equal", value = "", effect }) =>
        (!effect || effect === taint.effect) &&
        (key ? key === taint.key : operator === "Exists") &&
        (operator === "Exists" || value === (taint.value ?? "")),
    );
  return ((node.spec?.taints ?? []) as Obj[]).find(
    (taint) => ["NoSchedule", "NoExecute"].includes(taint.effect) && !isTolerated(taint),
  );
};

/** A term without expressions matches nothing. */
const holds = ({ matchExpressions = [] }: Obj, labels: Readonly<Record<string, string>>): boolean =>
  matchExpressions.length > 0 &&
  (matchExpressions as Obj[]).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === "Exists") return value !== undefined;
    if (operator === "DoesNotExist") return value === undefined;
    const isIn = value !== undefined && values.includes(value);
    return operator === "In" ? isIn : operator === "NotIn" && !isIn;
  });
