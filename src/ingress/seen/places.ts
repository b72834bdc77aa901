import { isRecord, type ObjectRef } from "../../ports/object.ts";
import { parseFirst, YamlProblem } from "../../ports/yaml.ts";

const MOST_NODES = 10_000;

/** A setting that is YAML inside of a ConfigMap. Undefined: it is not there. `null`: it is none. */
export const settingIn = (text: string | undefined): unknown => {
  if (text === undefined || text.trim() === "") return undefined;
  try {
    return parseFirst(text, MOST_NODES);
  } catch (error) {
    if (error instanceof YamlProblem) return null;
    throw error;
  }
};

/** `namespace/name`, as these settings name an object; undefined: it is not of this form. */
export const placeOf = (text: unknown): { readonly namespace: string; readonly name: string } | undefined => {
  const [namespace, name, more] = typeof text === "string" ? text.split("/") : [];
  return namespace && name && more === undefined ? { namespace, name } : undefined;
};

export const serviceAt = (place: { readonly namespace: string; readonly name: string }): ObjectRef => ({
  apiVersion: "v1",
  kind: "Service",
  ...place,
});

export const listIn = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  (Array.isArray(value) ? value : []).filter(isRecord);
