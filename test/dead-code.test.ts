import { resolve } from "node:path";
import { expect, it } from "vitest";
import { filesIn, sourceFile, unreachable } from "./exports.ts";

const root = resolve(import.meta.dirname, "..");

/** Programs, and what others import. */
const ENTRIES = /^(src\/main\.ts$|scripts\/)/;
/** The rehearsal world stands by itself: tests, and other projects, use more of it than the command does. */
const WORLD = /^src\/sandbox\//;

/** Exports that tests alone use, each with the reason why it stays. */
const ALLOWED: Readonly<Record<string, string>> = {
  "src/releases/images.ts imagesOf": "docs/guides/air-gapped.md announces a command that needs it",
};

it("what the program exports, the program uses; what tests alone use is dead", () => {
  const files = [...filesIn(root, "src"), ...filesIn(root, "scripts")];
  const dead = unreachable(root, files, ({ path }) => ENTRIES.test(path) || WORLD.test(path))
    .filter(({ isType }) => !isType)
    .map(({ path, name }) => `${path} ${name}`);
  expect(dead.filter((one) => ALLOWED[one] === undefined)).toEqual([]);
  expect(Object.keys(ALLOWED).filter((one) => !dead.includes(one))).toEqual([]);
});

it("is seen behind other dead exports, texts and members of the same name, and not behind an import when it is needed", () => {
  const main = `import { used } from "./a.ts";
const text = \`\${used(\`dead \${1}\`)} dead\`;
console.log(text, text.dead, /dead"/, "dead");
const load = async () => (await import("./b.ts")).later();
load();
`;
  const a =
    "export const used = () => helper;\nconst helper = 1;\nexport const dead = () => deeper;\nexport const deeper = 2;\n";
  const b = 'export const later = () => 1;\nexport { used as again } from "./a.ts";\nexport type Shape = 1;\n';
  const files = [sourceFile(root, "src/m.ts", main), sourceFile(root, "src/a.ts", a), sourceFile(root, "src/b.ts", b)];
  const found = unreachable(root, files, ({ path }) => path === "src/m.ts").map(({ name }) => name);
  expect(found).toEqual(["dead", "deeper", "again", "Shape"]);
});
