import type { CommandFlags } from "../../../config/options.ts";
import type { Format } from "./format.ts";

export type { Told } from "./format.ts";

/** Each loaded when it is asked for. */
export const FORMATS: Readonly<Record<NonNullable<CommandFlags["format"]>, () => Promise<Format>>> = {
  text: async () => (await import("./text.ts")).text,
  short: async () => (await import("./short.ts")).short,
  json: async () => (await import("./json.ts")).json,
  junit: async () => (await import("./junit.ts")).junit,
  markdown: async () => (await import("./markdown.ts")).markdown,
  sarif: async () => (await import("./sarif.ts")).sarif,
};
