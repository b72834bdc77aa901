export type { Config } from "./options.ts";

export const FLAT = "{{.Name}}-{{.Namespace}}.{{.Domain}}";
export const NESTED = "{{.Name}}.{{.Namespace}}.{{.Domain}}";
