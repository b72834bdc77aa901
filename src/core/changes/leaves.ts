import { OWNER_LABEL } from "../../kube/inventory.ts";
import { isRecord, type KubeObject } from "../../ports/object.ts";
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

const flatten = (value: unknown, path: string): readonly FieldDifference[] => {
  const entries: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [`[${index}]`, item] as const)
    : isRecord(value)
      ? Object.entries(value).map(
          ([key, inner]) => [/^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, inner] as const,
        )
      : [];
  return entries.length > 0
    ? entries.flatMap(([key, inner]) => flatten(inner, path + key))
    : path === ""
      ? []
      : [{ path, to: value }];
};
