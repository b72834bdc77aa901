import { CHANGING, type OptionRow } from "../../config/option.ts";
import { registryHost } from "../../config/syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "skipTagResolution", kind: "list", value: "HOST,...", syntax: registryHost, group: "Knative", commands: CHANGING, default: "", help: "Registries whose tags Knative must not resolve to digests", means: () => "It counts for new revisions." },
] as const satisfies readonly OptionRow[];
