import {
  type CommandName,
  defaultText,
  flagOf,
  type Option,
  optionName,
  optionsOf,
  valuePart,
} from "../config/options.ts";
import type { Command } from "./commands/command.ts";
import { topics } from "./help/index.ts";
import { wrapOurs } from "./reporter/lines.ts";

/** Descriptions stand beside their flags while they have at least this much room, else below them. */
const ROOM = 28;

interface Item {
  readonly term: string;
  readonly text: string;
}

const HELP: Item = { term: "-h, --help", text: "Show this help" };

const paragraph = (text: string, columns: number): string => `${wrapOurs(text, columns).join("\n")}\n`;

export const programHelp = (commands: readonly Command[], columns: number): string =>
  [
    paragraph("Usage: kn-bootstrap [command] [options]", columns),
    paragraph(
      "Makes a Kubernetes cluster answer https://<service>-<namespace>.<domain>: Knative Serving, an ingress, a domain and TLS.",
      columns,
    ),
    ...sections(
      [
        [
          "Commands",
          [
            ...commands.map(({ name, summary }) => ({ term: name, text: summary })),
            { term: "help", text: "Show the options of a command, or a topic" },
          ],
        ],
        ["Topics of help", topics.map(({ name, summary }) => ({ term: name, text: summary }))],
        ["Options", [{ term: "-V, --version", text: "Show the version" }, HELP]],
      ],
      columns,
    ),
    paragraph(
      "Without a command it installs. Options can also stand in a file (--config) or in the environment (KN_BOOTSTRAP_...).",
      columns,
    ),
    paragraph(
      "Exit codes: 0 fine, 1 failed, 2 wrong input, 3 could not check or changes are waiting (plan --exit-code), 130 cancelled.",
      columns,
    ),
  ].join("\n");

export const commandHelp = (
  { name, summary, argument }: { readonly name: CommandName; readonly summary: string } & Pick<Command, "argument">,
  columns: number,
): string => {
  const groups = Map.groupBy(optionsOf(name), ({ group }) => group);
  return [
    paragraph(`Usage: kn-bootstrap ${name} ${argument ? `${argument.choices.join("|")} ` : ""}[options]`, columns),
    paragraph(`${summary}.`, columns),
    ...sections(
      [...[...groups].map(([group, options]) => [group, options.map(itemOf)] as const), ["Help", [HELP]]],
      columns,
    ),
  ].join("\n");
};

const itemOf = (option: Option): Item => {
  if (option.kind === "boolean") {
    // What is on by default is shown by its way out.
    const flag = option.default === undefined ? `--no-${optionName(option)}` : flagOf(option);
    return {
      term: withShort(option, flag),
      text: option.default === undefined ? `${option.help} (default: ${defaultText(option)})` : option.help,
    };
  }
  const choices = option.choices ? `${option.choices.join(", ")}; ` : "";
  return {
    term: withShort(option, `${flagOf(option)}${valuePart({ value: "CHOICE", ...option })}`),
    text: `${option.help} (${choices}default: ${defaultText(option)})`,
  };
};

const withShort = ({ short }: Option, flag: string): string => (short ? `-${short}, ${flag}` : flag);

/** Titled lists whose descriptions begin in one column. */
const sections = (groups: readonly (readonly [string, readonly Item[]])[], columns: number): readonly string[] => {
  const width = Math.max(...groups.flatMap(([, items]) => items.map(({ term }) => term.length)));
  return groups.map(
    ([title, items]) => `${[`${title}:`, ...items.flatMap((item) => lines(item, width, columns))].join("\n")}\n`,
  );
};

const lines = ({ term, text }: Item, width: number, columns: number): readonly string[] => {
  const beside = columns - width - 4;
  if (beside < ROOM) return [`  ${term}`, ...wrapOurs(text, columns - 6).map((line) => `      ${line}`)];
  const [first = "", ...rest] = wrapOurs(text, beside);
  return [`  ${term.padEnd(width)}  ${first}`, ...rest.map((line) => " ".repeat(width + 4) + line)];
};
