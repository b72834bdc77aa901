/** Who may do what: RBAC evaluated for impersonated users; the administrator may do everything. */

import type { Obj } from "../types.ts";
import type { Fields } from "./json.ts";
import { fieldsOf, listOf, objectsOf } from "./json.ts";
import type { Store } from "./store.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is asked for: a resource, or a path like /metrics. */
export interface Attributes {
  readonly verb: string;
  readonly namespace: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly path?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** e.g. `RBAC: allowed by RoleBinding "editor/ns" of Role "editor" to User "jane"`. */
  readonly reason: string;
}

export const ADMIN: User = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };
const RBAC = "rbac.authorization.k8s.io";
/** Paths that the default roles system:public-info-viewer and system:discovery open. */
const PUBLIC_PATH = /^\/(api|apis|openapi|version|healthz|livez|readyz)(\/|$)/;
/** Reviews about oneself, as the default role system:basic-user. */
const SELF_REVIEWS: ReadonlySet<string> = new Set([
  "selfsubjectaccessreviews",
  "selfsubjectrulesreviews",
  "selfsubjectreviews",
]);

const holds = (list: unknown, value: string): boolean => listOf(list).includes("*") || listOf(list).includes(value);

export function decide(store: Store, user: User, wanted: Attributes): Decision {
  if (user.groups.includes("system:masters")) return { allowed: true, reason: "" };
  if (wanted.path !== undefined) {
    if (wanted.verb === "get" && PUBLIC_PATH.test(wanted.path))
      return {
        allowed: true,
        reason:
          'RBAC: allowed by ClusterRoleBinding "system:public-info-viewer" of ClusterRole "system:public-info-viewer" to Group "system:authenticated"',
      };
  } else if (wanted.verb === "create" && SELF_REVIEWS.has(wanted.resource))
    return {
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"',
    };
  for (const grant of grantsOf(store, user, wanted.namespace))
    if (grant.rules.some((rule) => covers(rule, wanted)))
      return { allowed: true, reason: `RBAC: allowed by ${grant.by}` };
  return { allowed: false, reason: "" };
}

/** The rules a user has in a namespace, as SelfSubjectRulesReview lists them. */
export const rulesOf = (store: Store, user: User, namespace: string): Fields[] =>
  [...grantsOf(store, user, namespace)].flatMap((grant) => grant.rules);

interface Grant {
  readonly rules: readonly Fields[];
  readonly by: string;
}

function* grantsOf(store: Store, user: User, namespace: string): Generator<Grant> {
  for (const binding of store.list(`${RBAC}/clusterrolebindings`)) yield* grantOf(store, user, binding, "");
  if (namespace !== "")
    for (const binding of store.list(`${RBAC}/rolebindings`, namespace))
      yield* grantOf(store, user, binding, namespace);
}

function* grantOf(store: Store, user: User, binding: Obj, namespace: string): Generator<Grant> {
  const subject = objectsOf(binding.subjects).find((candidate) => isSubject(candidate, user, namespace));
  if (!subject) return;
  const reference = fieldsOf(binding.roleRef);
  const inCluster = reference.kind === "ClusterRole";
  const role = store.get(
    `${RBAC}/${inCluster ? "clusterroles" : "roles"}`,
    inCluster ? "" : namespace,
    String(reference.name),
  );
  if (!role) return;
  const where = namespace === "" ? "" : `/${namespace}`;
  const who =
    subject.kind === "ServiceAccount"
      ? `${String(subject.name)}/${String(subject.namespace ?? namespace)}`
      : String(subject.name);
  yield {
    rules: objectsOf(role.rules),
    by: `${binding.kind} "${binding.metadata.name}${where}" of ${String(reference.kind)} "${role.metadata.name}" to ${String(subject.kind)} "${who}"`,
  };
}

function isSubject(subject: Fields, user: User, namespace: string): boolean {
  if (subject.kind === "User") return subject.name === user.name;
  if (subject.kind === "Group") return user.groups.includes(String(subject.name));
  return user.name === `system:serviceaccount:${String(subject.namespace ?? namespace)}:${String(subject.name)}`;
}

function covers(rule: Fields, wanted: Attributes): boolean {
  if (!holds(rule.verbs, wanted.verb)) return false;
  if (wanted.path !== undefined) {
    const { path } = wanted;
    return listOf(rule.nonResourceURLs).some(
      (url) => url === "*" || url === path || (String(url).endsWith("*") && path.startsWith(String(url).slice(0, -1))),
    );
  }
  if (!holds(rule.apiGroups, wanted.group)) return false;
  const resource = wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const named =
    holds(rule.resources, resource) ||
    (wanted.subresource !== "" && listOf(rule.resources).includes(`*/${wanted.subresource}`));
  if (!named) return false;
  const names = listOf(rule.resourceNames);
  return names.length === 0 || names.includes(wanted.name);
}

/** The sentence a refused user is told after "is forbidden: ". */
export function refusal(user: User, wanted: Attributes): string {
  const sub = wanted.subresource === "" ? "" : `/${wanted.subresource}`;
  const where = wanted.namespace === "" ? "at the cluster scope" : `in the namespace "${wanted.namespace}"`;
  return `User "${user.name}" cannot ${wanted.verb} resource "${wanted.resource}${sub}" in API group "${wanted.group}" ${where}`;
}
