import {
  type CommandFlags,
  type CommandName,
  flagOf,
  OPTIONS,
  type Option,
  optionName,
  optionsOf,
} from "../config/options.ts";
import { didYouMean } from "../config/similar.ts";
import { type Raw, readValue } from "../config/values.ts";
import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import type { Command, RawOptions } from "./commands/command.ts";
import { commandElsewhere, optionElsewhere, optionForNothing } from "./habits.ts";
import { topics, topicText } from "./help/index.ts";
import { commandHelp, programHelp } from "./help.ts";

// Not imported: an import of node:util makes all of its exports, a coloured console and worker threads among them, before `--help` ends.
const { parseArgs } = process.getBuiltinModule("node:util");

export type Invocation =
  /** Something to print, and that is all; `more` follows it and is loaded for that. */
  | { readonly kind: "text"; readonly text: string; readonly more?: () => Promise<string> }
  /** `written`: what the option table knows, as it was written. */
  | { readonly kind: "command"; readonly command: Command; readonly written: RawOptions; readonly flags: CommandFlags };

/**
 * Understands a command line. The first of `commands` is run when none is named. Throws UserError with exit code 2 for everything
 * that cannot be meant, with what was probably meant.
 */
export const parseArguments = (
  argv: readonly string[],
  {
    commands,
    version,
    columns,
  }: { readonly commands: readonly Command[]; readonly version: string; readonly columns: number },
): Invocation => {
  const { flags, words } = readingOf(argv);
  const asked = (name: string): boolean => flags.some((token) => token.name === name);
  const commandOf = (word: string | undefined): Command | undefined =>
    word === undefined ? commands[0] : commands.find(({ name }) => name === word);

  if (asked("version")) return { kind: "text", text: `${version}\n` };
  const wantsHelp = asked("help") || words[0] === "help";
  const [word, ...rest] = words[0] === "help" ? words.slice(1) : words;
  const command = commandOf(word);
  // A flag that does not exist comes first: its value may be what looks like a wrong command.
  const given = wantsHelp ? [] : flags.map((token) => readFlag(token, command?.name ?? "install"));
  const topic = words[0] === "help" ? topics.find(({ name }) => name === word) : undefined;
  if (!command && !topic) throw unknownCommand(word ?? "", commands, words[0] === "help");
  // So does one of another command.
  for (const [index, [option]] of given.entries())
    if (command && !option.commands.includes(command.name))
      throw foreignOption(option, command.name, flags[index]?.rawName ?? flagOf(option));
  const surplus = rest[command?.argument ? 1 : 0];
  if (surplus !== undefined)
    throw extraWord(surplus, command?.name ?? word ?? "", command?.argument && "second argument");
  if (wantsHelp || !command) {
    const general = word === undefined ? programHelp(commands, columns) : command && commandHelp(command, columns);
    const more = topic && (async () => `${general ? "\n" : ""}${await topicText(topic, columns)}`);
    return { kind: "text", text: general ?? "", ...(more ? { more } : {}) };
  }
  const argument = argumentOf(command, rest[0]);
  const written: Partial<Record<Option["key"], Raw>> = {};
  for (const [option, value] of given) {
    const before = written[option.key];
    // Of a switch the last one counts, so that an alias can be overruled.
    if (typeof before === "string" && option.kind !== "list" && before !== value)
      throw contradiction(option, before, value);
    written[option.key] = option.kind === "list" ? [...(Array.isArray(before) ? before : []), String(value)] : value;
  }
  const flagsOfCommand = { ...commandFlags(written), ...(argument === undefined ? {} : { argument }) };
  return { kind: "command", command, written, flags: flagsOfCommand };
};

/** Which of them was meant nobody can tell. The same twice does no harm. */
const contradiction = (option: Option, before: string, value: Raw): UserError =>
  new UserError({
    id: "cli.twice",
    what: `${flagOf(option)} ${before} and ${flagOf(option)} ${String(value)} were given, and it takes one value.`,
    remedy: "Leave one of them out.",
    kind: "input",
  });

const argumentOf = ({ name, argument }: Command, word: string | undefined): string | undefined => {
  if (!argument || (word !== undefined && argument.choices.includes(word))) return word;
  const { value, choices } = argument;
  throw new UserError({
    id: "cli.argument",
    what: word === undefined ? `${name} needs a ${value}.` : `${name} knows no ${value} ${JSON.stringify(word)}.`,
    remedy: {
      text: didYouMean(word ?? "", choices, `There are ${choices.join(", ")}.`),
      command: sh`kn-bootstrap ${name} ${choices[0] ?? value}`,
    },
    kind: "input",
  });
};

/** What the flags look like. All commands share one table, so a flag means the same wherever it stands. */
const shapesOf = (options: readonly Option[]): Record<string, { type: "boolean" | "string"; short?: string }> => ({
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  ...Object.fromEntries(
    options.map((option) => [
      optionName(option),
      {
        type: option.kind === "boolean" || option.bare ? "boolean" : "string",
        ...(option.short ? { short: option.short } : {}),
      },
    ]),
  ),
});

