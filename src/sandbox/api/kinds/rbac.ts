/** Roles and bindings. */

import { checkBinding, checkRole } from "../escalation.ts";
import { equal, fieldsOf, fill, listOf, objectsOf } from "../json.ts";
import type { Rules } from "../resource.ts";
import type { FieldError } from "../status.ts";
import { required, unsupported, wrongText } from "../status.ts";
import { nameIsPathSegment } from "./names.ts";

const RBAC = "rbac.authorization.k8s.io";

export const roleRules: Rules = {
  authorize: (role, old, user, store) => checkRole(store, user, role, old),
  name: nameIsPathSegment,
  validate: (object) => {
    const errors: FieldError[] = [];
    objectsOf(object.rules).forEach((rule, index) => {
      const path = `rules[${index}]`;
      if (listOf(rule.verbs).length === 0)
        errors.push(required(`${path}.verbs`, "verbs must contain at least one value"));
      if (listOf(rule.nonResourceURLs).length > 0) return;
      if (listOf(rule.apiGroups).length === 0)
        errors.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
      if (listOf(rule.resources).length === 0)
        errors.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
    });
    return errors;
  },
};

export const bindingRules: Rules = {
  authorize: (binding, _old, user, store) => checkBinding(store, user, binding),
  name: nameIsPathSegment,
  defaults: (draft) => {
    const role = fieldsOf(draft.roleRef);
    if (role.apiGroup === "" || role.apiGroup === undefined) role.apiGroup = RBAC;
    for (const subject of objectsOf(draft.subjects))
      if (subject.kind === "User" || subject.kind === "Group") fill(subject, { apiGroup: RBAC });
  },
  validate: (object, old) => {
    const errors: FieldError[] = [];
    const role = fieldsOf(object.roleRef);
    const kinds = object.kind === "RoleBinding" ? ["ClusterRole", "Role"] : ["ClusterRole"];
    if (!kinds.includes(String(role.kind))) errors.push(unsupported("roleRef.kind", role.kind, kinds));
    if (!role.name) errors.push(required("roleRef.name"));
    objectsOf(object.subjects).forEach((subject, index) => {
      if (!subject.name) errors.push(required(`subjects[${index}].name`));
      // In a RoleBinding an account without a namespace is one of the binding's own.
      if (subject.kind === "ServiceAccount" && !subject.namespace && object.kind === "ClusterRoleBinding")
        errors.push(required(`subjects[${index}].namespace`));
    });
    if (old && !equal(object.roleRef, old.roleRef)) {
      const shown = JSON.stringify({ APIGroup: role.apiGroup, Kind: role.kind, Name: role.name });
      errors.push(wrongText("roleRef", shown, "cannot change roleRef"));
    }
    return errors;
  },
};
