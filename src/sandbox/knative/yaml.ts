import { loadAll } from "js-yaml";

/** The first document of a YAML text; undefined for an empty text, where `load` would throw. */
export const firstDocument = (text: string): unknown => loadAll(text)[0];
