import { UserError } from "../ports/error.ts";
import { OPTIONS, type Option } from "./options.ts";
import { didYouMean } from "./similar.ts";
import { type Problem, seconds } from "./syntax.ts";

/** What a source may hold for one option: text, and what flags and YAML add to it. */
export type Raw = string | boolean | readonly string[];
export type Value = string | boolean | number | readonly string[];

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

const isProblem = (value: Value | Problem): value is Problem => typeof value === "object" && "why" in value;

const one = (option: Option, text: string): Value | Problem => {
  switch (option.kind) {
    case "boolean":
      return (
        BOOLEANS.get(text.trim().toLowerCase()) ?? {
          why: "It takes true or false.",
          remedy: didYouMean(text, ["true", "false"], "Write one of them."),
        }
      );
    case "duration":
      return (
        seconds(text) ?? {
          why: "It takes a time such as 600 (seconds), 10m or 1h30m.",
          remedy: "Write it like one of these.",
        }
      );
    case "choice": {
      const choices = option.choices ?? [];
      if (choices.includes(text.trim())) return text.trim();
      return {
        why: `It takes ${choices.join(", ").replace(/, ([^,]*)$/, " or $1")}.`,
        remedy: didYouMean(text, choices, "Write one of them."),
      };
    }
    default:
      return option.syntax ? option.syntax(text) : text.trim();
  }
};

const list = (option: Option, items: readonly string[]): Value | Problem => {
  const values = items
    .flatMap((item) => item.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => one(option, item));
  return values.find(isProblem) ?? [...new Set(values as string[])];
};

/** They come with text that was copied from a page or a document, and belong to the value for everybody but its author. */
const TYPOGRAPHIC = /^[“”„‟‘’‚‛«»"'](.*)[“”„‟‘’‚‛«»]$|^[“”„‟‘’‚‛«»](.*)["']$/u;

const read = (option: Option, raw: unknown): Value | Problem => {
  const [, first, other] = (typeof raw === "string" && TYPOGRAPHIC.exec(raw.trim())) || [];
  const inside = first ?? other;
  if (inside !== undefined)
    return {
      why: "It stands in typographic quotes, which then belong to it.",
      remedy: `Write it without them: ${inside}`,
    };
  if (typeof raw === "string") return option.kind === "list" ? list(option, [raw]) : one(option, raw);
  if (option.kind === "boolean" && typeof raw === "boolean") return raw;
  if (option.kind !== "list") return { why: "It takes one value.", remedy: "Write one." };
  const isList = Array.isArray(raw) && raw.every((item) => typeof item === "string");
  return isList ? list(option, raw) : { why: "It takes a list of values.", remedy: "Write it like [a, b]." };
};

/**
 * One value as the engine wants it, from a {@link Raw} or whatever a file has instead. `where` names its place for people:
 * `--domain`, `KN_BOOTSTRAP_DOMAIN`, `domain in kn.yaml, line 3`. Throws UserError `config.value` with exit code 2.
 */
export const readValue = (option: Option, raw: unknown, where: string): Value => {
  const value = read(option, raw);
  if (!isProblem(value)) return value;
  throw new UserError({
    id: "config.value",
    what: `${where} cannot be ${JSON.stringify(raw)}.`,
    why: value.why,
    remedy: value.remedy,
    kind: "input",
  });
};

/** The option of this name in one of the sources, or an error with what was probably meant. */
export const findOption = (
  written: string,
  candidates: readonly Option[],
  source: {
    readonly spelling: (option: Option) => string;
    readonly what: string;
    readonly id: string;
    readonly otherwise: string;
  },
): Option => {
  const found = candidates.find((option) => source.spelling(option) === written);
  if (found) return found;
  const elsewhere = OPTIONS.find((option) => source.spelling(option) === written);
  throw new UserError({
    id: source.id,
    what: source.what,
    ...(elsewhere ? { why: "That one is a flag only." } : {}),
    remedy: didYouMean(written, candidates.map(source.spelling), source.otherwise),
    kind: "input",
  });
};
