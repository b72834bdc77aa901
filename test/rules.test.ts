import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const textsIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|md|yaml)$/.test(file))
    .map((file) => join(folder, file));

const [, hard = "", house = ""] = read("docs/rules.md").split(/^## (?:Hard|House) rules$/m);
const numbersIn = (text: string): readonly string[] =>
  [...text.matchAll(/^(\d+)\. \*\*/gm)].map(([, number = ""]) => number);
const RULES = { hard: numbersIn(hard), house: numbersIn(house) };

interface Citation {
  readonly list: keyof typeof RULES;
  readonly number: string;
}

/** `rule 7`, `house rule 17`, `rules 18, 19`, `rules 3 and 4`; a comment may break the line within. */
const citationsIn = (text: string): readonly Citation[] =>
  [...text.matchAll(/\b(house\s[\s/*]*)?rules?\s[\s/*]*(\d+(?:(?:,\s*|\s+and\s+)\d+)*)\b/gi)].flatMap(
    ([, isHouse, numbers = ""]) =>
      (numbers.match(/\d+/g) ?? []).map((number) => ({
        list: isHouse ? ("house" as const) : ("hard" as const),
        number,
      })),
  );

it("rules are numbered from one on, without a gap, so that a number means one rule for ever", () => {
  for (const numbers of Object.values(RULES)) {
    expect(numbers.length).toBeGreaterThan(20);
    expect(numbers).toEqual(numbers.map((_, index) => String(index + 1)));
  }
});

it("every rule that a comment or a page cites stands in docs/rules.md", () => {
  const paths = ["src", "test", "docs", "scripts"].flatMap(textsIn);
  const pages = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "README.md"];
  const cited = [...paths, ...pages].flatMap((path) =>
    citationsIn(read(path)).map((citation) => ({ ...citation, path })),
  );
  expect(cited.length).toBeGreaterThan(70);
  expect(cited.filter(({ list, number }) => !RULES[list].includes(number))).toEqual([]);
});

it("what the rules name is there: decisions, files, tests", () => {
  const text = read("docs/rules.md");
  const links = [...text.matchAll(/\]\((?:\.\.\/)?([^)]+\.md)\)/g)].map(([, link = ""]) =>
    link.startsWith("decisions/") ? `docs/${link}` : link,
  );
  const files = [...text.matchAll(/`((?:steps|core|dns|test|manifests)\/[\w./-]+\.(?:ts|yaml))`/g)].map(
    ([, file = ""]) => (/^(test|manifests)\//.test(file) ? file : `src/${file}`),
  );
  expect(links.length + files.length).toBeGreaterThan(15);
  for (const path of [...links, ...files]) expect(() => read(path), path).not.toThrow();
});

it("a citation is found in every form in which one is written", () => {
  expect(citationsIn("(rule 23). house rule 17; rules 18, 19\n * rule\n * 5")).toEqual([
    { list: "hard", number: "23" },
    { list: "house", number: "17" },
    { list: "hard", number: "18" },
    { list: "hard", number: "19" },
    { list: "hard", number: "5" },
  ]);
});
