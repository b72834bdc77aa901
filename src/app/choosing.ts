import { isDeepStrictEqual } from "node:util";
import { choiceChanges } from "../config/choice-changes.ts";
import type { Written } from "../config/complete.ts";
import type { Config } from "../config/config.ts";
import { type Kept, NOTHING_KEPT, settleWith, type Unreadable } from "../config/kept.ts";
import { CHOICES, type CommandFlags, optionName } from "../config/options.ts";
import { words } from "../config/shown.ts";
import type { ChoiceChange } from "../core/change.ts";
import type { Emit } from "../core/event.ts";
import { CHOSEN, choicesOf } from "../kube/choices.ts";
import { STATE } from "../kube/prior.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import type { Installation } from "../steps/installation.ts";
import { keptIn, notesOn } from "../steps/state/chosen.ts";

/** What counts at a cluster. */
export interface Choosing {
  readonly config: Config;
  readonly changes: readonly ChoiceChange[];
  /** What was chosen before, said neither anew nor taken back, and cannot be used by this version. */
  readonly lost: readonly Unreadable[];
  /** The installation made from `config`, with what the cluster is to keep of it. */
  readonly keeping: (install: Installation) => Installation;
}

/** What somebody says of the installation. */
export interface Said {
  /** By options, environment, file and defaults alone. */
  readonly config: Config;
  /** What of it somebody wrote, in whatever place. */
  readonly written: Written;
  readonly flags: Pick<CommandFlags, "resetChoices" | "resetChoice">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
}

type Cluster = Pick<ClusterRead, "get">;

const isNothing = ({ values }: Kept): boolean => Object.keys(values).length === 0;

/**
 * What is said, over what was chosen before at this cluster (docs/choices.md); for commands that can change it. Throws UserError with exit
 * code 2 when that does not fit together.
 */
export const choose = async (
  { config: presumed, written, flags, env, emit }: Said,
  cluster: Cluster,
): Promise<Choosing> => {
  const state = await cluster.get(STATE);
  const kept = keptIn(state);
  const reset = CHOICES.filter((option) => flags.resetChoices || flags.resetChoice.includes(optionName(option))).map(
    ({ key }) => key,
  );
  const unknown = flags.resetChoices ? {} : kept.unknown;
  const isSettled = (name: string): boolean =>
    flags.resetChoices ||
    CHOICES.some((option) => optionName(option) === name && (option.key in written || reset.includes(option.key)));
  const lost = kept.unreadable.filter(({ option }) => !isSettled(option));
  for (const text of notesOn({ unknown, unreadable: lost })) emit({ type: "note", level: "warning", text });
  const settled = settleWith(written, kept, reset, { env, terminal: presumed.color });
  // Where nothing is kept, a rehearsal may have put its own CA into what the options said.
  const config = isNothing(kept) ? presumed : settled.config;
  const changes = choiceChanges(kept, { ...settled, config }, written, reset);
  return {
    config,
    changes,
    lost,
    keeping: (install) => ({
      ...install,
      choices: inOrderOf(choicesOf(state), { ...install.choices, ...unknown }),
      insisted: settled.insisted,
      choiceChanges: changes,
    }),
  };
};

/** What another version wrote in another order is the same all the same, for the proof too. */
const inOrderOf = (
  before: Readonly<Record<string, unknown>>,
  choices: Installation["choices"],
): Installation["choices"] => ({
  ...Object.fromEntries(Object.keys(before).flatMap((name) => (name in choices ? [[name, choices[name]]] : []))),
  ...choices,
});

/** Throws (exit code 2): without a word from anybody, something would change because this version cannot use what was chosen. */
export const assertUnderstood = ([first]: readonly Unreadable[]): void => {
  if (!first) return;
  const { option, value, why } = first;
  throw new UserError({
    id: "choices.unreadable",
    what: `What was chosen before for ${option === CHOSEN ? "this installation" : option} cannot be used by this version: ${value}.`,
    why: `${why} Its default would take its place without anybody having said so. Nothing was changed.`,
    remedy: {
      text:
        option === CHOSEN
          ? "Use the version of kn-bootstrap that made this installation, or see what the defaults and your options would make of it:"
          : `Use the version of kn-bootstrap that made this installation, say --${option}, or see what its default would change:`,
      command: sh`kn-bootstrap plan ${option === CHOSEN ? ["--reset-choices"] : ["--reset-choice", option]}`,
    },
    kind: "input",
  });
};

/** Those on which names, records and certificates depend; `choices`: on all of them together. */
const isVital = ({ option }: Unreadable): boolean => {
  const group = CHOICES.find((one) => optionName(one) === option)?.group;
  return group === undefined || group === "Ingress and domain" || group === "TLS";
};

/**
 * The configuration of what is installed, for commands that go on with it and change no choice (renew, uninstall): what was chosen, and
 * about the run itself what the options say. What they say of the installation counts only where the cluster keeps nothing of it.
 * `careful`: throws UserError (exit code 2) when a choice cannot be used on which names, records or certificates depend.
 */
export const installedConfig = async (
  { config: run, written, env, emit }: Said,
  cluster: Cluster,
  { careful }: { readonly careful: boolean },
): Promise<Config> => {
  const kept = keptIn(await cluster.get(STATE));
  const warn = (text: string): void => emit({ type: "note", level: "warning", text });
  for (const text of notesOn(kept)) warn(text);
  if (careful) assertUnderstood(kept.unreadable.filter(isVital));
  const surroundings = { env, terminal: run.color };
  if (isNothing(kept)) return settleWith(written, NOTHING_KEPT, [], surroundings).config;
  const said = CHOICES.filter(({ key }) => key in written);
  const about = Object.fromEntries(
    Object.entries(written).filter(([key]) => !said.some((option) => option.key === key)),
  );
  const { config } = settleWith(about, kept, [], surroundings);
  const others = said.filter(({ key }) => !isDeepStrictEqual(run[key], config[key]));
  if (others.length > 0)
    warn(
      `The options say something else than what is installed: ${others
        .map(
          (option) =>
            `${optionName(option)} ${words(option, run[option.key])} (it is ${words(option, config[option.key])})`,
        )
        .join(", ")}. This goes on with what is installed; install would change it.`,
    );
  return config;
};
