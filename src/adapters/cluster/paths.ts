import type { ApiResource } from "../../ports/cluster.ts";

/** The path of an object, or of a collection when there is no name; names keep their case and are encoded. */
export const pathOf = (
  { apiVersion, kind, plural, namespaced }: ApiResource,
  { namespace, name }: { readonly namespace?: string; readonly name?: string },
): string => {
  if (namespaced && name !== undefined && namespace === undefined) throw new Error(`${kind} ${name} needs a namespace`);
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${place}/${plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
};
