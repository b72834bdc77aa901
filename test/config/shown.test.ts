import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { dump, load as yaml } from "js-yaml";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/args.ts";
import { commands } from "../../src/cli/commands/index.ts";
import type { Config } from "../../src/config/config.ts";
import { load, type Sources } from "../../src/config/load.ts";
import { type CommandName, inFile, optionName } from "../../src/config/options.ts";
import { asWords, asYaml, shown } from "../../src/config/shown.ts";
import { SKIPPABLE } from "../../src/config/skippable.ts";
import { sh } from "../../src/ports/shell.ts";

const loaded = (flags: Sources["flags"]): Promise<Config> => load({ flags, env: {}, terminal: false });

/** The words that a POSIX shell makes of a line with single quotes. */
const words = (line: string): readonly string[] =>
  [...line.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/gs)].map(([word]) =>
    word.replace(/'([^']*)'|\\(.)/gs, (_, quoted?: string, single?: string) => quoted ?? single ?? ""),
  );

const parsed = (line: string): Promise<Config> => {
  const invocation = parseArguments(words(line).slice(1), { commands, version: "", columns: 80 });
  if (invocation.kind !== "command") throw new Error(`${line} runs nothing`);
  return loaded(invocation.written);
};

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const odd = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && text !== "" && !text.includes("\0"));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

/** What somebody may write that breaks no rule. */
const writable: fc.Arbitrary<Sources["flags"]> = fc
  .record({
    kubeconfig: maybe(odd),
    context: maybe(odd),
    manifests: maybe(odd),
    knativeVersion: maybe(fc.constantFrom("1.22", "1.23.0")),
    expose: maybe(fc.constantFrom("loadbalancer", "nodeport")),
    domain: maybe(label.map((name) => `${name}.example.com`)),
    address: maybe(fc.ipV4()),
    template: fc.constantFrom(undefined, "flat", "nested", "{{.Name}}-x-{{.Namespace}}.{{.Domain}}"),
    namespaces: fc.uniqueArray(label, { minLength: 1, maxLength: 3 }),
    tls: maybe(fc.constantFrom("none", "self-signed")),
    http: maybe(fc.constant("enabled")),
    hpa: maybe(fc.boolean()),
    logging: maybe(fc.constantFrom("none", "request-logs")),
    skipTagResolution: maybe(fc.uniqueArray(label, { maxLength: 2 })),
    releaseMirror: maybe(label.map((name) => `https://${name}.example.com/gh`)),
    imageRegistry: maybe(label.map((name) => `${name}.example.com:5000/mirror`)),
    takeOwnership: maybe(fc.boolean()),
    skipChecks: maybe(fc.subarray([...SKIPPABLE])),
    yes: maybe(fc.boolean()),
    timeout: maybe(fc.integer({ min: 1, max: 86_400 }).map(String)),
    output: maybe(fc.constantFrom("text", "json")),
    quiet: maybe(fc.boolean()),
  })
  .map(({ template, ...rest }) => ({ ...rest, domainTemplate: template }) as Sources["flags"]);

const asCommand = (config: Config, command?: CommandName): string => sh`${asWords(config, command)}`;

describe("the command line of a configuration", () => {
  it("says the same as the options it was made from", async () => {
    await fc.assert(
      fc.asyncProperty(writable, async (flags) => {
        const config = await loaded(flags);
        expect(await parsed(asCommand(config))).toEqual(config);
      }),
      { numRuns: 300 },
    );
  });

  it("says no more than is needed", async () => {
    expect(asCommand(await loaded({}))).toBe("kn-bootstrap install");
    expect(asCommand(await loaded({ domain: "a.example.com", dns: "none", tls: "self-signed", timeout: "600" }))).toBe(
      "kn-bootstrap install --domain a.example.com",
    );
    expect(
      asCommand(await loaded({ tls: "none", http: "enabled", domainTemplate: "flat", timeout: "5400" }), "plan"),
    ).toBe("kn-bootstrap plan --domain-template flat --tls none --timeout 1h30m");
  });

  it("keeps a value that looks like a flag with its flag", async () => {
    const config = await loaded({ manifests: "-o", context: "--help" });
    expect(asCommand(config)).toBe("kn-bootstrap install --context=--help --manifests=-o");
    expect(await parsed(asCommand(config))).toEqual(config);
  });

  it("can be pasted into a shell", async () => {
    const context = `it's "$HOME" \\ & *`;
    const line = asCommand(await loaded({ context }));
    const printed = execFileSync("sh", ["-c", line.replace("kn-bootstrap install", "printf '%s\\n'")], {
      encoding: "utf8",
    });
    expect(printed).toBe(`--context\n${context}\n`);
  });
});

describe("asYaml", () => {
  it("holds exactly what a command cannot, and shows it", async () => {
    const context = "a\tb\n\u202e\u200b\u009b\u{e0041} \\u{41} '\"$(id)";
    const text = asYaml(await loaded({ context }));
    expect(yaml(text)).toMatchObject({ context });
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

describe("shown", () => {
  it("is the installation and nothing about the run, in the table's order", async () => {
    const quiet = await loaded({ domain: "a.example.com" });
    const loud = await loaded({
      domain: "a.example.com",
      yes: true,
      output: "json",
      quiet: true,
      timeout: "60",
      takeOwnership: true,
      skipChecks: ["proof.zero"],
      kubeconfig: "x",
      context: "y",
      manifests: "z",
      color: true,
    });
    expect(shown(loud)).toEqual(shown(quiet));
    const order = inFile.map(optionName);
    const keys = Object.keys(shown(quiet));
    expect(keys).toEqual([...keys].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    expect(shown(quiet)).toMatchInlineSnapshot(`
      {
        "dns": "none",
        "domain": "a.example.com",
        "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}",
        "expose": "loadbalancer",
        "hpa": false,
        "http": "redirect",
        "ingress": "kourier",
        "keep-hello": false,
        "key-type": "ecdsa",
        "logging": "none",
        "mesh": false,
        "metrics": "none",
        "namespaces": [],
        "profile": "standard",
        "skip-tag-resolution": [],
        "tls": "self-signed",
      }
    `);
  });

  it("is, as YAML, the file that says the same", async () => {
    const directory = await mkdtemp(join(tmpdir(), "kn-bootstrap-shown-"));
    const path = join(directory, "kn.yaml");
    try {
      await fc.assert(
        fc.asyncProperty(writable, async (flags) => {
          const config = await loaded(flags);
          await writeFile(path, dump(shown(config)));
          expect(shown(await loaded({ config: path }))).toEqual(shown(config));
        }),
        { numRuns: 100 },
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
