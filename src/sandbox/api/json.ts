/** Plain JSON, as the store holds it. */

export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** The value as an object, or an empty one: for walking down optional fields. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** The value as a list, or an empty one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The objects in a list; what else is in it is passed over. */
export const objectsOf = (value: unknown): Fields[] => listOf(value).filter(isFields);

/** The nested value, or undefined where the path ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    if (!isFields(here)) return undefined;
    here = here[name];
  }
  return here;
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => equal(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const left = a as Fields;
  const right = b as Fields;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && equal(left[name], right[name]));
}

/** A deep copy of plain JSON; several times faster than structuredClone. */
export function clone<T>(value: T): T {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  const copy: Fields = {};
  for (const name in value) copy[name] = clone(value[name]);
  return copy as T;
}

/** JSON with sorted keys, as Go encodes a map. */
export function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  if (!isFields(value)) return JSON.stringify(value) ?? "null";
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sorted(value[name])}`).join(",")}}`;
}

/** Sets fields that are absent, in place. */
export function fill(fields: Fields, defaults: Fields): void {
  for (const name of Object.keys(defaults))
    if (fields[name] === undefined || fields[name] === null) fields[name] = defaults[name];
}
