/** The resources an established CustomResourceDefinition serves, one per version. */

import type { Obj } from "../../types.ts";
import { fieldsAt } from "../apply/field-set.ts";
import type { Fields } from "../json.ts";
import { at, fieldsOf, isFields, listOf, objectsOf } from "../json.ts";
import { nameIsSubdomain } from "../kinds/names.ts";
import type { Resource, Rules, ScalePaths } from "../resource.ts";
import { customSchema } from "../schema/custom.ts";
import { customColumns } from "../tables/custom.ts";
import { validateCustom } from "./validate.ts";

const VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

export const hasCondition = (object: Obj, type: string): boolean =>
  listOf(at(object, "status", "conditions")).some((c) => isFields(c) && c.type === type && c.status === "True");

/** Empty until the definition is established. */
export function servedBy(definition: Obj): Resource[] {
  if (!hasCondition(definition, "Established")) return [];
  const spec = fieldsOf(definition.spec);
  const names = fieldsOf(at(definition, "status", "acceptedNames"));
  const versions = objectsOf(spec.versions);
  return versions
    .filter((version) => version.served === true)
    .map((version) => {
      const openapi = fieldsOf(at(version, "schema", "openAPIV3Schema"));
      const status = isFields(at(version, "subresources", "status"));
      const scale = scalePaths(at(version, "subresources", "scale"));
      return {
        group: String(spec.group),
        version: String(version.name),
        plural: String(names.plural),
        singular: String(names.singular),
        kind: String(names.kind),
        listKind: String(names.listKind),
        namespaced: spec.scope === "Namespaced",
        shortNames: listOf(names.shortNames).map(String),
        categories: listOf(names.categories).map(String),
        verbs: VERBS,
        status,
        ...(scale ? { scale } : {}),
        others: [],
        schema: customSchema(openapi),
        zero: { apiVersion: `${String(spec.group)}/${String(version.name)}`, kind: String(names.kind), metadata: {} },
        rules: rulesOf(openapi, status, listOf(version.selectableFields)),
        excluded: status ? fieldsAt(["status"]) : fieldsAt(),
        statusExcluded: fieldsAt(["spec"]),
        custom: {
          openapi,
          terminating: hasCondition(definition, "Terminating"),
          columns: customColumns(objectsOf(version.additionalPrinterColumns)),
        },
      };
    });
}

function rulesOf(openapi: Fields, status: boolean, selectable: readonly unknown[]): Rules {
  return {
    unconditional: false,
    name: nameIsSubdomain,
    validate: (object) => validateCustom(openapi, object),
    generation: ({ apiVersion: _, kind: __, metadata: ___, status: state, ...rest }) =>
      status ? rest : { ...rest, state },
    fieldSelectors: Object.fromEntries(
      selectable.map((entry) => {
        const path = pathOf(fieldsOf(entry).jsonPath);
        return [path.join("."), (object: Obj) => String(at(object, ...path) ?? "")];
      }),
    ),
  };
}

/** `.spec.replicas` → its field names. */
const pathOf = (jsonPath: unknown): string[] =>
  String(jsonPath ?? "")
    .split(".")
    .filter((name) => name !== "");

function scalePaths(scale: unknown): ScalePaths | undefined {
  if (!isFields(scale)) return undefined;
  return {
    specReplicas: pathOf(scale.specReplicasPath),
    statusReplicas: pathOf(scale.statusReplicasPath),
    ...(scale.labelSelectorPath === undefined ? {} : { selector: pathOf(scale.labelSelectorPath) }),
  };
}
