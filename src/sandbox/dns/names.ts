/** Domain names as text: absolute, lower case, without the trailing dot; the root is the empty text. */

export const nameOf = (text: string): string => text.toLowerCase().replace(/\.$/, "");

/** `b.c` of `a.b.c`; the root of a single label and of itself. */
export const parentOf = (name: string): string => {
  const dot = name.indexOf(".");
  return dot === -1 ? "" : name.slice(dot + 1);
};

/** Whether a name is the ancestor itself or below it. */
export const isWithin = (name: string, ancestor: string): boolean =>
  ancestor === "" || name === ancestor || name.endsWith(`.${ancestor}`);

/** The names from just below `apex` down to `name` itself. `name` must lie within `apex`. */
export const pathBelow = (name: string, apex: string): readonly string[] => {
  const path: string[] = [];
  for (let at = name; at !== apex; at = parentOf(at)) path.unshift(at);
  return path;
};

export const child = (label: string, parent: string): string => (parent === "" ? label : `${label}.${parent}`);

/** `com.example.www.`: the text by which zones and their records are ordered. */
export const reversed = (name: string): string =>
  name
    .split(".")
    .reverse()
    .map((label) => `${label}.`)
    .join("");
