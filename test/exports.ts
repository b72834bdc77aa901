import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** A declaration at the top level of a file, and what it mentions. `name` is empty for statements, which run when the file is loaded. */
interface Declaration {
  readonly path: string;
  readonly name: string;
  readonly isExported: boolean;
  readonly isType: boolean;
  readonly text: string;
}

interface Import {
  /** What it is called here. */
  readonly local: string;
  readonly from: string;
  /** What it is called there; `*` for the whole module. */
  readonly name: string;
}

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly declarations: readonly Declaration[];
  readonly imports: readonly Import[];
}

// In a text no comment begins: `"application/json, */*"`.
const withoutComments = (text: string): string =>
  text
    .replace(/("(?:[^"\\\n]|\\.)*")|\/\*[\s\S]*?\*\//g, (_, string: string | undefined) => string ?? "")
    .replace(/^\s*\/\/.*$/gm, "");

/** `a, type b, c as d` as pairs of the name there and the name here. */
const pairsIn = (list: string): readonly (readonly [string, string])[] =>
  list
    .split(",")
    .map((one) => one.trim().replace(/^type\s+/, ""))
    .filter((one) => one !== "")
    .map((one) => {
      const [there = "", here = there] = one.split(/\s+as\s+|\s*:\s*/);
      return [there, here];
    });

/** What is text in a program: strings, regular expressions, the words of templates up to the next value or the end. */
const TEXTS = /"(?:[^"\\\n]|\\.)*"|(?<=[(,=:[!&|?{};\n]\s*)\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*|[`{}]/y;

/** The code alone. `depths` counts the open braces of each value in a template that we are in. */
const codeOf = (text: string): string => {
  const depths: number[] = [];
  let code = "";
  let position = 0;
  const skipWords = (): void => {
    while (position < text.length && text[position] !== "`" && !text.startsWith("${", position))
      position += text[position] === "\\" ? 2 : 1;
    if (text.startsWith("${", position)) depths.push(0);
    position += text[position] === "`" ? 1 : 2;
    code += " ";
  };
  while (position < text.length) {
    TEXTS.lastIndex = position;
    const found = TEXTS.exec(text)?.[0];
    position += found?.length ?? 1;
    if (found === "`" || (found === "}" && depths.at(-1) === 0)) {
      if (found === "}") depths.pop();
      skipWords();
    } else if (found === "{" || found === "}") depths.push((depths.pop() ?? 0) + (found === "{" ? 1 : -1));
    else if (found === undefined) code += text[position - 1];
    else code += " ";
  }
  return code;
};

/** Names in code; not those behind a dot, which are members of something. */
const mentionsIn = (text: string): ReadonlySet<string> =>
  new Set(codeOf(text).match(/(?<!\w|(?<!\.\.)\.)[a-zA-Z_$]\w*/g));

const HEAD = /^(export\s+)?(?:default\s+)?(?:async\s+)?(const|let|function|class|interface|type|enum)\s+(\w+)/;

const declarationsIn = (path: string, text: string): readonly Declaration[] =>
  text.split(/^(?=[a-zA-Z])/m).flatMap((part) => {
    if (/^import\b(?!\()/.test(part)) return [];
    const again = /^export\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*"[^"]+")?/.exec(part);
    if (again) {
      const areTypes = part.startsWith("export type");
      return (again[1] ?? "").split(",").flatMap((one) =>
        pairsIn(one).map(([there, name]) => ({
          path,
          name,
          isExported: true,
          isType: areTypes || /^\s*type\s/.test(one),
          text: there,
        })),
      );
    }
    const [, exported, keyword = "", name = ""] = HEAD.exec(part) ?? [];
    return [{ path, name, isExported: exported !== undefined, isType: /^(interface|type)$/.test(keyword), text: part }];
  });

const importsIn = (path: string, text: string, root: string): readonly Import[] => {
  const at = (specifier: string): string => relative(root, resolve(root, dirname(path), specifier));
  const named = /^(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"(\.[^"]+)"/gm;
  const whole = /^import\s+\*\s+as\s+(\w+)\s+from\s*"(\.[^"]+)"/gm;
  return [
    ...[...text.matchAll(named)].flatMap(([statement, list = "", from = ""]) =>
      pairsIn(list).map(([name, here]) => ({
        name,
        local: statement.startsWith("export") ? name : here,
        from: at(from),
      })),
    ),
    ...[...text.matchAll(whole)].map(([, local = "", from = ""]) => ({ name: "*", local, from: at(from) })),
  ];
};

/** `path` is relative to `root`. */
export const sourceFile = (root: string, path: string, content: string): SourceFile => {
  const text = withoutComments(content);
  return { path, text, declarations: declarationsIn(path, text), imports: importsIn(path, text, root) };
};

/** Every TypeScript file below `folder`, which is relative to `root`. */
export const filesIn = (root: string, folder: string): readonly SourceFile[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file))
    .map((path) => sourceFile(root, path, readFileSync(join(root, path), "utf8")));

/**
 * The exports that are not reached from any root, however long the way. Mentions are found by name and not by scope, and a module that is
 * loaded with `import()` counts for each of its exports that the loading file mentions (all of them where it mentions none): so something
 * dead may be taken for alive, and nothing alive for dead.
 */
export const unreachable = (
  root: string,
  files: readonly SourceFile[],
  isRoot: (declaration: Declaration) => boolean,
): readonly Declaration[] => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const exported = (path: string): readonly Declaration[] =>
    byPath.get(path)?.declarations.filter(({ isExported }) => isExported) ?? [];
  const mentionedBy = ({ path, text, name }: Declaration): readonly Declaration[] => {
    const file = byPath.get(path);
    const words = mentionsIn(text);
    const here = file?.declarations.filter((one) => one.name !== name && words.has(one.name)) ?? [];
    const imported = (file?.imports ?? [])
      .filter(({ local }) => words.has(local))
      .flatMap(({ from, name: there }) => exported(from).filter((one) => there === "*" || one.name === there));
    const loaded = [...text.matchAll(/\bimport\(\s*"(\.[^"]+)"\s*\)/g)].flatMap(([, specifier = ""]) => {
      const all = exported(relative(root, resolve(root, dirname(path), specifier)));
      const some = all.filter((one) => new RegExp(`\\b${one.name}\\b`).test(file?.text ?? ""));
      return some.length > 0 ? some : all;
    });
    return [...here, ...imported, ...loaded];
  };
  const all = files.flatMap(({ declarations }) => declarations);
  const reached = new Set(all.filter((one) => one.name === "" || isRoot(one)));
  for (const declaration of reached) for (const other of mentionedBy(declaration)) reached.add(other);
  return all.filter((one) => one.isExported && !reached.has(one));
};
