import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseDocuments, toYaml } from "../../src/ports/yaml.ts";
import { patient } from "../patience.ts";
import { isInstalled } from "../real/programs.ts";

/** Written scalar → what kubectl 1.32 makes of it (`kubectl annotate --local -o json`). */
const PROBES: Readonly<Record<string, unknown>> = {
  yes: true,
  No: false,
  on: true,
  y: true,
  N: false,
  TRUE: true,
  tRUE: "tRUE",
  "0644": 420,
  "0o644": 420,
  "0O17": 15,
  "0o8": "0o8",
  "-0644": -420,
  "-0o17": -15,
  "0x1F": 31,
  "0X1f": 31,
  "0x_1F": 31,
  "-0x10": -16,
  "0x": "0x",
  "0b101": 5,
  "-0b11": -3,
  "08": 8,
  "00": 0,
  "-0": 0,
  "0_7": 7,
  "1_000": 1000,
  "1_": 1,
  _1: "_1",
  "+5": 5,
  "1e3": 1000,
  "12e03": 12000,
  "1e-3": 0.001,
  "1E400": "1E400",
  "1.": 1,
  ".5": 0.5,
  "-.5e+2": -50,
  "1_0.5": 10.5,
  "0.10": 0.1,
  "1.5.2": "1.5.2",
  "10:20": "10:20",
  "190:20:30": "190:20:30",
  "2001-12-14": "2001-12-14",
  "2001-12-14T21:59:43.10-05:00": "2001-12-14T21:59:43.10-05:00",
  "123456789012345678": 123456789012345680,
  "99999999999999999999": 1e20,
  "~": null,
  null: null,
  "": null,
  "=": "=",
  "<<": "<<",
  '"yes"': "yes",
  "'0644'": "0644",
  "!!str 0644": "0644",
  '!!int "12"': 12,
};

/** Strings that a careless writer turns into something else. */
const STRINGS = [
  ...Object.keys(PROBES),
  ...[
    "- a",
    "a: b",
    "#x",
    "a #b",
    "-",
    "?",
    "|",
    "'q'",
    '"dq"',
    "%x",
    "@a",
    "`a",
    "*x",
    "&x",
    "!x",
    "[a]",
    "{a}",
    "{{.Name}}",
  ],
  ...[
    " lead",
    "trail ",
    "tab\t",
    "\n",
    "multi\nline\n",
    "line\n\n  indented\n",
    "no end\nhere",
    "a\r\nb",
    "\u2028",
    "é",
    "\u0007",
  ],
  ...["infinity", ".inf", ".nan", "1_0e3", "x".repeat(300)],
];

const hasKubectl = isInstalled(["kubectl"], "Kubernetes' own, or Debian: kubernetes-client");
const kubectl = (yaml: string): Record<string, unknown> =>
  JSON.parse(
    execFileSync("kubectl", ["annotate", "--local", "-f", "-", "-o", "json", "probe=1"], {
      input: yaml,
      encoding: "utf8",
    }),
  );

