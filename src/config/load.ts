import { textOf } from "../ports/bounded.ts";
import { messageOf, UserError } from "../ports/error.ts";
import { isRecord } from "../ports/object.ts";
import { complete, type Written, withSources } from "./complete.ts";
import type { Config } from "./config.ts";
import { CHOICES, ENV_PREFIX, envOf, flagOf, inEnvironment, inFile, nameOf, type Option } from "./options.ts";
import { assertRules, brokenRule, ruleError } from "./rules.ts";
import { findOption, type Raw, readValue, type Value } from "./values.ts";

export interface Sources {
  /** By key of the option, as the command line had it. */
  readonly flags: Readonly<Partial<Record<Option["key"], Raw>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether people see the output as it is written: both stdout and stderr are terminals. */
  readonly terminal: boolean;
}

type Values = Partial<Record<Option["key"], Value>>;

/**
 * flags > environment > file > defaults, then the rules that cross options. Throws UserError with exit code 2 for the first
 * thing that cannot be meant.
 */
export const load = async (sources: Sources): Promise<Config> => settled(await gather(sources), sources);

/** What the sources say, without any default: flags > environment > file. Errors: as {@link load}. */
export const gather = async ({ flags, env }: Pick<Sources, "flags" | "env">): Promise<Written> => {
  const fromFlags: Values = {};
  for (const option of inEnvironment) {
    const raw = flags[option.key];
    if (raw !== undefined) fromFlags[option.key] = readValue(option, raw, flagOf(option));
  }
  const fromEnv = readEnvironment(env);
  const { config: path, ...above } = { ...fromEnv, ...fromFlags };
  const fromFile = typeof path === "string" ? await readOptions(path) : {};
  return { ...fromFile, ...above } as Written;
};

/** With the defaults, as far as what was chosen before cannot mend it: {@link settleWith} knows the rest. Errors: as {@link load}. */
export const presumed = (said: Written, { env, terminal }: Pick<Sources, "env" | "terminal">): Config => {
  const config = complete(said, { env, terminal });
  const isSaid = (key: keyof Config): boolean => key in said || !CHOICES.some((option) => option.key === key);
  const broken = brokenRule(config, ({ between }) => withSources(between, isSaid).every(isSaid));
  if (broken) throw ruleError(broken);
  return config;
};

/** With the defaults, and found to fit together. */
export const settled = (written: Written, { env, terminal }: Pick<Sources, "env" | "terminal">): Config => {
  const config = complete(written, { env, terminal });
  assertRules(config);
  return config;
};

/** An empty variable counts as not set, as CI systems write those. */
const readEnvironment = (env: Sources["env"]): Values => {
  const values: Values = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || text === undefined || text.trim() === "") continue;
    const option = findOption(name, inEnvironment, {
      nameOf: envOf,
      id: "config.environment",
      what: `The environment has ${name}, which is no option.`,
      otherwise: "Unset it; docs/options.md lists them all.",
    });
    values[option.key] = readValue(option, text, name);
  }
  return values;
};

/** The options in a YAML file. Every scalar is taken as it is written, so that the version 1.20 does not become 1.2. */
const readOptions = async (path: string): Promise<Values> => {
  const text = await textOf(path).catch((error: unknown) => {
    throw new UserError({
      id: "config.file",
      what: `The configuration file ${path} cannot be read: ${messageOf(error).replace(/, \w+( '.*')?$/, "")}.`,
      remedy: "Correct the path given by --config or KN_BOOTSTRAP_CONFIG.",
      exitCode: 2,
      cause: error,
    });
  });
  const values: Values = {};
  for (const [key, raw] of Object.entries(await parse(path, text))) {
    const line = lineOf(text, key);
    const place = line === undefined ? path : `${path}, line ${line}`;
    const option = findOption(key, inFile, {
      nameOf,
      id: "config.key",
      what: `${place} has the key ${JSON.stringify(key.slice(0, 200))}, which is no option.`,
      otherwise: "Keys are the flags without dashes; docs/options.md lists them all.",
    });
    if (raw === "") continue;
    values[option.key] = readValue(option, raw, `${key} in ${place}`);
  }
  return values;
};

const parse = async (path: string, text: string): Promise<Record<string, unknown>> => {
  const { load: parseYaml, FAILSAFE_SCHEMA, YAMLException } = await import("js-yaml");
  const bad = (place: string, reason: string): UserError =>
    new UserError({
      id: "config.yaml",
      what: `The configuration file ${place} is not YAML with one option per line: ${reason}.`,
      remedy: "Write it like this: domain: apps.example.com",
      exitCode: 2,
    });
  if (text.replace(/^(#.*|---)$/gm, "").trim() === "") return {};
  try {
    const document = parseYaml(text, { schema: FAILSAFE_SCHEMA, maxAliases: 0 });
    if (!isRecord(document)) throw bad(path, "it is no mapping");
    return document;
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw bad(error.mark ? `${path}, line ${error.mark.line + 1},` : path, error.reason);
  }
};

/** Where a top-level key stands, counted from 1; undefined when it is written in flow style. */
const lineOf = (text: string, key: string): number | undefined => {
  const index = text
    .split("\n")
    .findIndex((line) => line.includes(":") && line.split(":")[0]?.replace(/["'\s]/g, "") === key);
  return index < 0 ? undefined : index + 1;
};
