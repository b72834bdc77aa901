import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseArguments } from "../src/cli/args.ts";
import { commands } from "../src/cli/commands/index.ts";
import { topics } from "../src/cli/help/index.ts";
import { load } from "../src/config/load.ts";
import { flagOf, OPTIONS } from "../src/config/options.ts";

const root = resolve(import.meta.dirname, "..");
const markdown = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));

/** What people copy from. */
const pages = ["README.md", "CONTRIBUTING.md", ...markdown("docs"), ...markdown("docs/guides")].map((path) => ({
  path,
  text: readFileSync(join(root, path), "utf8"),
}));
const helps = await Promise.all(
  topics.map(async ({ name, load }) => ({ path: `help ${name}`, text: (await load()).text })),
);
const texts = [...pages, ...helps];

/** Lines that begin with the program, in blocks and in help, and what stands between backticks in a sentence. */
const commandsIn = (text: string): readonly { readonly line: string; readonly whole: boolean }[] => {
  const joined = text.replaceAll(/\\\n\s*/g, "");
  const lines = [
    ...joined.matchAll(/^\s*(?:\$ |- run: )?(?:npm run dev --|npx --yes kn-bootstrap@\S+|kn-bootstrap) .*$/gm),
  ];
  const spans = [...joined.matchAll(/`(kn-bootstrap [^`\n]+)`/g)].map((match) => match[1] ?? "");
  // A sentence may name a command without all that it wants.
  return [
    ...lines.map(([line]) => ({ line: line.trim(), whole: true })),
    ...spans.map((line) => ({ line, whole: false })),
  ];
};

/** What stands for something of the reader's. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  IMAGE: "registry.example.com/kn-bootstrap:0.1.0",
  ARN: "arn:aws:iam::123456789012:role/kn-bootstrap",
};

/** The words behind the program's name, up to what belongs to the shell. */
const wordsOf = (line: string): readonly string[] =>
  line
    .replace(/^(- run: )?(npm run dev --|npx --yes kn-bootstrap@\S+|\$? ?kn-bootstrap)\s*/, "")
    .replace(/\s+(#|\||>|&&|;|2>).*$/, "")
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => PLACEHOLDERS[word] ?? word);

const found = texts.flatMap(({ path, text }) => commandsIn(text).map((command) => ({ path, ...command })));

describe("what the guides say to type", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-guides-"));
    // A YAML block whose first line is its name is the file that commands name.
    for (const { text } of pages)
      for (const [, name = "", body = ""] of text.matchAll(/```yaml\n# (\S+\.yaml)\n([\s\S]*?)```/g))
        await writeFile(join(folder, name), body);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is a lot", () => {
    for (const { path } of pages.filter((page) => page.path.startsWith("docs/guides/")))
      expect(found.filter((command) => command.path === path).length, path).toBeGreaterThan(1);
    expect(found.length).toBeGreaterThan(40);
  });

  it.each(found.map(({ path, line, whole }) => [path, line, whole] as const))("%s: %s", async (_, line, whole) => {
    const invocation = parseArguments(wordsOf(line), { commands, version: "", columns: 80 });
    if (invocation.kind === "text" || !whole) return;
    const { config, ...written } = invocation.written;
    const flags = { ...invocation.command.implied, ...written };
    const file = typeof config === "string" ? { config: join(folder, config) } : {};
    await load({ flags: { ...flags, ...file }, env: {}, terminal: false });
  });

  it("names options that there are", () => {
    const known = new Set([...OPTIONS.map(flagOf), ...OPTIONS.map((option) => flagOf(option).replace("--", "--no-"))]);
    const guides = texts.filter(({ path }) => /^(docs\/(guides|troubleshooting)|help )/.test(path));
    for (const { path, text } of guides) {
      const flags = [...text.matchAll(/`(--[a-z-]+)[^`]*`/g)].map((match) => match[1] ?? "");
      // Of kn, curl and others.
      const unknown = flags.filter((flag) => !known.has(flag) && !["--scale-min"].includes(flag));
      expect(unknown, path).toEqual([]);
    }
  });

  it("leads to pages that there are", () => {
    for (const { path, text } of pages)
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g))
        expect(existsSync(join(root, dirname(path), target)), `${path}: ${target}`).toBe(true);
  });
});
