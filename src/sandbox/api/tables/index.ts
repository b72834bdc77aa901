/** What `kubectl get` asks for: objects as the rows of a table (meta/v1 Table). */

import type { Obj } from "../../types.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import { BUILTIN } from "./builtin.ts";
import { AGE, type Column, NAME } from "./column.ts";

const TABLE = /application\/json;\s*as=Table;\s*v=v1;\s*g=meta\.k8s\.io/;

export const wantsTable = (accept: string): boolean => TABLE.test(accept);

const columnsOf = (resource: Resource): readonly Column[] =>
  resource.custom?.columns ?? BUILTIN[storageKey(resource)] ?? [NAME, AGE];

/** `included`: how much of each object goes with its row: `None`, `Metadata` (default) or `Object`. */
export const tableOf = (
  resource: Resource,
  objects: readonly Obj[],
  metadata: object,
  now: Date,
  included = "Metadata",
): object => {
  const columns = columnsOf(resource);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: columns.map(({ name, type = "string", format = "", description = "", priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      ...(included === "None" ? {} : { object: included === "Object" ? object : partOf(object) }),
    })),
  };
};

const partOf = ({ metadata }: Obj): object => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});
