/** HorizontalPodAutoscalers, PodDisruptionBudgets, Ingresses and NetworkPolicies. */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { fieldsOf, fill, isFields, listOf, objectsOf } from "../json.ts";
import type { Rules } from "../resource.ts";
import type { FieldError } from "../status.ts";
import { required, wrong, wrongText } from "../status.ts";
import { nameIsSubdomain } from "./names.ts";

const cpu = (percent: number): Fields => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: percent } },
});

export const autoscalerRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    fill(spec, { minReplicas: 1 });
    if (draft.apiVersion === "autoscaling/v2" && listOf(spec.metrics).length === 0) spec.metrics = [cpu(80)];
    if (isFields(spec.behavior)) defaultBehavior(spec.behavior);
  },
  validate: (object) => {
    const spec = fieldsOf(object.spec);
    const target = fieldsOf(spec.scaleTargetRef);
    const max = Number(spec.maxReplicas);
    const errors: FieldError[] = [];
    if (max < 1) errors.push(required("spec.maxReplicas", "must be set and greater than 0"));
    if (max < Number(spec.minReplicas))
      errors.push(wrong("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
    if (!target.kind) errors.push(required("spec.scaleTargetRef.kind"));
    if (!target.name) errors.push(required("spec.scaleTargetRef.name"));
    if (!target.apiVersion)
      errors.push(wrong("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group"));
    return errors;
  },
};

function defaultBehavior(behavior: Fields): void {
  const policy = (type: string, value: number): Fields => ({ type, value, periodSeconds: 15 });
  if (isFields(behavior.scaleUp))
    fill(behavior.scaleUp, {
      stabilizationWindowSeconds: 0,
      selectPolicy: "Max",
      policies: [policy("Pods", 4), policy("Percent", 100)],
    });
  if (isFields(behavior.scaleDown))
    fill(behavior.scaleDown, { selectPolicy: "Max", policies: [policy("Percent", 100)] });
}

const isCpu = (metric: Fields): boolean => metric.type === "Resource" && fieldsOf(metric.resource).name === "cpu";

/** autoscaling/v1 knows one metric; the others are not shown. */
export function autoscalerToV1(stored: Obj): Obj {
  const { metrics, behavior: _, ...spec } = fieldsOf(stored.spec);
  const { currentMetrics: __, conditions: ___, ...status } = fieldsOf(stored.status);
  const target = fieldsOf(fieldsOf(objectsOf(metrics).find(isCpu)?.resource).target).averageUtilization;
  return {
    ...stored,
    apiVersion: "autoscaling/v1",
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { currentReplicas: 0, ...status },
  };
}

export function autoscalerFromV1(object: Obj): Obj {
  const { targetCPUUtilizationPercentage: percent = 80, ...spec } = fieldsOf(object.spec);
  const { currentCPUUtilizationPercentage: _, ...status } = fieldsOf(object.status);
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    spec: { ...spec, metrics: [cpu(Number(percent))] },
    status: { desiredReplicas: 0, currentMetrics: null, ...status },
  };
}

export const budgetRules: Rules = {
  name: nameIsSubdomain,
  unconditional: false,
  validate: (object) => {
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = fieldsOf(object.spec);
    if (minAvailable === undefined || maxUnavailable === undefined) return [];
    const shown = JSON.stringify({
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    });
    return [wrongText("spec", shown, "minAvailable and maxUnavailable cannot be both set")];
  },
  generation: (object) => object.spec,
};

export const ingressRules: Rules = { name: nameIsSubdomain, generation: (object) => object.spec };

export const networkPolicyRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    for (const rule of [...objectsOf(spec.ingress), ...objectsOf(spec.egress)])
      for (const port of objectsOf(rule.ports)) fill(port, { protocol: "TCP" });
    fill(spec, { policyTypes: listOf(spec.egress).length > 0 ? ["Ingress", "Egress"] : ["Ingress"] });
  },
  generation: (object) => object.spec,
};
