import { COLLECTION_STYLE, EVENT_ID, type Event, SCALAR_STYLE, type ScalarEvent } from "js-yaml";

/**
 * What YAML 1.2 has and kubectl's parser (go-yaml 2, YAML 1.1) has not, or reads as something else. Nobody writes it into manifests; read
 * in silence, it would be other objects than those that kubectl makes of the same file.
 */
export interface Foreign {
  readonly why: string;
  /** Where, in characters. */
  readonly at: number;
}

interface Open {
  readonly isMapping: boolean;
  readonly isFlow: boolean;
  /** Nodes in it so far: keys and values take turns. */
  nodes: number;
  /** Where its last key ends. */
  key: number;
}

/** `\/`, which is no escape in YAML 1.1; two backslashes before it are one by themselves. */
const SLASH = /(?<!\\)(?:\\\\)*\\\//;
const NULL = /^(?:~|null|Null|NULL)?$/;
/** Those that Go and JavaScript write alike: Go changes to an exponent from a million on. */
const PLAIN_FLOAT = /^-?(?:0|[1-9]\d{0,5})(?:\.\d{1,3})?$/;

/** The first one in a document's events; undefined: none. `isFloat`: whether a plain scalar is a number that is not whole, or no number. */
export const foreignIn = (
  events: readonly Event[],
  text: string,
  isFloat: (source: string) => boolean,
): Foreign | undefined => {
  const open: Open[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const around = open.at(-1);
    const isKey = around?.isMapping === true && around.nodes % 2 === 0;
    if (around) around.nodes += 1;
    if (event.type === EVENT_ID.SCALAR) {
      const why =
        reasonIn(event, text, isKey, around?.isFlow === true) ??
        (isKey ? keyReasonIn(event, text, isFloat) : undefined);
      if (why) return { why, at: Math.max(0, event.valueStart) };
      if (around && isKey) around.key = Math.max(0, event.valueEnd);
    }
    if (event.type === EVENT_ID.SCALAR || event.type === EVENT_ID.ALIAS) continue;
    const isMapping = event.type === EVENT_ID.MAPPING;
    const isFlow = event.type !== EVENT_ID.DOCUMENT && event.style === COLLECTION_STYLE.FLOW;
    if (isMapping && !isFlow && around?.isMapping && !isKey && !text.slice(around.key, event.start).includes("\n"))
      return { why: "kubectl does not take a mapping that begins on the line of its key", at: event.start };
    open.push({ isMapping, isFlow, nodes: 0, key: 0 });
  }
  return undefined;
};

const reasonIn = (event: ScalarEvent, text: string, isKey: boolean, isFlow: boolean): string | undefined => {
  const source = event.valueStart < 0 ? "" : text.slice(event.valueStart, event.valueEnd);
  if (event.style === SCALAR_STYLE.DOUBLE_QUOTED)
    return source.includes("\\/") && SLASH.test(source) ? "kubectl knows no escape \\/" : undefined;
  if (event.style !== SCALAR_STYLE.PLAIN) return undefined;
  const shown = JSON.stringify(source.slice(0, 50));
  if (isFlow && /^[?:]|:$/.test(source)) return `a mark of ${shown} means something else to kubectl: quote it`;
  if (isKey && isFlow && /^[ \t]*:[,\]}]/.test(text.slice(event.valueEnd, event.valueEnd + 50)))
    return `the colon behind ${shown} is a part of it to kubectl: put a blank behind it`;
  return undefined;
};

const keyReasonIn = (event: ScalarEvent, text: string, isFloat: (source: string) => boolean): string | undefined => {
  if (event.style !== SCALAR_STYLE.PLAIN) return undefined;
  const source = event.valueStart < 0 ? "" : text.slice(event.valueStart, event.valueEnd);
  if (NULL.test(source)) return "kubectl takes no key that is empty or null: quote it";
  return isFloat(source) && !PLAIN_FLOAT.test(source)
    ? `the key ${JSON.stringify(source.slice(0, 50))} is a number to kubectl, which writes it in its own way: quote it`
    : undefined;
};
