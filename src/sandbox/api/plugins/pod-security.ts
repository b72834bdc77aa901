/** The admission plugin PodSecurity (k8s.io/pod-security-admission admission): what the labels of a namespace enforce, and warn about. */

import type { Obj } from "../../types.ts";
import type { Call } from "../call.ts";
import { at } from "../json.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import { forbidden } from "../status.ts";
import type { Store } from "../store.ts";
import { type Level, violations } from "./pod-security-checks.ts";

const LABEL = "pod-security.kubernetes.io";
const STRICTNESS: readonly Level[] = ["privileged", "baseline", "restricted"];

/** Where workloads keep the template of their pods. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  "apps/daemonsets": ["spec", "template", "spec"],
  "apps/deployments": ["spec", "template", "spec"],
  "apps/replicasets": ["spec", "template", "spec"],
  "apps/statefulsets": ["spec", "template", "spec"],
  "batch/cronjobs": ["spec", "jobTemplate", "spec", "template", "spec"],
  "batch/jobs": ["spec", "template", "spec"],
};

interface Policy {
  readonly level: Level;
  /** `restricted:latest` */
  readonly name: string;
}

/** A level that is none counts as the strictest for `enforce`, and as none at all for `warn`. */
function policyOf(labels: Record<string, string>, mode: "enforce" | "warn"): Policy | undefined {
  const text = labels[`${LABEL}/${mode}`];
  if (text === undefined) return undefined;
  const level = STRICTNESS.find((known) => known === text) ?? (mode === "enforce" ? "restricted" : "privileged");
  return { level, name: `${level}:${labels[`${LABEL}/${mode}-version`] ?? "latest"}` };
}

/**
 * Refuses a new pod that breaks what its namespace enforces (403). Pods and workloads that break what it warns about, which is the same
 * unless a label says otherwise, are let through with a warning.
 */
export function checkPodSecurity(store: Store, resource: Resource, draft: Obj, call: Call): void {
  const key = storageKey(resource);
  const path = key === "/pods" ? ["spec"] : TEMPLATES[key];
  if (!path) return;
  const { namespace = "", name } = draft.metadata;
  const labels = store.get("/namespaces", "", namespace)?.metadata.labels ?? {};
  const enforced = policyOf(labels, "enforce");
  const spec = at(draft, ...path);
  const judge = (policy: Policy | undefined): string => (policy ? violations(policy.level, spec) : "");
  const broken = key === "/pods" ? judge(enforced) : "";
  if (broken !== "") throw forbidden(resource, name, `violates PodSecurity "${enforced?.name}": ${broken}`);
  const warned = policyOf(labels, "warn") ?? enforced;
  const wrong = judge(warned);
  if (wrong !== "") call.warnings.push(`would violate PodSecurity "${warned?.name}": ${wrong}`);
}
