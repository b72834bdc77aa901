import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { dump } from "js-yaml";
import { expect, it } from "vitest";
import { fileSchema, pages } from "../../scripts/docs.ts";
import { load } from "../../src/config/load.ts";
import { flagOf, OPTIONS } from "../../src/config/options.ts";
import { UserError } from "../../src/ports/error.ts";
import { loadCatalog } from "../../src/releases/index.ts";

const catalog = await loadCatalog();

it("the generated pages are the committed ones (npm run docs)", async () => {
  for (const [path, text] of Object.entries(pages(catalog))) {
    expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8"), path).toBe(text);
  }
});

it("every option is documented", () => {
  for (const option of OPTIONS)
    expect(pages(catalog)["docs/options.md"]).toContain(option.key === "color" ? "--no-color" : flagOf(option));
});

/** What may stand under some keys, and what may not. */
const VALUES: Readonly<Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>> = {
  tls: { good: ["none", "self-signed"], bad: ["letsencript", true, ["none"]] },
  ingress: { good: ["kourier"], bad: ["kuorier", 1] },
  hpa: { good: [true, false], bad: ["maybe", [true], { on: true }] },
  namespaces: { good: [["team-a"], []], bad: [{ name: "team-a" }] },
  timeout: { good: [600, "1h30m"], bad: [-1, ["10m"]] },
  "knative-version": { good: ["1.23", 1.23, "1.23.0"], bad: [["1.23"], true] },
  context: { good: ["kind-kind"], bad: [["a", "b"], { a: 1 }] },
  tsl: { good: [], bad: ["none"] },
  purge: { good: [], bad: [true] },
};

const good = fc.record(
  Object.fromEntries(
    Object.entries(VALUES).flatMap(([key, { good: values }]) =>
      values.length > 0 ? [[key, fc.constantFrom(...values)]] : [],
    ),
  ),
  { requiredKeys: [], noNullPrototype: true },
);
const bad = fc.constantFrom(
  ...Object.entries(VALUES).flatMap(([key, { bad: values }]) => values.map((value) => ({ [key]: value }))),
);

it("the schema for editors and the program accept and refuse the same files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kn-bootstrap-schema-"));
  const config = join(directory, "kn.yaml");
  const accepted = async (document: unknown): Promise<boolean> => {
    await writeFile(config, dump(document));
    return load({ flags: { config }, env: {}, terminal: false }).then(
      () => true,
      (error: unknown) => {
        expect(error).toBeInstanceOf(UserError);
        return false;
      },
    );
  };
  try {
    await fc.assert(
      fc.asyncProperty(good, bad, async (document, mistake) => {
        expect([fileSchema.safeParse(document).success, await accepted(document)]).toEqual([true, true]);
        const wrong = { ...document, ...mistake };
        expect([fileSchema.safeParse(wrong).success, await accepted(wrong)]).toEqual([false, false]);
      }),
      { numRuns: 150 },
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
