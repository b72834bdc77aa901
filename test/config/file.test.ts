import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { load } from "../../src/config/load.ts";
import { UserError } from "../../src/ports/error.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-files-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const from = async (content: string | Buffer): Promise<Config> => {
  const config = join(folder, "kn.yaml");
  await writeFile(config, content);
  return load({ flags: { config }, env: {}, terminal: false });
};

const said = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { kind, message, why, remedy } = error as UserError;
  expect(kind).toBe("input");
  return [message, why, remedy.text, remedy.command].filter(Boolean).join(" ").replaceAll(`${folder}/`, "");
};

/** The parser's own words, which are about YAML and not about what somebody wrote. */
const LIBRARY = /bad indentation|deficient|maxAliases|expected a|is expected|non-printable|scalar|ENOENT|EISDIR|EACCES/;

describe("a configuration file that people write", () => {
  it.each([
    [
      "a template without quotes",
      "domain-template: {{.Name}}.{{.Namespace}}.{{.Domain}}\n",
      /^kn\.yaml, line 1 has a template without quotes.*Write domain-template: "\{\{\.Name\}\}\.\{\{\.Namespace\}\}\.\{\{\.Domain\}\}"\.$/,
    ],
    [
      "a wildcard for a domain",
      "tls: none\ndomain: *.apps.example.com # ours\n",
      /^domain in kn\.yaml, line 2 cannot be "\*\.apps\.example\.com"\. The wildcard is added by itself\. Write apps\.example\.com\.$/,
    ],
    [
      "typographic quotes",
      "domain: “apps.example.com”\n",
      /^domain in kn\.yaml, line 1 .*typographic quotes.*Write it without them: apps\.example\.com$/,
    ],
    [
      "typographic quotes at the end alone",
      "domain: 'apps.example.com’\n",
      /line 1 begins with a straight quote and ends with a typographic one/,
    ],
    [
      "typographic quotes around a key",
      "“domain”: apps.example.com\n",
      /line 1 has the key "“domain”".*Did you mean domain\?/,
    ],
    [
      "~ for nothing",
      "domain: apps.example.com\ntls: ~\n",
      /^tls in kn\.yaml, line 2 is ~, which is no value in YAML\. Leave the line out, or write none\.$/,
    ],
    ["null for nothing", "context: null # none\n", /^context in kn\.yaml, line 1 is null.*Leave the line out\.$/],
    ["a tab", "\ttls: none\n", /line 1 begins with a tab.*Put blanks/],
    ["a list with tabs", "namespaces:\n\t- a\n", /line 1 begins with a tab|tab.*Put blanks/],
    [
      "a sign of equality",
      "domain=apps.example.com\n",
      /line 1 has no colon behind "domain"\. Write it like domain: apps\.example\.com\./,
    ],
    [
      "no blank behind the colon",
      "domain:apps.example.com\n",
      /line 1 has no blank behind its colon\. Write it like domain: apps\.example\.com\./,
    ],
    ["a blank that is none", "domain:\u00a0apps.example.com\n", /line 1 has no blank behind its colon/],
    ["no colon", "hpa\n", /line 1 has no colon behind "hpa"/],
    ["a list of options", "- domain: apps.example.com\n", /line 1 is an item of a list.*without a dash/],
    [
      "an option that is indented",
      "domain: apps.example.com\n  tls: none\n",
      /line 1 is followed by "tls: none", which is indented.*left edge/,
    ],
    [
      "a key twice",
      "tls: none\nhttp: enabled\ntls: self-signed\n",
      /line 3 says tls again, after line 1\. Say it once\./,
    ],
    [
      "a quote that is not closed",
      'domain: "apps.example.com\ntls: none\n',
      /line 1 has a " that is not closed\. Close it, or leave the quotes out: domain: apps\.example\.com\./,
    ],
    [
      "a list that is not closed",
      "namespaces: [a, b\n",
      /line 1 begins a list with \[ that is not closed.*namespaces: \[a, b\]/,
    ],
    [
      "a second colon",
      "dns-resolver: 192.0.2.53: 53\n",
      /line 1 has a second colon.*"192\.0\.2\.53: 53"|cannot be "192\.0\.2\.53: 53"/,
    ],
    [
      "an @ in front",
      "context: @home\n",
      /line 1 has a value that begins with @.*Put it in quotes: context: "@home"\./,
    ],
    ["a percent sign in front", "context: %x\n", /begins with %.*context: "%x"/],
    ["a character that cannot be seen", "context: a\u0001\n", /line 1 holds a character that cannot be seen/],
    ["two documents", "tls: none\n---\nhttp: enabled\n", /line 2 begins another document with ---/],
    [
      "aliases",
      "tls: &a none\nhttp: *a\n",
      /line 2 has a value that begins with \*|http in kn\.yaml, line 2 cannot be "\*a"/,
    ],
    ["a text", "please install\n", /line 1 has no colon behind "please"/],
  ])("%s: the sentence is about what was written", async (_, text, words) => {
    const sentence = await said(from(text));
    expect(sentence).toMatch(words);
    expect(sentence).not.toMatch(LIBRARY);
  });

  it("that Windows wrote is read", async () => {
    const text = "domain: apps.example.com\r\nnamespaces:\r\n- team-a\r\n- team-b\r\ntls: none\r\n";
    for (const content of [
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${text}`, "utf16le"),
      Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
    ])
      expect(await from(content)).toMatchObject({
        domain: "apps.example.com",
        namespaces: ["team-a", "team-b"],
        tls: "none",
      });
  });

  it("in another encoding is told so", async () => {
    expect(await said(from(Buffer.from("# für uns\ntls: none\n", "latin1")))).toMatch(/is not written in UTF-8/);
    expect(await said(from(Buffer.from("tls: none\n", "utf16le")))).toMatch(/perhaps it is UTF-16/);
  });

  it("that is none is told as what it is", async () => {
    await mkdir(join(folder, "a-folder"));
    const at = (config: string) => said(load({ flags: { config: join(folder, config) }, env: {}, terminal: false }));
    expect(await at("a-folder")).toMatch(/a-folder cannot be read: it is a folder\. .*ls -ld/);
    expect(await at("absent.yaml")).toMatch(/absent\.yaml cannot be read: there is no such file\./);
    expect(await at("a-folder/x/y")).not.toMatch(LIBRARY);
  });

  it("with several mistakes has all of them told at once, each with its line", async () => {
    const text = [
      "domian: apps.example.com",
      "domain-template: {{.Name}}.{{.Domain}}",
      "tls: selfsigned",
      "colour: red",
      "domain: https://apps.example.com",
      "hpa: true",
    ].join("\n");
    const sentence = await said(from(text));
    expect(sentence).toMatch(/^5 things that were written cannot be meant\./);
    for (const part of [
      /\(1\).*line 1 .*Did you mean domain\?/,
      /line 2 has a template without quotes/,
      /tls in .*line 3 .*Did you mean self-signed\?/,
      /line 4 has the key "colour"/,
      /domain in .*line 5 .*scheme/,
    ])
      expect(sentence).toMatch(part);
    expect(sentence).toMatch(/kn-bootstrap help options$/);
  });

  it("is told together with what flags and variables say", async () => {
    const config = join(folder, "kn.yaml");
    await writeFile(config, "tls: selfsigned\n");
    const sentence = await said(
      load({ flags: { config, expose: "nodport" }, env: { KN_BOOTSTRAP_DOMIAN: "x" }, terminal: false }),
    );
    for (const part of ["--expose", "KN_BOOTSTRAP_DOMIAN", "tls in kn.yaml, line 1"]) expect(sentence).toContain(part);
  });

  it("keeps a text in quotes that YAML would take for something else", async () => {
    expect(
      await from("context: '@home'\ndomain-template: '{{.Name}}.{{.Namespace}}.{{.Domain}}'\ntls: none\n"),
    ).toMatchObject({
      context: "@home",
      domainTemplate: "{{.Name}}.{{.Namespace}}.{{.Domain}}",
    });
    expect(await from("context: 'null'\n")).toMatchObject({ context: "null" });
  });
});

it("typographic quotes around a flag or a variable are told as well", async () => {
  const load_ = (sources: { flags?: object; env?: Record<string, string> }) =>
    said(load({ flags: {}, env: {}, terminal: false, ...sources }));
  expect(await load_({ flags: { domain: "“apps.example.com”" } })).toMatch(
    /^--domain .*typographic quotes.*: apps\.example\.com$/,
  );
  expect(await load_({ env: { KN_BOOTSTRAP_TLS: "‘none’" } })).toMatch(/^KN_BOOTSTRAP_TLS .*: none$/);
});
