import { option as optionWords, quoted } from "../ports/shell.ts";
import { spelled } from "../ports/visible.ts";
import { complete, type Written } from "./complete.ts";
import { type Config, FLAT, NESTED } from "./config.ts";
import { type CommandName, flagOf, inFile, type Option, optionName, optionsOf } from "./options.ts";
import { duration } from "./syntax.ts";
import type { Value } from "./values.ts";

/**
 * The options that describe the installation, by their keys in the file and in the table's order: what is kept in the cluster
 * and compared. As YAML it is the file that says the same.
 */
export const shown = (config: Config): Readonly<Record<string, string | boolean | readonly string[]>> =>
  Object.fromEntries(
    inFile.flatMap((option) => {
      const value = held(config, option);
      return option.runOnly || value === undefined || typeof value === "number" ? [] : [[optionName(option), value]];
    }),
  );

/** What somebody would have written to have this, without the defaults. */
export const told = (config: Config, command: CommandName = "install"): Written =>
  Object.fromEntries(toldOptions(config, command).map(([option, value]) => [option.key, value]));

const held = (config: Config, option: Option): Value | undefined => config[option.key as keyof Config];

/** Options whose default depends on others: they are said when they differ from what those others imply. */
const GIVEN: readonly (keyof Config)[] = ["domain", "tls"];

/** What has to be said to have this configuration: what is left out is the default. Colour belongs to the terminal at hand. */
const toldOptions = (config: Config, command: CommandName): readonly (readonly [Option, Value])[] => {
  const only = (...keys: readonly (keyof Config)[]): Written =>
    Object.fromEntries(keys.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])));
  const completed = (written: Written): Config => complete(written, { env: {}, terminal: false });
  const implied = completed(only(...GIVEN));
  // Who makes the certificate follows from who keeps the records, too.
  const bases = [completed({}), completed(only("domain", "dns", "acmeDirectory"))];
  const isImplied = (option: Option, value: Value): boolean =>
    (GIVEN.includes(option.key as keyof Config) ? bases : [implied]).every(
      (base) => JSON.stringify(held(base, option)) === JSON.stringify(value),
    );
  return optionsOf(command).flatMap((option) => {
    if (option.only !== undefined || option.key === "color") return [];
    const value = held(config, option);
    return value === undefined || isImplied(option, value) ? [] : [[option, value] as const];
  });
};

/** The one command line that says the same, word by word. */
export const asWords = (config: Config, command: CommandName = "install"): readonly string[] => [
  "kn-bootstrap",
  command,
  ...toldOptions(config, command).flatMap(([option, value]) => flagWords(option, value)),
];

/** Its flags alone, quoted for a shell. */
export const asFlags = (config: Config, command: CommandName = "install"): readonly string[] =>
  asWords(config, command).slice(2).map(quoted);

/** The lines of the file that says the same, for --config. */
export const asYaml = (config: Config, command: CommandName = "install"): string =>
  toldOptions(config, command)
    .map(([option, value]) => `${optionName(option)}: ${yamlOf(value)}\n`)
    .join("");

const yamlOf = (value: Value): string => {
  if (typeof value === "object") return `[${value.map(yamlScalar).join(", ")}]`;
  if (typeof value === "number") return duration(value);
  return typeof value === "boolean" ? String(value) : yamlScalar(SHORT.get(value) ?? value);
};

/** A double-quoted scalar takes every JSON string (YAML 1.2 §7.3.1), and has escapes for what cannot be seen (§5.7). */
const yamlScalar = (text: string): string =>
  /^\w[\w./@-]*$/.test(text)
    ? text
    : spelled(JSON.stringify(text)).replace(/(?<!\\)\\u\{([\da-f]+)\}/g, (_, code) => `\\U${code.padStart(8, "0")}`);

/** Of host templates. */
export const SHORT: ReadonlyMap<string, string> = new Map([
  [FLAT, "flat"],
  [NESTED, "nested"],
]);

const flagWords = (option: Option, value: Value): readonly string[] => {
  if (typeof value === "boolean") return [value ? flagOf(option) : `--no-${optionName(option)}`];
  if (typeof value === "number") return [flagOf(option), duration(value)];
  const text = typeof value === "string" ? (SHORT.get(value) ?? value) : value.join(",");
  return optionWords(flagOf(option), text);
};

const UNSET: Readonly<Partial<Record<Option["key"], string>>> = {
  domain: "magic",
  tlsSecret: "none",
  acmeEmail: "none",
};

/** A value as people say it. */
export const words = (option: Option, value: Value | undefined): string => {
  if (value === undefined) return UNSET[option.key] ?? option.unset ?? "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "object") return value.length > 0 ? value.join(", ") : "none";
  return SHORT.get(String(value)) ?? String(value);
};
