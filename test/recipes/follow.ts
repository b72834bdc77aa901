import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** What the tree needs to run, to be compiled and to be tested. */
const TREE = [
  "ARCHITECTURE.md",
  "src",
  "manifests",
  "scripts",
  "ARCHITECTURE.md",
  "package.json",
  "ARCHITECTURE.md",
  "tsconfig.json",
  "test/contract",
  "test/engine/cli.ts",
  "test/real",
  "test/json-line.ts",
  "test/patience.ts",
  "test/architecture.test.ts",
  "test/recipes/fifth-kind.ts",
  "test/recipes/new-part.ts",
  "test/recipes/own-issuer.ts",
];

/** What a recipe has one do: a file that is new, or lines that take the place of others. */
export type Edit =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly remove: readonly string[]; readonly add: readonly string[] };

export interface Recipe {
  /** `A new ingress` */
  readonly title: string;
  readonly edits: readonly Edit[];
}

const lines = (block: string, sign: string): readonly string[] =>
  block.split("\n").flatMap((line) => (line.startsWith(sign) ? [line.slice(1)] : []));

const editsIn = (text: string): readonly Edit[] =>
  [...text.matchAll(/^```(ts|diff)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, kind, path = "", block = ""]): Edit =>
      kind === "ts" ? { path, text: block } : { path, remove: lines(block, "-"), add: lines(block, "+") },
  );

/** The one of the rehearsal world's README. */
export const partRecipe = async (): Promise<Recipe> => ({
  title: "A new part",
  edits: editsIn(await readFile(join(root, "src/sandbox/README.md"), "utf8")),
});

/** The part in which the ingress of the recipe acts, as its owner would write it. */
export const gatewayPart = async (): Promise<Recipe> => {
  const text = await readFile(join(root, "test/recipes/example-gateway.ts"), "utf8");
  return {
    title: "The gateway of the new ingress",
    edits: [
      { path: "src/sandbox/example-gateway/index.ts", text: text.replaceAll("../../src/sandbox/", "../") },
      {
        path: "src/sandbox/parts.ts",
        remove: [", example];"],
        add: ['import { exampleGateway } from "./example-gateway/index.ts";', ", exampleGateway, example];"],
      },
    ],
  };
};

/** Those of CONTRIBUTING.md that show code. */
export const recipes = async (): Promise<readonly Recipe[]> => {
  const text = await readFile(join(root, "CONTRIBUTING.md"), "utf8");
  const section = /^## Recipes\n([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  return section
    .split(/^(?=\*\*A new )/m)
    .map((part) => ({
      title: /^\*\*(.*?)\.\*\*/.exec(part)?.[1] ?? "",
      edits: editsIn(part),
    }))
    .filter(({ edits }) => edits.length > 0);
};

/** A copy of the tree in which nothing has been done yet. */
export const copyTree = async (folder: string): Promise<void> => {
  for (const path of TREE) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
};

/** Does what it says, and nothing else. An import goes to the top; other lines stand where those were that they replace. */
export const follow = async (folder: string, { title, edits }: Recipe): Promise<void> => {
  for (const edit of edits) {
    const file = join(folder, edit.path);
    if ("text" in edit) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, edit.text, { flag: "wx" });
      continue;
    }
    const imports = edit.add.filter((line) => line.startsWith("import "));
    const others = edit.add.filter((line) => !line.startsWith("import "));
    const text = await readFile(file, "utf8");
    const old = edit.remove.join("\n");
    if (text.split(old).length !== 2) throw new Error(`${title}: ${edit.path} does not say\n${old}`);
    await writeFile(file, [...imports, text.replace(old, () => others.join("\n"))].join("\n"));
  }
};

/** What a recipe costs: files that are new, a folder of them as one; and each place in a file that was there, imports apart. */
export const costOf = ({
  edits,
}: Recipe): { readonly added: readonly string[]; readonly edited: readonly string[] } => {
  const files = edits.flatMap((edit) => ("text" in edit ? [edit.path] : []));
  return {
    added: [...Map.groupBy(files, dirname)].flatMap(([folder, inIt]) => (inIt.length > 1 ? [`${folder}/`] : inIt)),
    edited: edits.flatMap((edit) => ("text" in edit ? [] : [edit.path])),
  };
};
