/** CustomResourceDefinitions: their defaults and what makes a schema structural. APIServices: those of the server itself. */

import type { Obj } from "../../types.ts";
import { timestamp } from "../call.ts";
import type { Fields } from "../json.ts";
import { fieldsOf, fill, isFields, listOf, objectsOf } from "../json.ts";
import type { Rules } from "../resource.ts";
import type { FieldError } from "../status.ts";
import { immutable, required, wrong } from "../status.ts";
import { nameIsSubdomain } from "./names.ts";

function defaults(draft: Obj): void {
  const spec = fieldsOf(draft.spec);
  const names = fieldsOf(spec.names);
  fill(names, { singular: String(names.kind ?? "").toLowerCase(), listKind: `${String(names.kind ?? "")}List` });
  fill(spec, { conversion: { strategy: "None" } });
  const service = fieldsOf(fieldsOf(fieldsOf(spec.conversion).webhook).clientConfig).service;
  if (isFields(service)) fill(service, { port: 443 });
}

function prepare(draft: Obj, old: Obj | undefined): void {
  const storage = objectsOf(draft.spec?.versions).find((version) => version.storage === true)?.name;
  if (!old) draft.status = { ...draft.status, storedVersions: [] };
  const status = fieldsOf(draft.status);
  const stored = listOf(status.storedVersions);
  if (storage !== undefined && !stored.includes(storage))
    draft.status = { ...status, storedVersions: [...stored, storage] };
}

function validate(object: Obj, old: Obj | undefined): FieldError[] {
  const spec = fieldsOf(object.spec);
  const names = fieldsOf(spec.names);
  const errors: FieldError[] = [];
  if (object.metadata.name !== `${String(names.plural)}.${String(spec.group)}`)
    errors.push(wrong("metadata.name", object.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  for (const field of ["plural", "singular", "kind", "listKind"] as const)
    if (!names[field]) errors.push(required(`spec.names.${field}`));
  if (!spec.group) errors.push(required("spec.group"));
  const versions = objectsOf(spec.versions);
  if (versions.filter((version) => version.storage === true).length !== 1)
    errors.push(wrong("spec.versions", versions, "must have exactly one version marked as storage version"));
  versions.forEach((version, index) => {
    const schema = fieldsOf(version.schema).openAPIV3Schema;
    // With a single version the server reports it as the internal, shared field.
    const path =
      versions.length === 1 ? "spec.validation.openAPIV3Schema" : `spec.versions[${index}].schema.openAPIV3Schema`;
    if (!isFields(schema))
      errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, "schemas are required"));
    else structural(schema, path, true, errors);
  });
  if (
    old &&
    listOf(old.status?.conditions).some((c) => fieldsOf(c).type === "Established" && fieldsOf(c).status === "True")
  ) {
    if (spec.scope !== old.spec?.scope) errors.push(immutable("spec.scope", spec.scope));
    if (spec.group !== old.spec?.group) errors.push(immutable("spec.group", spec.group));
    if (names.kind !== old.spec?.names?.kind) errors.push(immutable("spec.names.kind", names.kind));
  }
  return errors;
}

/** Every specified field has a type, unless it is int-or-string or open. */
function structural(schema: Fields, path: string, root: boolean, errors: FieldError[]): void {
  const typed = typeof schema.type === "string" && schema.type !== "";
  const loose =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (!typed && (root || !loose))
    errors.push(
      required(
        `${path}.type`,
        `must not be empty ${root ? "at the root" : `for specified ${path.endsWith(".items") ? "array items" : "object fields"}`}`,
      ),
    );
  for (const [name, child] of Object.entries(fieldsOf(schema.properties)))
    structural(fieldsOf(child), `${path}.properties[${name}]`, false, errors);
  if (isFields(schema.items)) structural(schema.items, `${path}.items`, false, errors);
  if (isFields(schema.additionalProperties))
    structural(schema.additionalProperties, `${path}.additionalProperties`, false, errors);
}

export const definitionRules: Rules = {
  name: nameIsSubdomain,
  unconditional: false,
  defaults,
  prepare,
  validate,
  generation: (object) => object.spec,
};

/** What the server itself serves is available from the beginning. */
export const apiServiceRules: Rules = {
  name: nameIsSubdomain,
  prepare: (draft, old) => {
    if (old || fieldsOf(draft.spec).service) return;
    const message = "Local APIServices are always available";
    const available = { type: "Available", status: "True", lastTransitionTime: timestamp(), reason: "Local", message };
    draft.status = { conditions: [available] };
  },
};
