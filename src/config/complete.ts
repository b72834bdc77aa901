import { type Config, FLAT, NESTED } from "./config.ts";
import { inFile } from "./options.ts";
import { readValue } from "./values.ts";

/** A Config as somebody wrote it: what is not said is left to {@link complete}. */
export type Written = Partial<Config>;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: boolean;
}

const fixed = (): Written =>
  Object.fromEntries(
    inFile.flatMap((option) =>
      option.default === undefined ? [] : [[option.key, readValue(option, option.default, option.key)]],
    ),
  );

const TEMPLATES: ReadonlyMap<string, string> = new Map([
  ["flat", FLAT],
  ["nested", NESTED],
]);

/** Fills in what was not written: first the fixed defaults, then those that depend on other options. */
export const complete = (written: Written, { env, terminal }: Surroundings): Config => {
  const config = { ...fixed(), ...written } as Config;
  const tls = config.tls !== "none";
  return {
    ...config,
    dns: config.dns ?? (config.domain ? "none" : "magic"),
    domainTemplate: template(config.domainTemplate ?? (tls ? "flat" : "nested")),
    http: config.http ?? (tls ? "redirect" : "enabled"),
    // https://no-color.org: any value but the empty one.
    color: config.color ?? (terminal && !env.NO_COLOR && env.TERM !== "dumb"),
  };
};

/** The words `flat` and `nested` in full, and a template without the blanks that Go allows inside its braces. */
const template = (text: string): string => TEMPLATES.get(text) ?? text.replace(/\{\{-?\s*(\.\w+)\s*-?\}\}/g, "{{$1}}");
