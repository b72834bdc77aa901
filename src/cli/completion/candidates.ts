import {
  CHOICES,
  COMMAND_NAMES,
  type CommandName,
  flagOf,
  OPTIONS,
  type Option,
  optionName,
  optionsOf,
} from "../../config/options.ts";
import type { Command } from "../commands/index.ts";

export interface Candidate {
  readonly value: string;
  /** One line, for shells that show it. */
  readonly help: string;
}

/** What can stand in place of the last word; the shell itself knows about files. */
export type Completion =
  | { readonly kind: "values"; readonly values: readonly Candidate[] }
  | { readonly kind: "files" | "folders" };

/** What is looked up only when a word wants it. */
export interface Lookups {
  /** `kubeconfig`: as the line names it. */
  readonly contexts: (kubeconfig: string | undefined) => Promise<readonly string[]>;
  readonly versions: () => Promise<readonly string[]>;
  readonly faults: () => Promise<readonly Candidate[]>;
  /** Names of those that are kept. */
  readonly rehearsals: () => Promise<readonly string[]>;
  /** Areas and checks of doctor. */
  readonly checks: () => Promise<readonly Candidate[]>;
}

export interface Words {
  readonly commands: readonly Command[];
  /** Of `help`. */
  readonly topics: readonly { readonly name: string; readonly summary: string }[];
}

/** `words`: the line behind the program's name, up to the cursor; the last one, perhaps empty, is to be completed. */
export const completionOf = async (
  words: readonly string[],
  { commands, topics }: Words,
  lookups: Lookups,
): Promise<Completion> => {
  const current = words.at(-1) ?? "";
  const line = readLine(words.slice(0, -1));
  const inline = /^(--[^=]+)=(.*)$/s.exec(current);
  const option = inline ? optionFor(inline[1] ?? "", line.words[0]) : line.pending;
  if (option) {
    const found = await valuesOf(option, inline?.[2] ?? current, line.kubeconfig, lookups);
    return found.kind === "values" && inline ? within(found.values, `${inline[1]}=`, current) : found;
  }
  const [word, ...others] = line.words;
  if (current.startsWith("-")) return only(flags(word, current, line.options), current);
  if (word === undefined) return only([...commands.map(listed), HELP], current);
  if (others.length > 0) return only([], current);
  if (word === "help") return only([...commands, ...topics].map(listed), current);
  const { choices } = commands.find(({ name }) => name === word)?.argument ?? {};
  return only(choices ? choices.map((value) => ({ value, help: "" })) : flags(word, current, line.options), current);
};

const HELP: Candidate = { value: "help", help: "Show the options of a command, or a topic" };
const listed = ({ name, summary }: { readonly name: string; readonly summary: string }): Candidate => ({
  value: name,
  help: summary,
});

const only = (candidates: readonly Candidate[], current: string): Completion => ({
  kind: "values",
  // A topic may be called like a command.
  values: [...new Map(candidates.map((candidate) => [candidate.value, candidate])).values()].filter(({ value }) =>
    value.startsWith(current),
  ),
});

const within = (values: readonly Candidate[], before: string, current: string): Completion =>
  only(
    values.map(({ value, help }) => ({ value: before + value, help })),
    current,
  );

/** Without one of the command's own, that of another is taken for it: the command may follow. */
const optionFor = (flag: string, word: string | undefined): Option | undefined => {
  const called = OPTIONS.filter((option) => flagOf(option) === flag || `-${option.short}` === flag);
  const found = called.find(({ commands }) => commands.some((name) => name === word)) ?? called[0];
  return found?.kind === "boolean" ? undefined : found;
};

/** What stands before the word at the cursor. `pending`: the option that this word is the value of. */
const readLine = (words: readonly string[]) => {
  const line = { words: [] as string[], options: new Set<string>() };
  let pending: Option | undefined;
  let kubeconfig: string | undefined;
  for (const word of words) {
    const [flag = "", inlined] = /^(--[^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word];
    if (pending) {
      if (pending.key === "kubeconfig") kubeconfig = word;
      pending = undefined;
    } else if (!word.startsWith("-")) line.words.push(word);
    else {
      const option = optionFor(flag, line.words[0]);
      line.options.add(option ? flagOf(option) : flag);
      if (inlined === undefined) pending = option?.bare === undefined ? option : undefined;
      else if (option?.key === "kubeconfig") kubeconfig = inlined;
    }
  }
  return { ...line, pending, kubeconfig };
};

const valuesOf = async (
  option: Option,
  current: string,
  kubeconfig: string | undefined,
  lookups: Lookups,
): Promise<Completion> => {
  if (option.value === "FILE") return { kind: "files" };
  if (option.value === "DIR") return { kind: "folders" };
  const plain = (values: readonly string[]): readonly Candidate[] => values.map((value) => ({ value, help: "" }));
  if (option.key === "context") return only(plain(await lookups.contexts(kubeconfig)), current);
  if (option.key === "knativeVersion") return only(plain(await lookups.versions()), current);
  if (option.key === "stop") return only(plain(await lookups.rehearsals()), current);
  if (option.key === "explain") return only(await lookups.checks(), current);
  const many: Partial<Record<Option["key"], () => Promise<readonly Candidate[]>>> = {
    fault: lookups.faults,
    checks: lookups.checks,
    skip: lookups.checks,
    resetChoice: async () => plain(CHOICES.map(optionName)),
  };
  const all = await many[option.key]?.();
  if (!all) return only(plain(option.choices ?? []), current);
  const before = current.slice(0, current.lastIndexOf(",") + 1);
  const taken = before.split(",");
  return within(
    all.filter(({ value }) => !taken.includes(value)),
    before,
    current,
  );
};

/** Those that are not on the line yet; the way out of a boolean is offered to those who ask for it. */
const flags = (word: string | undefined, current: string, given: ReadonlySet<string>): readonly Candidate[] => {
  const command = COMMAND_NAMES.find((name): name is CommandName => name === (word ?? "install"));
  const own = command ? optionsOf(command) : [];
  const candidates = own.flatMap((option) => {
    const no = { value: `--no-${optionName(option)}`, help: "Turn off what a file or a variable has turned on" };
    // What is on by default is shown by its way out.
    if (option.kind === "boolean" && option.default === undefined) return [{ ...no, help: option.help }];
    const yes = { value: flagOf(option), help: option.help };
    return option.kind === "boolean" && option.only !== "flag" && current.startsWith("--no-") ? [yes, no] : [yes];
  });
  const always = [
    { value: "--help", help: "Show the options of the command" },
    ...(word === undefined ? [{ value: "--version", help: "Show the version" }] : []),
  ];
  return [...candidates, ...always].filter(
    ({ value }) => !given.has(value) || own.some((option) => option.kind === "list" && flagOf(option) === value),
  );
};
