import { complete, type Written } from "./complete.ts";
import { type Config, FLAT, NESTED } from "./config.ts";
import { type CommandName, flagOf, inFile, nameOf, type Option, optionsOf } from "./options.ts";
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
      return option.runOnly || value === undefined || typeof value === "number" ? [] : [[nameOf(option), value]];
    }),
  );

const held = (config: Config, option: Option): Value | undefined => config[option.key as keyof Config];

/** Options whose default depends on others: they are said when they differ from what those others imply. */
const GIVEN: readonly (keyof Config)[] = ["domain", "tls"];

/**
 * The one command line that says the same: what is left out is the default. Colour is left out too, it belongs to the terminal
 * at hand.
 */
export const asCommand = (config: Config, command: CommandName = "install"): string => {
  const given: Written = Object.fromEntries(
    GIVEN.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])),
  );
  const implied = complete(given, { env: {}, terminal: false });
  const defaults = complete({}, { env: {}, terminal: false });
  const words = optionsOf(command).flatMap((option) => {
    if (option.only !== undefined || option.key === "color") return [];
    const value = held(config, option);
    const base = held(GIVEN.includes(option.key as keyof Config) ? defaults : implied, option);
    return value === undefined || JSON.stringify(value) === JSON.stringify(base) ? [] : flagWords(option, value);
  });
  return ["kn-bootstrap", command, ...words.map(quote)].join(" ");
};

const SHORT: ReadonlyMap<string, string> = new Map([
  [FLAT, "flat"],
  [NESTED, "nested"],
]);

const flagWords = (option: Option, value: Value): readonly string[] => {
  if (typeof value === "boolean") return [value ? flagOf(option) : `--no-${nameOf(option)}`];
  if (typeof value === "number") return [flagOf(option), duration(value)];
  return [flagOf(option), typeof value === "string" ? (SHORT.get(value) ?? value) : value.join(",")];
};

/** For a POSIX shell. */
const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
