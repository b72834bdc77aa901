import { OWNER_LABEL } from "../kube/inventory.ts";
import { at, isRecord, type KubeObject } from "../ports/object.ts";
import type { FieldDifference } from "./kind.ts";

/** Every field that a manifest sets, besides what names the object and our own label. */
export const leaves = (object: KubeObject): readonly FieldDifference[] => {
  const { apiVersion: _version, kind: _kind, metadata, ...body } = object;
  const { name: _name, namespace: _namespace, labels, ...rest } = metadata;
  const { [OWNER_LABEL]: _owner, ...others } = labels ?? {};
  return flatten(
    { metadata: { ...rest, ...(Object.keys(others).length > 0 ? { labels: others } : {}) }, ...body },
    "",
  ).filter(({ path }) => path !== ".metadata");
};

/** The schema of a CRD is one field: taken apart it would be thousands, with paths longer than what they hold. */
const WHOLE = ".openAPIV3Schema";

const flatten = (value: unknown, path: string): readonly FieldDifference[] => {
  const entries = path.endsWith(WHOLE) ? [] : entriesOf(value);
  return entries.length > 0
    ? entries.flatMap(([key, inner]) => flatten(inner, path + key))
    : path === ""
      ? []
      : [{ path, to: value }];
};

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => {
  if (Array.isArray(value)) {
    const names = namesOf(value);
    return value.map((item, index) => [`[${names ? `name=${JSON.stringify(names[index])}` : index}]`, item] as const);
  }
  if (!isRecord(value)) return [];
  return Object.entries(value).map(
    ([key, inner]) => [/^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, inner] as const,
  );
};

/** Where every item has a name of its own, paths name it, as they do where a live object is compared. */
const namesOf = (items: readonly unknown[]): readonly string[] | undefined => {
  const names = items.map((item) => at(item, "name")).filter((name) => typeof name === "string");
  return names.length === items.length && new Set(names).size === names.length ? names : undefined;
};
