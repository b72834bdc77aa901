/**
 * JSON parsing with the words of Go's encoding/json, which clients see quoted in the API server's messages.
 * The native parser does the work; only a text it refuses is scanned again for the reason.
 */

export class SyntaxFailure extends Error {}

/** Throws SyntaxFailure with Go's message. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxFailure(reason(text));
  }
}

const END = "unexpected end of JSON input";
const quote = (char: string): string => (char === "'" ? `'\\''` : char === '"' ? `'"'` : `'${char}'`);

/** Why Go's scanner would stop, e.g. `invalid character 'n' looking for beginning of object key string`. */
function reason(text: string): string {
  let at = 0;
  const blank = (): void => {
    while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at++;
  };
  const stop = (where: string): never => {
    throw new SyntaxFailure(at >= text.length ? END : `invalid character ${quote(text[at] ?? "")} ${where}`);
  };
  const literal = (word: string): void => {
    for (let i = 0; i < word.length; i++, at++)
      if (text[at] !== word[i]) stop(`in literal ${word} (expecting ${quote(word[i] ?? "")})`);
  };
  const string = (): void => {
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length || text.charCodeAt(at) < 0x20) stop("in string literal");
      if (text[at] === "\\") {
        at++;
        if (!'"\\/bfnrtu'.includes(text[at] ?? " ")) stop("in string escape code");
      }
    }
    at++;
  };
  const number = (): void => {
    const found = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(text.slice(at));
    if (!found) {
      at++;
      stop("in numeric literal");
    }
    at += found?.[0].length ?? 0;
  };
  const object = (): void => {
    at++;
    blank();
    if (text[at] === "}") {
      at++;
      return;
    }
    for (;;) {
      blank();
      if (text[at] !== '"') stop("looking for beginning of object key string");
      string();
      blank();
      if (text[at] !== ":") stop("after object key");
      at++;
      value();
      blank();
      if (text[at] === "}") break;
      if (text[at] !== ",") stop("after object key:value pair");
      at++;
    }
    at++;
  };
  const array = (): void => {
    at++;
    blank();
    if (text[at] === "]") {
      at++;
      return;
    }
    for (;;) {
      value();
      blank();
      if (text[at] === "]") break;
      if (text[at] !== ",") stop("after array element");
      at++;
    }
    at++;
  };
  const value = (): void => {
    blank();
    const char = text[at] ?? "";
    if (char === "{") object();
    else if (char === "[") array();
    else if (char === '"') string();
    else if (char === "t") literal("true");
    else if (char === "f") literal("false");
    else if (char === "n") literal("null");
    else if (char === "-" || (char >= "0" && char <= "9")) number();
    else stop("looking for beginning of value");
  };
  try {
    value();
    blank();
    stop("after top-level value");
  } catch (error) {
    if (error instanceof SyntaxFailure) return error.message;
    throw error;
  }
  return END;
}
