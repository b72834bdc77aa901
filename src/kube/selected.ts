import { at, isRecord, type KubeObject } from "../ports/object.ts";

/** Whether the selector of a Service chooses pods with these labels, in its namespace. One without a selector chooses none. */
export const choosesPods = (service: KubeObject, labels: Readonly<Record<string, string>> = {}): boolean => {
  const selector = at(service, "spec", "selector");
  const wanted = Object.entries(isRecord(selector) ? selector : {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
};

/** Labels of the pods that a workload makes. */
export const templateLabels = (workload: KubeObject): Readonly<Record<string, string>> =>
  (at(workload, "spec", "template", "metadata", "labels") ?? {}) as Readonly<Record<string, string>>;
