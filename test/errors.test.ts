import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { ERRORS } from "../src/cli/errors/index.ts";

const root = resolve(import.meta.dirname, "..");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/^(sandbox|cli\/errors)\//.test(file))
  .map((file) => ({ file, text: readFileSync(join(root, "src", file), "utf8") }));

const ids = Object.values(ERRORS).flatMap((errors) => Object.keys(errors));
const AREAS = [...new Set(ids.map((id) => id.split(".")[0]))].join("|");
const ID = new RegExp(`"((?:${AREAS})\\.[a-z0-9.-]+)"`, "g");
/** Checks are known by ids as well; this is how one goes on behind its id. */
const IS_CHECK = /^,?\s*(title|try|run)\b/;
/** A Deployment's group, a host. */
const IS_HOST = /\.(dev|io|com|net)$/;

/** The ids in what stands behind `id:`, or is the first argument of a function that makes an error. */
const literalsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<=\bid: )[^,\n{}]*|(?<=\b(?:wrong|refuse|bad|clocksApart)\((?:entry, )?\s*)"[^"]+"/g)].flatMap(
    (match) =>
      IS_CHECK.test(text.slice(match.index + match[0].length))
        ? []
        : [...match[0].matchAll(ID)].map(([, id = ""]) => id),
  );

/** Where a file gives its ids an area once: ``id: `acme.${id}` ``. */
const prefixedIn = (text: string): readonly string[] => {
  const [, area] =
    /\bid: `([a-z-]+)\.\$\{id\}`/.exec(text) ?? (/\bplace, refuse\b/.test(text) ? ["", "tls-secret"] : []);
  return area === undefined
    ? []
    : [...text.matchAll(/\b(?:refuse|bad)\(\s*"([a-z-]+)"/g)].map(([, id = ""]) => `${area}.${id}`);
};

const used = new Set(
  sources.flatMap(({ text }) => [...literalsIn(text), ...prefixedIn(text)]).filter((id) => !IS_HOST.test(id)),
);

it("every id of an error that the program uses is in the table, and so in docs/errors.md", () => {
  expect(used.size).toBeGreaterThan(120);
  expect([...used].filter((id) => !ids.includes(id)).sort()).toEqual([]);
});

it("the table has no id that the program does not use", () => {
  const said = sources.map(({ text }) => text).join("\n");
  expect(ids.filter((id) => !used.has(id) && !said.includes(`"${id}"`)).sort()).toEqual([]);
});

it("an id stands in one area", () => {
  expect(ids.length).toBe(new Set(ids).size);
});

it.each(Object.values(ERRORS).flatMap((errors) => Object.entries(errors)))(
  "%s is told in whole sentences",
  (_id, row) => {
    expect(row.kinds.length).toBeGreaterThan(0);
    for (const text of [row.what, row.todo, ...(row.why === undefined ? [] : [row.why])]) {
      expect(text).toMatch(/^([A-Z-]|kubectl |cert-manager ).*\.$/);
      expect(text).not.toMatch(/\$\{|…|\n/);
    }
  },
);
