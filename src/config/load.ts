import { complete, type Written, withSources } from "./complete.ts";
import type { Config } from "./config.ts";
import { readOptions } from "./file.ts";
import { collectMistakes, type Mistakes } from "./mistakes.ts";
import { CHOICES, ENV_PREFIX, envOf, flagOf, inEnvironment, type Option } from "./options.ts";
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
 * flags > environment > file > defaults, then the rules that cross options. Throws UserError with exit code 2 for all
 * that cannot be meant by itself, or for the first rule that is broken.
 */
export const load = async (sources: Sources): Promise<Config> => settled(await gather(sources), sources);

/** What the sources say, without any default: flags > environment > file. Errors: as {@link load}. */
export const gather = async ({ flags, env }: Pick<Sources, "flags" | "env">): Promise<Written> => {
  const mistakes = collectMistakes();
  const fromFlags: Values = {};
  for (const option of inEnvironment) {
    const raw = flags[option.key];
    const value = raw === undefined ? undefined : mistakes.attempt(() => readValue(option, raw, flagOf(option)));
    if (value !== undefined) fromFlags[option.key] = value;
  }
  const fromEnv = readEnvironment(env, mistakes);
  const { config: path, ...above } = { ...fromEnv, ...fromFlags };
  const fromFile = typeof path === "string" ? await readOptions(path, mistakes) : {};
  mistakes.assertNone();
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
const readEnvironment = (env: Sources["env"], mistakes: Mistakes): Values => {
  const values: Values = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || text === undefined || text.trim() === "") continue;
    mistakes.attempt(() => {
      const option = findOption(name, inEnvironment, {
        spelling: envOf,
        id: "config.environment",
        what: `The environment has ${name}, which is no option.`,
        otherwise: "Unset it; kn-bootstrap help options lists them all.",
      });
      values[option.key] = readValue(option, text, name);
    });
  }
  return values;
};
