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
