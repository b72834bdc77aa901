import { complete, type Surroundings, type Written, withSources } from "./complete.ts";
import type { Config } from "./config.ts";
import { CHOICES, type Option, optionName } from "./options.ts";
import { brokenRule, ruleError } from "./rules.ts";
import { words } from "./shown.ts";

type Key = keyof Config;

/** What the cluster keeps of what was chosen before. */
export interface Kept {
  /** What was in effect, the defaults of that time included, so that those of a later version change nothing. */
  readonly values: Written;
  /** Those of {@link FOLLOWING} that somebody gave the very value that follows. */
  readonly insisted: readonly Key[];
  /** What this version does not know, by its name there. It stays. */
  readonly unknown: Readonly<Record<string, unknown>>;
  /** What it cannot use. */
  readonly unreadable: readonly Unreadable[];
}

export interface Unreadable {
  /** Its name; `choices`: all of them. */
  readonly option: string;
  readonly value: string;
  /** A sentence. */
  readonly why: string;
}

export const NOTHING_KEPT: Kept = { values: {}, insisted: [], unknown: {}, unreadable: [] };

/**
 * A value that nobody chose follows again when what it was made from changes. Not so the hosts of Services: URLs stay as they are while
 * they can.
 */
const FOLLOWING: readonly Key[] = ["tls", "http"];

export interface Settled {
  readonly config: Config;
  /** Why a kept value counts no more although nobody said another or took it back. */
  readonly reasons: ReadonlyMap<Key, string>;
  /** As {@link Kept.insisted}, from now on. */
  readonly insisted: readonly Key[];
}

/**
 * What counts: what is said > what was chosen before > defaults (docs/choices.md). A kept value that cannot stand beside what is said falls
 * away, so that it never makes a run fail. `reset`: whose kept values do not count. Throws UserError with exit code 2 when what is said does
 * not fit together.
 */
export const settleWith = (said: Written, kept: Kept, reset: readonly Key[], surroundings: Surroundings): Settled => {
  const before = complete(kept.values, surroundings);
  const reasons = new Map<Key, string>();
  const follows = (key: Key): boolean =>
    FOLLOWING.includes(key) && !kept.insisted.includes(key) && isImplied(kept.values, key, surroundings);
  let standing: Written = without(kept.values, (key) => key in said || reset.includes(key) || follows(key));
  const first = standing;
  const completed = (values: Written): Config => complete({ ...values, ...said }, surroundings);
  const drop = (key: Key, because: string): void => {
    standing = without(standing, (other) => other === key);
    reasons.set(key, because);
  };
  for (;;) {
    const config = completed(standing);
    const orphan = orphanIn(standing, before, config);
    if (orphan) {
      drop(orphan.key, `it belonged to ${orphan.of}`);
      continue;
    }
    const broken = brokenRule(config);
    if (!broken) {
      const chosen = FOLLOWING.filter((key) => key in said || key in standing);
      return { config, reasons, insisted: chosen.filter((key) => isImplied(config, key, surroundings)) };
    }
    const involved = withSources(broken.between, (key) => key in said || key in standing);
    const candidates = CHOICES.map(({ key }) => key)
      .filter((key) => involved.includes(key) && key in standing)
      // What stands later in the table hangs on what stands before.
      .reverse();
    const [last] = candidates;
    if (last === undefined) {
      // What followed by itself was nobody's choice, and is not what stands in the way.
      const chosen = without(first, (key) => isImplied(kept.values, key, surroundings));
      const guilty = brokenRule(completed(chosen)) ? chosen : first;
      throw quarrel(completed(guilty), guilty, said);
    }
    const alone = (key: Key) => brokenRule(completed(without(standing, (other) => other === key)));
    const cure = candidates.find((key) => !alone(key)) ?? candidates.find((key) => alone(key)?.id !== broken.id);
    drop(cure ?? last, broken.what.replace(/\.$/, ""));
  }
};

const without = (values: Written, goes: (key: Key) => boolean): Written =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !goes(key as Key)));

/** Whether the value is the one that it would have if nobody had chosen it. */
const isImplied = (values: Written, key: Key, surroundings: Surroundings): boolean =>
  values[key] ===
  complete(
    without(values, (other) => other === key),
    surroundings,
  )[key];

/** A kept value of which the choice that it belonged to has changed. */
const orphanIn = (standing: Written, before: Config, config: Config): { key: Key; of: string } | undefined => {
  for (const { key, belongsTo = [] } of CHOICES) {
    const changed = key in standing ? belongsTo.find((owner) => before[owner] !== config[owner]) : undefined;
    if (changed) return { key, of: `${optionName({ key: changed })} ${words(optionOf(changed), before[changed])}` };
  }
  return undefined;
};

const optionOf = (key: Key): Option => {
  const option = CHOICES.find((candidate) => candidate.key === key);
  if (!option) throw new Error(`${key} is no choice`);
  return option;
};

/** What is said does not fit together, whatever was chosen before: with what counts without being said. */
const quarrel = (config: Config, standing: Written, said: Written): Error => {
  const broken = brokenRule(config) ?? brokenRule(complete(said, { env: {}, terminal: false }));
  if (!broken) throw new Error("nothing is broken");
  const involved = withSources(broken.between, (key) => key in said || key in standing);
  const kept = CHOICES.filter(({ key }) => involved.includes(key) && key in standing);
  const told = kept.map((option) => `${optionName(option)} ${words(option, standing[option.key])}`);
  const more =
    told.length > 0
      ? ` Chosen before: ${told.join(", ")}; --reset-choice ${kept.map(optionName).join(",")} takes ${told.length > 1 ? "them" : "it"} back.`
      : "";
  return ruleError(broken, more);
};
