import { createReadStream } from "node:fs";
import { collect } from "../ports/bounded.ts";
import { messageOf, UserError } from "../ports/error.ts";
import { at, isRecord } from "../ports/object.ts";
import { fileWord, sh } from "../ports/shell.ts";
import { decodeText, NoText } from "../ports/text.ts";
import { mistakeIn } from "./file-line.ts";
import type { Mistakes } from "./mistakes.ts";
import { inFile, type Option, optionName } from "./options.ts";
import { findOption, readValue, type Value } from "./values.ts";

type Values = Partial<Record<Option["key"], Value>>;

/** More than all options with everything that is explained about them. */
const MOST = 2 ** 20;

/** One option as it is written: its first line begins at the left edge, what is indented or an item of a list follows. */
interface Paragraph {
  /** Of its first line, counted from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** The options in a YAML file, with every mistake in it. Each scalar is taken as it is written, so that the version 1.20 does not become 1.2. */
export const readOptions = async (path: string, mistakes: Mistakes): Promise<Values> => {
  const text = await readText(path);
  const values: Values = {};
  for (const { key, raw, line, isNull } of await entriesOf(path, text, mistakes)) {
    const place = line === undefined ? path : `${path}, line ${line}`;
    mistakes.attempt(() => {
      const option = findOption(key, inFile, {
        spelling: optionName,
        id: "config.key",
        what: `${place} has the key ${JSON.stringify(key.slice(0, 200))}, which is no option.`,
        otherwise: "Keys are the flags without dashes; kn-bootstrap help options lists them all.",
      });
      if (isNull) throw nothing(option, `${key} in ${place}`, String(raw));
      if (raw !== "") values[option.key] = readValue(option, raw, `${key} in ${place}`);
    });
  }
  return values;
};

const nothing = (option: Option, where: string, written: string): UserError =>
  new UserError({
    id: "config.value",
    what: `${where} is ${written}, which is no value in YAML.`,
    remedy: `Leave the line out${option.choices?.includes("none") ? ", or write none" : ""}.`,
    kind: "input",
  });

const readText = async (path: string): Promise<string> => {
  try {
    return decodeText(await collect(createReadStream(path), MOST));
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      ENOTDIR: "a part of its path is no folder",
      EISDIR: "it is a folder",
      EACCES: "its permissions do not allow it",
      ERR_TOO_MUCH: `it is ${messageOf(error)}`,
    };
    const reason = error instanceof NoText ? `it ${error.message}` : reasons[String(at(error, "code"))];
    throw new UserError({
      id: "config.file",
      what: `The configuration file ${path} cannot be read: ${reason ?? messageOf(error)}.`,
      remedy: {
        text: "Correct the path given by --config or KN_BOOTSTRAP_CONFIG, or the file. This shows what stands there:",
        command: sh`ls -ld ${fileWord(path)}`,
      },
      kind: "input",
      cause: error,
    });
  }
};

interface Entry {
  readonly key: string;
  readonly raw: unknown;
  readonly line: number | undefined;
  /** YAML's word for nothing, outside of quotes. */
  readonly isNull: boolean;
}

/** The whole at once, or, where YAML does not take it, option by option, so that each mistake is found. */
const entriesOf = async (path: string, text: string, mistakes: Mistakes): Promise<readonly Entry[]> => {
  const { load, FAILSAFE_SCHEMA, YAMLException } = await import("js-yaml");
  const parse = (part: string): unknown => load(part, { schema: FAILSAFE_SCHEMA, maxAliases: 0 });
  const refuse = (place: string, what: string, remedy: string): void =>
    mistakes.add(new UserError({ id: "config.yaml", what: `${place} ${what}`, remedy, kind: "input" }));
  if (text.replace(/^(#.*|---)\s*$/gm, "").trim() === "") return [];
  const paragraphs = paragraphsOf(text);
  try {
    const document = parse(text);
    if (isRecord(document))
      return Object.entries(document).map(([key, raw]) =>
        entryOf(
          key,
          raw,
          paragraphs.find((one) => keyOf(one) === key),
        ),
      );
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
  }
  const again = new Map<string, number>();
  const entries = paragraphs.flatMap((paragraph): readonly Entry[] => {
    const place = `${path}, line ${paragraph.line}`;
    try {
      const part = parse(paragraph.lines.join("\n"));
      if (!isRecord(part)) throw new YAMLException("no mapping");
      return Object.entries(part).map(([key, raw]) => {
        const before = again.get(key);
        if (before !== undefined) refuse(place, `says ${key} again, after line ${before}.`, "Say it once.");
        again.set(key, before ?? paragraph.line);
        return entryOf(key, raw, paragraph);
      });
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const { what, remedy, meant } = mistakeIn(paragraph.lines, inFile.map(optionName));
      const option = inFile.find((one) => optionName(one) === meant?.key);
      // A value that is wrong itself is told as that: quotes around it would not mend it.
      const isWrong = option && meant && isRefused(option, meant.value);
      if (isWrong) mistakes.attempt(() => readValue(option, meant.value, `${meant.key} in ${place}`));
      else refuse(place, what, remedy);
      return [];
    }
  });
  return entries;
};

const isRefused = (option: Option, value: string): boolean => {
  try {
    readValue(option, value, "");
    return false;
  } catch {
    return true;
  }
};

const entryOf = (key: string, raw: unknown, paragraph: Paragraph | undefined): Entry => ({
  key,
  raw,
  line: paragraph?.line,
  isNull: /^[^:]*:\s+(~|null|Null|NULL)\s*(#.*)?$/.test(paragraph?.lines[0] ?? ""),
});

/** Undefined in flow style. */
const keyOf = ({ lines }: Paragraph): string | undefined => {
  const [before, ...after] = (lines[0] ?? "").split(":");
  return after.length > 0 ? before?.replace(/["'\s]/g, "") : undefined;
};

const paragraphsOf = (text: string): readonly Paragraph[] => {
  const paragraphs: { line: number; lines: string[] }[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const isMore = /^(\s|-\s|#|\]|\}|$)/.test(line);
    if (!isMore && !(index === 0 && /^---\s*$/.test(line))) paragraphs.push({ line: index + 1, lines: [line] });
    else if (paragraphs.length > 0 && !line.startsWith("#")) paragraphs.at(-1)?.lines.push(line);
    else if (isMore && line.trim() !== "" && !line.startsWith("#")) paragraphs.push({ line: index + 1, lines: [line] });
  }
  return paragraphs;
};
