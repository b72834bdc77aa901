/**
 * The part of Go's text/template that Knative's settings use: fields, literals, pipes, parentheses, `if … else … end`, trim
 * markers and the common functions. Errors are worded as Go words them. `range`, `with`, `define` and variables are refused.
 */

export interface GoTemplate {
  /** Throws where Go's Execute returns an error. `type` names the data in the error about an unknown field. */
  readonly execute: (data: unknown, type: string) => string;
}

type Node = { text: string } | { pipe: Expression } | { condition: Expression; positive: Node[]; otherwise: Node[] };
type Expression = { literal: unknown } | { field: string[] } | { call: string; parameters: Expression[] };

type Token = { kind: "text" | "action"; value: string };

const UNSUPPORTED = new Set(["range", "with", "define", "template", "block", "break", "continue"]);

const FUNCTIONS: Record<string, (...values: unknown[]) => unknown> = {
  index: (container, ...keys) =>
    keys.reduce((value, key) => (value as Record<string, unknown> | null)?.[String(key)] ?? "", container),
  eq: (first, ...others) => others.some((other) => first === other),
  ne: (first, second) => first !== second,
  not: (value) => !isTruthy(value),
  and: (...values) => values.find((value) => !isTruthy(value)) ?? values.at(-1),
  or: (...values) => values.find(isTruthy) ?? values.at(-1),
  len: (value) => (typeof value === "string" ? Buffer.byteLength(value) : Object.keys(value ?? {}).length),
  print: (...values) => values.map(show).join(""),
  printf: (format, ...values) => formatText(String(format), values),
  js: (...values) => escapeScript(values.map(show).join("")),
  html: (...values) =>
    values
      .map(show)
      .join("")
      .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  urlquery: (...values) => encodeURIComponent(values.map(show).join("")),
};

const isTruthy = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);