const read = (argv: readonly string[], options: readonly Option[]) => {
  const { tokens } = parseArgs({ args: [...argv], options: shapesOf(options), strict: false, tokens: true });
  return {
    flags: tokens.filter((token) => token.kind === "option"),
    words: tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : [])),
  };
};

/** Where two commands have an option of one name, the line is read as the command reads it that is then its first word. */
const readingOf = (argv: readonly string[]): ReturnType<typeof read> => {
  for (const { flag, commands } of OPTIONS)
    for (const name of flag ? commands : []) {
      const reading = read(argv, [...OPTIONS, ...optionsOf(name)]);
      if (reading.words[0] === name) return reading;
    }
  return read(
    argv,
    OPTIONS.filter(({ flag }) => flag === undefined),
  );
};

/** Those of this name, first the one as which {@link readingOf} has read it. */
const optionsCalled = (name: string, command: CommandName): readonly Option[] => {
  const rank = ({ commands, flag }: Option): number => (commands.includes(command) ? 0 : flag === undefined ? 1 : 2);
  return OPTIONS.filter((option) => optionName(option) === name || negated(option) === name).toSorted(
    (a, b) => rank(a) - rank(b),
  );
};

interface Token {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

const readFlag = (token: Token, command: CommandName): readonly [Option, Raw] => {
  const [option] = optionsCalled(token.name, command);
  if (!option) throw unknownOption(token.rawName, command);
  return [option, option.kind === "boolean" ? onOrOff(token) : textOf(option, token)];
};

/** The flag that overrules a file or a variable which turned a boolean on. */
const negated = (option: Option): string | undefined =>
  option.kind === "boolean" && option.only !== "flag" ? `no-${optionName(option)}` : undefined;

const onOrOff = ({ rawName, value }: Token): boolean => {
  if (value === undefined) return !rawName.startsWith("--no-");
  throw new UserError({
    id: "cli.value",
    what: `${rawName} takes no value.`,
    remedy: "Write it alone.",
    kind: "input",
  });
};

/** A forgotten value must not swallow the flag that follows. */
const textOf = (option: Option, { value, inlineValue }: Token): string => {
  if (value === undefined && option.bare !== undefined) return option.bare;
  const isFlag =
    !inlineValue &&
    value?.startsWith("-") &&
    OPTIONS.some((other) => [flagOf(other), `-${other.short}`].includes(value.split("=")[0] ?? ""));
  if (value !== undefined && value.trim() !== "" && !isFlag) return value;
  throw new UserError({
    id: "cli.value",
    what: `${flagOf(option)} needs a value.`,
    remedy: `Write it like ${flagOf(option)} ${option.choices?.[0] ?? option.value}.`,
    kind: "input",
  });
};

/** Those that are in no Config are read here, as others are when the Config is made. */
const commandFlags = (written: RawOptions): CommandFlags => {
  const values = OPTIONS.filter(({ only }) => only === "flag").flatMap((option) => {
    const raw = written[option.key] ?? option.default;
    return raw === undefined ? [] : [[option.key, readValue(option, raw, flagOf(option))] as const];
  });
  return Object.fromEntries(values) as unknown as CommandFlags;
};

/** `help`: a topic could have been meant as well. */
const unknownCommand = (word: string, commands: readonly Command[], help: boolean): UserError => {
  const names = commands.map(({ name }) => name);
  const subjects = help ? topics.map(({ name }) => name) : [];
  const known = `There are ${names.join(", ")}${help ? `, and the topics ${subjects.join(", ")}` : ""}.`;
  return new UserError({
    id: "cli.command",
    what: `There is no command ${help ? "and no topic " : ""}${JSON.stringify(word)}.`,
    remedy: (help ? undefined : commandElsewhere(word)) ?? {
      text: didYouMean(word, [...names, ...subjects], known),
      command: sh`kn-bootstrap --help`,
    },
    kind: "input",
  });
};

const extraWord = (surplus: string, name: string, rank = "argument"): UserError =>
  new UserError({
    id: "cli.argument",
    what: `${name} takes no ${rank}, and ${JSON.stringify(surplus)} is one.`,
    remedy: { text: "Values stand behind their flags; these are the flags:", command: sh`kn-bootstrap ${name} --help` },
    kind: "input",
  });

const unknownOption = (rawName: string, command: CommandName): UserError => {
  const candidates = [...optionsOf(command).map(flagOf), "--no-color", "--help", "--version"];
  return new UserError({
    id: "cli.option",
    what: `There is no option ${rawName}.`,
    remedy: optionElsewhere(rawName) ?? {
      text: didYouMean(rawName, candidates, "These are the options:"),
      command: sh`kn-bootstrap ${command} --help`,
    },
    kind: "input",
  });
};

const foreignOption = (option: Option, command: CommandName, rawName: string): UserError =>
  new UserError({
    id: "cli.option",
    what: `${rawName} is no option of ${command}.`,
    remedy: optionForNothing(command, rawName) ??
      optionElsewhere(rawName) ?? {
        text: didYouMean(
          flagOf(option),
          optionsOf(command).map(flagOf),
          `It belongs to ${optionsCalled(optionName(option), command)
            .flatMap(({ commands }) => commands)
            .join(", ")}.`,
        ),
        command: sh`kn-bootstrap ${command} --help`,
      },
    kind: "input",
  });