const one = (text: string): unknown => parseDocuments(text)[0]?.value;
const probe = (scalars: readonly string[]): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe}\nprobe:\n${scalars.map((scalar) => `- ${scalar}\n`).join("")}`;

describe("reading YAML", () => {
  it.each(Object.entries(PROBES))("reads %s as kubectl does", (scalar, value) => {
    expect(one(`a: ${scalar}`)).toEqual({ a: value });
  });

  it.runIf(hasKubectl)("reads the same as the kubectl on this machine", () => {
    const text = probe(Object.keys(PROBES));
    expect((one(text) as { probe: unknown }).probe).toEqual(kubectl(text).probe);
  });

  it("turns keys into strings as kubectl does", () => {
    expect(one("yes: 1\n0644: 2\n1.5: 3")).toEqual({ true: 1, 420: 2, "1.5": 3 });
  });

  it("expands anchors and merge keys", () => {
    expect(one("base: &b {a: 1}\nx: {<<: *b, c: 2}\nz: *b")).toEqual({
      base: { a: 1 },
      x: { a: 1, c: 2 },
      z: { a: 1 },
    });
  });

  it("skips empty documents and says where the others begin", () => {
    expect(parseDocuments("---\n# nothing\n---\na: 1\n---\n---\n\n# x\nb: 2\n---\n")).toEqual([
      { value: { a: 1 }, line: 4 },
      { value: { b: 2 }, line: 9 },
    ]);
  });

  it("takes a byte order mark and CRLF", () => {
    expect(one("\ufeffa: 1\r\nb: |\r\n  x\r\n")).toEqual({ a: 1, b: "x\n" });
  });

  it.each([
    ["a: 1\nb: 2\na: 3", 3, /duplicated mapping key/],
    ["a: 1\n b: 2", 2, /./],
    ["a: [1, 2", 1, /./],
    ["a: 1\nb: *nowhere", 2, /unidentified alias/],
    ["a: !secret x", 1, /unknown scalar tag/],
    ["---\na: 1\n---\nb: -.inf", 4, /no form in JSON/],
    ["a: .nan", 1, /no form in JSON/],
    ["a: \u0000", 1, /null byte/],
  ])("refuses %j and names the line", (text, line, message) => {
    expect(() => parseDocuments(text)).toThrow(
      expect.objectContaining({ line, message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ["a: [?b]", /a mark of "\?b"/],
    ["a: [:b]", /a mark of ":b"/],
    ["a: [x:]", /the colon behind "x"|a mark of "x:"/],
    ["a: [x :]", /the colon behind "x"/],
    ['a: "\\/"', /no escape/],
    ["a:\n  : 1", /no key that is empty or null/],
    ["a:\n  ~: 1", /no key that is empty or null/],
    ["a:\n  .nan: 1", /the key ".nan" is a number/],
    ["a:\n  1e6: 1", /the key "1e6" is a number/],
    ["a: !!str b:", /begins on the line of its key/],
  ])("refuses %j, of which kubectl makes something else or nothing", (text, message) => {
    expect(() => parseDocuments(`# one\n${text}`)).toThrow(
      expect.objectContaining({ name: "YamlProblem", message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['a: ["?b", ":c", x:y, "x:", http://a]', { a: ["?b", ":c", "x:y", "x:", "http://a"] }],
    ['a: {"": 1, "~": 2, 1.5: 3, v1: 4}', { a: { "": 1, "~": 2, "1.5": 3, v1: 4 } }],
    ['a: "\\\\/"', { a: "\\/" }],
    ["a: {.7_: 1, 1e999: 2}", { a: { ".7_": 1, "1e999": 2 } }],
    ["a: 0b-1_0\nb: 0b+1\nc: -0b-1\nd: 0x-1", { a: -2, b: 1, c: "-0b-1", d: "0x-1" }],
    ["a: .1_0\nb: .0_\nc: ._0", { a: 0.1, b: ".0_", c: "._0" }],
  ])("takes %j, as kubectl does", (text, value) => {
    expect(one(text)).toEqual(value);
  });

  it("survives an alias bomb", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level <= 9; level += 1) {
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    }
    const start = performance.now();
    expect(() => parseDocuments(lines.join("\n"))).toThrow(/more than 1000000 nodes/);
    expect(performance.now() - start).toBeLessThan(patient(5_000));
  });

  it("survives a structure that contains itself", () => {
    expect(() => parseDocuments("a: &a\n  b: *a")).toThrow(/nests deeper than 100/);
  });
});

describe("writing YAML", () => {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x" },
    list: STRINGS,
    keys: Object.fromEntries(STRINGS.map((text) => [text, 1])),
    numbers: [0, 1, -1, 1.5, 1e21, 1e-7, 123456789012345],
    others: [true, false, null, [], {}],
  };

  it("is read back the same", () => {
    expect(parseDocuments(toYaml([object, object])).map(({ value }) => value)).toEqual([object, object]);
  });

  it.runIf(hasKubectl)("is read back the same by kubectl", () => {
    const { list, keys, numbers, others } = object;
    expect(kubectl(toYaml([object]))).toMatchObject({ list, keys, numbers, others });
  });

  it("writes no aliases, does not fold, and keeps blocks readable", () => {
    const shared = { text: "a\nb\n" };
    expect(toYaml([{ one: shared, two: shared, long: "x ".repeat(100).trim() }])).toBe(
      `one:\n  text: |\n    a\n    b\ntwo:\n  text: |\n    a\n    b\nlong: ${"x ".repeat(100).trim()}\n`,
    );
  });
});