const show = (value: unknown): string => {
  if (value === undefined || value === null) return "<no value>";
  if (typeof value === "number") return showNumber(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${show(item)}`).join(" ")}]`;
};

/** As %v has it: an exponent of two digits below a ten-thousandth. */
const showNumber = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential().replace(/([+-])(\d)$/, "$10$2") : String(value);

const formatText = (format: string, values: unknown[]): string => {
  let next = 0;
  return format.replace(/%[%sdvq]/g, (verb) => {
    if (verb === "%%") return "%";
    const value = show(values[next++]);
    return verb === "%q" ? JSON.stringify(value) : value;
  });
};

const escapeScript = (text: string): string =>
  text.replace(/[\\'"<>&=\n\r\t]/g, (character) => {
    if (character === "\\" || character === "'" || character === '"') return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });

/** Parses a template; throws an Error with Go's words where Go's Parse does. */
export const parseGoTemplate = (name: string, source: string): GoTemplate => {
  const fail = (message: string): Error => new Error(`template: ${name}:1: ${message}`);
  const tokens = tokenize(source, fail);
  let position = 0;

  const parseNodes = (stopAt: readonly string[]): { nodes: Node[]; stop: string } => {
    const nodes: Node[] = [];
    while (position < tokens.length) {
      const token = tokens[position++] as Token;
      if (token.kind === "text") {
        nodes.push({ text: token.value });
        continue;
      }
      const [word = ""] = token.value.split(/\s+/, 1);
      if (word === "end" || word === "else") {
        if (stopAt.includes(word)) return { nodes, stop: token.value };
        throw fail(`unexpected {{${word}}}`);
      }
      if (UNSUPPORTED.has(word)) throw fail(`the rehearsal world cannot evaluate {{${word}}}`);
      nodes.push(word === "if" ? parseIf(token.value.slice(2)) : { pipe: parsePipe(token.value, fail) });
    }
    if (stopAt.length > 0) throw fail("unexpected EOF");
    return { nodes, stop: "" };
  };

  const parseIf = (condition: string): Node => {
    const { nodes, stop } = parseNodes(["else", "end"]);
    const chained = /^else\s+if\s/.test(stop);
    const otherwise = chained
      ? [parseIf(stop.replace(/^else\s+if/, ""))]
      : stop === "else"
        ? parseNodes(["end"]).nodes
        : [];
    return { condition: parsePipe(condition, fail), positive: nodes, otherwise };
  };

  const { nodes } = parseNodes([]);

  return {
    execute: (data, type) => {
      const evaluate = (expression: Expression): unknown => {
        if ("literal" in expression) return expression.literal;
        if ("call" in expression) return FUNCTIONS[expression.call]?.(...expression.parameters.map(evaluate));
        return expression.field.reduce<unknown>((value, field, depth) => {
          const fields = value as Record<string, unknown> | null | undefined;
          // A missing struct field is an error, a missing map key is not: only the first level is a struct here.
          if (depth === 0 && !(fields && Object.hasOwn(fields, field))) {
            throw new Error(
              `template: ${name}:1:2: executing "${name}" at <.${expression.field.join(".")}>: can't evaluate field ${field} in type ${type}`,
            );
          }
          return fields?.[field];
        }, data);
      };
      const render = (list: readonly Node[]): string =>
        list
          .map((node) => {
            if ("text" in node) return node.text;
            if ("pipe" in node) return show(evaluate(node.pipe));
            return render(isTruthy(evaluate(node.condition)) ? node.positive : node.otherwise);
          })
          .join("");
      return render(nodes);
    },
  };
};

const tokenize = (source: string, fail: (message: string) => Error): Token[] => {
  const tokens: Token[] = [];
  let rest = source;
  let trimNext = false;
  while (rest !== "") {
    const open = rest.indexOf("{{");
    const text = open === -1 ? rest : rest.slice(0, open);
    const trimsBefore = open !== -1 && /^\{\{-\s/.test(rest.slice(open));
    const start = trimNext ? text.trimStart() : text;
    const value = trimsBefore ? start.trimEnd() : start;
    if (value !== "") tokens.push({ kind: "text", value });
    if (open === -1) break;
    const close = rest.indexOf("}}", open);
    if (close === -1) throw fail("unclosed action");
    const action = rest.slice(open + 2, close);
    trimNext = /\s-$/.test(action);
    const inner = action.replace(/^-\s/, "").replace(/\s-$/, "").trim();
    if (inner === "") throw fail("missing value for command");
    if (!/^\/\*.*\*\/$/s.test(inner)) tokens.push({ kind: "action", value: inner });
    rest = rest.slice(close + 2);
  }
  return tokens;
};

const WORD = /^\s*("(?:[^"\\]|\\.)*"|`[^`]*`|[()|]|-?\d+(?:\.\d+)?|\.(?:[\w.]*)|[A-Za-z]\w*|\S)/;

const parsePipe = (source: string, fail: (message: string) => Error): Expression => {
  const words: string[] = [];
  for (let rest = source; rest.trim() !== ""; ) {
    const word = WORD.exec(rest);
    if (!word?.[1]) break;
    words.push(word[1]);
    rest = rest.slice(word[0].length);
  }
  let at = 0;

  const operand = (): Expression => {
    const word = words[at++] ?? "";
    if (word === "(") {
      const inner = pipeline();
      if (words[at++] !== ")") throw fail("unclosed left paren");
      return inner;
    }
    if (word.startsWith(".")) return { field: word.split(".").filter((part) => part !== "") };
    if (word.startsWith('"')) return { literal: JSON.parse(word) };
    if (word.startsWith("`")) return { literal: word.slice(1, -1) };
    if (/^-?\d/.test(word)) return { literal: Number(word) };
    if (word === "true" || word === "false") return { literal: word === "true" };
    if (/^[A-Za-z]/.test(word)) {
      if (!Object.hasOwn(FUNCTIONS, word)) throw fail(`function "${word}" not defined`);
      return { call: word, parameters: [] };
    }
    throw fail(word === "" ? "missing value for command" : `unexpected "${word}" in operand`);
  };

  const command = (): Expression => {
    const first = operand();
    const parameters: Expression[] = [];
    while (at < words.length && words[at] !== "|" && words[at] !== ")") parameters.push(operand());
    if ("call" in first) return { call: first.call, parameters };
    if (parameters.length > 0) throw fail("can't give argument to non-function");
    return first;
  };

  const pipeline = (): Expression => {
    let value = command();
    while (words[at] === "|") {
      at += 1;
      const next = command();
      if (!("call" in next)) throw fail("non executable command in pipeline stage 2");
      value = { call: next.call, parameters: [...next.parameters, value] };
    }
    return value;
  };

  const result = pipeline();
  if (at < words.length) throw fail(`unexpected "${words[at]}" in command`);
  return result;
};
