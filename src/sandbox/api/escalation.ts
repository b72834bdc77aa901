/** Nobody gives away rights that he does not have (k8s.io/kubernetes pkg/registry/rbac: clusterrole/policybased and its like). */

import type { Obj } from "../types.ts";
import type { Attributes, User } from "./access.ts";
import { decide } from "./access.ts";
import type { Fields } from "./json.ts";
import { fieldsOf, isFields, listOf } from "./json.ts";
import type { Named } from "./status.ts";
import { forbidden, notFound } from "./status.ts";
import type { Store } from "./store.ts";

const RBAC = "rbac.authorization.k8s.io";
const EVERYTHING: readonly Fields[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

const rulesOf = (role: Obj | undefined): readonly Fields[] => listOf(role?.rules).filter(isFields);
const pluralOf = (kind: unknown): "roles" | "clusterroles" => (kind === "Role" ? "roles" : "clusterroles");
const named = (plural: string): Named => ({ group: RBAC, plural, kind: "" });

/** Refuses roles with rules that their writer neither has nor may `escalate` to. Throws StatusError. */
export function checkRole(store: Store, user: User, role: Obj, old: Obj | undefined): void {
  const { namespace = "", name } = role.metadata;
  const plural = pluralOf(role.kind);
  if (mayGrant(store, user, "escalate", plural, namespace, name)) return;
  checkRules(store, user, namespace, rulesOf(role), named(plural), name);
  const aggregates = role.aggregationRule !== undefined || old?.aggregationRule !== undefined;
  if (aggregates && lackedOf(store, user, "", EVERYTHING).length > 0)
    throw forbidden(named(plural), name, "must have cluster-admin privileges to use the aggregationRule");
}

/** Refuses bindings to a role whose rules their writer neither has nor may `bind`. Throws StatusError. */
export function checkBinding(store: Store, user: User, binding: Obj): void {
  const { namespace = "", name } = binding.metadata;
  const reference = fieldsOf(binding.roleRef);
  const plural = pluralOf(reference.kind);
  const bound = String(reference.name);
  if (mayGrant(store, user, "bind", plural, namespace, bound)) return;
  const role = store.get(`${RBAC}/${plural}`, plural === "roles" ? namespace : "", bound);
  if (!role) throw notFound(named(plural), bound);
  checkRules(store, user, namespace, rulesOf(role), named(`${binding.kind.toLowerCase()}s`), name);
}

const mayGrant = (store: Store, user: User, verb: string, resource: string, namespace: string, name: string): boolean =>
  decide(store, user, { verb, namespace, group: RBAC, resource, subresource: "", name }).allowed;

function checkRules(
  store: Store,
  user: User,
  namespace: string,
  rules: readonly Fields[],
  res: Named,
  name: string,
): void {
  const lacked = lackedOf(store, user, namespace, rules);
  if (lacked.length === 0) return;
  const who = `user ${JSON.stringify(user.name)} (groups=[${user.groups.map((group) => JSON.stringify(group)).join(" ")}])`;
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${lacked.map(shown).sort().join("\n")}`;
  throw forbidden(res, name, why);
}

/** What of these rules the user lacks, one for each resource and path. */
function lackedOf(store: Store, user: User, namespace: string, rules: readonly Fields[]): Fields[] {
  const lacked = new Map<string, { rule: Fields; verbs: string[] }>();
  for (const { rule, wanted } of rules.flatMap((given) => partsOf(given, namespace))) {
    if (decide(store, user, wanted).allowed) continue;
    const key = JSON.stringify(rule);
    const entry = lacked.get(key) ?? { rule, verbs: [] };
    if (!entry.verbs.includes(wanted.verb)) entry.verbs.push(wanted.verb);
    lacked.set(key, entry);
  }
  return [...lacked.values()].map(({ rule, verbs }) => ({ ...rule, verbs }));
}

interface Part {
  readonly rule: Fields;
  readonly wanted: Attributes;
}

/** A rule taken apart into what can be asked; a wildcard is only covered by a wildcard. */
function partsOf(rule: Fields, namespace: string): Part[] {
  const texts = (field: string): string[] => listOf(rule[field]).map(String);
  const nothing = { namespace, group: "", resource: "", subresource: "", name: "" };
  const paths = texts("verbs").flatMap((verb) =>
    texts("nonResourceURLs").map((path) => ({ rule: { nonResourceURLs: [path] }, wanted: { ...nothing, verb, path } })),
  );
  const names = texts("resourceNames");
  const resources = texts("apiGroups").flatMap((group) =>
    texts("resources").flatMap((full) => {
      const [resource = "", subresource = ""] = full.split("/");
      return (names.length === 0 ? [""] : names).flatMap((name) =>
        texts("verbs").map((verb) => ({
          rule: { apiGroups: [group], resources: [full], ...(name === "" ? {} : { resourceNames: [name] }) },
          wanted: { verb, namespace, group, resource, subresource, name },
        })),
      );
    }),
  );
  return [...resources, ...paths];
}

const LABELS = [
  ["apiGroups", "APIGroups"],
  ["resources", "Resources"],
  ["nonResourceURLs", "NonResourceURLs"],
  ["resourceNames", "ResourceNames"],
  ["verbs", "Verbs"],
] as const;

/** As Go prints it: `{APIGroups:["apps"], Resources:["deployments"], Verbs:["create" "patch"]}`. */
function shown(rule: Fields): string {
  const parts = LABELS.flatMap(([field, label]) => {
    const values = listOf(rule[field]).map((value) => JSON.stringify(value));
    return values.length === 0 ? [] : [`${label}:[${values.join(" ")}]`];
  });
  return `{${parts.join(", ")}}`;
}
