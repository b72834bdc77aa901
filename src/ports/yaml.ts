import {
  boolYaml11Tag,
  constructFromEvents,
  defineScalarTag,
  dump,
  EVENT_ID,
  type Event,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from "js-yaml";
import { foreignIn } from "./dialect.ts";
import { MAX_DEPTH, NoTree, treeOf } from "./tree.ts";

/** What can be wrong with a YAML text; `line` counts from 1 and is absent where the parser does not know it. */
export class YamlProblem extends Error {
  readonly line: number | undefined;
  constructor(message: string, line?: number) {
    super(message);
    this.name = "YamlProblem";
    this.line = line;
  }
}

export interface YamlDocument {
  readonly value: unknown;
  /** Where its content begins, counted from 1. */
  readonly line: number;
}

const DIGITS = [..."0123456789"];
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/;
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/;

const integer = (source: string): number | typeof NOT_RESOLVED => {
  const text = source.replaceAll("_", "");
  // go-yaml reads what stands behind 0b by itself, sign and all.
  const [, signed] = /^0b([-+][01]+)$/.exec(text) ?? [];
  if (signed) return Number.parseInt(signed, 2);
  if (source.startsWith("_") || !INTEGER.test(text)) return NOT_RESOLVED;
  const digits = text.replace(/^[-+]/, "");
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return text.startsWith("-") && value !== 0 ? -value : value;
};

const float = (source: string): number | typeof NOT_RESOLVED => {
  if (INFINITE.test(source)) return source.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (NOT_A_NUMBER.test(source)) return Number.NaN;
  // Behind a leading dot, Go wants each underscore between two digits; otherwise go-yaml takes them out before it looks.
  if (source.startsWith(".") && /(?<!\d)_|_(?!\d)/.test(source)) return NOT_RESOLVED;
  const text = source.replaceAll("_", "");
  const value = FLOAT.test(text) && !source.startsWith("_") ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : NOT_RESOLVED;
};

const isFloat = (source: string): boolean => integer(source) === NOT_RESOLVED && float(source) !== NOT_RESOLVED;

const isInteger = (value: unknown): boolean => Number.isInteger(value) && !String(value).includes("e");

const goInteger = defineScalarTag("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: ["-", "+", ...DIGITS],
  resolve: integer,
  identify: isInteger,
});

const goFloat = defineScalarTag("tag:yaml.org,2002:float", {
  implicit: true,
  implicitFirstChars: ["-", "+", ".", ...DIGITS],
  resolve: float,
  identify: (value) => typeof value === "number" && !isInteger(value),
});

/** Only where somebody wrote the tag. */
const goBinary = defineScalarTag("tag:yaml.org,2002:binary", {
  resolve: (source) => Buffer.from(source, "base64").toString("utf8"),
  identify: () => false,
});

/**
 * Scalars as kubectl and the API server read them (sigs.k8s.io/yaml, the go-yaml v2 dialect): YAML 1.1 booleans, integers
 * as Go's ParseInt with base 0 takes them (0644 and 0o644 are 420), neither timestamps nor base 60.
 */
const KUBERNETES = new Schema([
  nullCoreTag,
  boolYaml11Tag,
  goInteger,
  goFloat,
  goBinary,
  mergeTag,
  strTag,
  seqTag,
  mapTag,
]);

const asTree = (root: unknown, line: number, most?: number): unknown => {
  try {
    return treeOf(root, most);
  } catch (error) {
    throw error instanceof NoTree ? new YamlProblem(error.message, line) : error;
  }
};

const positionOf = (event: Event | undefined): number => {
  if (event === undefined) return 0;
  if ("start" in event) return event.start;
  if ("valueStart" in event) return Math.max(event.valueStart, event.tagStart, 0);
  return 0;
};

/**
 * The documents of a YAML stream as plain JSON, without the empty ones. Duplicate keys are refused.
 * @throws {YamlProblem} and nothing else
 */
export const parseDocuments = (text: string): readonly YamlDocument[] => {
  let before = 0;
  return partsOf(text).flatMap((part) => {
    const documents = parsePart(part, before);
    before += part.split("\n").length - 1;
    return documents;
  });
};

/**
 * The first document of a YAML stream as plain JSON; undefined: there is none. Of a repeated key the last one counts, as where kubectl reads
 * its own configuration. `most`: nodes, its aliases expanded. @throws {YamlProblem} and nothing else
 */
export const parseFirst = (text: string, most: number): unknown => {
  let before = 0;
  for (const part of partsOf(text)) {
    const [document] = parsePart(part, before, { json: true, most });
    if (document) return document.value;
    before += part.split("\n").length - 1;
  }
  return undefined;
};

/**
 * A stream in pieces of one document each, as the parser takes many times the memory of what it parses at once. `---` at the beginning of a
 * line ends a document wherever it stands; what is said to the parser itself holds for more than one.
 */
const partsOf = (text: string): readonly string[] =>
  /(?<![^\n\r])(?:%|\.\.\.(?!\S))/.test(text) ? [text] : text.split(/(?<=[\n\r])(?=---(?!\S))/);

/** @param before lines before it */
const parsePart = (
  text: string,
  before: number,
  { json = false, most }: { json?: boolean; most?: number } = {},
): readonly YamlDocument[] => {
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const foreign = foreignIn(events, text, isFloat);
    if (foreign) throw new YamlProblem(foreign.why, before + text.slice(0, foreign.at).split("\n").length);
    const values = constructFromEvents(events, { source: text, schema: KUBERNETES, json });
    const starts = events.flatMap((event, index) =>
      event.type === EVENT_ID.DOCUMENT ? [positionOf(events[index + 1])] : [],
    );
    let position = 0;
    let line = before + 1;
    return values.flatMap((value, index) => {
      const start = Math.max(position, starts[index] ?? 0);
      line += text.slice(position, start).split("\n").length - 1;
      position = start;
      return value === null || value === undefined ? [] : [{ value: asTree(value, line, most), line }];
    });
  } catch (error) {
    if (error instanceof YamlProblem) throw error;
    if (error instanceof YAMLException) throw new YamlProblem(error.reason, error.mark && before + error.mark.line + 1);
    throw error;
  }
};

/**
 * One YAML stream that kubectl reads back as the same objects: strings that it would take for something else are quoted.
 * Ends with a newline.
 */
export const toYaml = (objects: readonly unknown[]): string =>
  objects
    .map((object) => dump(object, { schema: KUBERNETES, noRefs: true, lineWidth: -1, quoteStyle: "double" }))
    .join("---\n");
