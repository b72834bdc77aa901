import { spawnSync } from "node:child_process";
import { FAILSAFE_SCHEMA, load } from "js-yaml";
import { parseDocuments, toYaml, YamlProblem } from "../../src/ports/yaml.ts";
import type { Chance } from "./chance.ts";
import { mutatedText, textOf } from "./mutate.ts";
import { must, same, type Target, unless } from "./target.ts";

/** Scalars are where dialects of YAML differ. */
const PARTS = [
  ..."0123456789+-._eExXob:~ ",
  ...[
    "0x",
    "0o",
    "0b",
    ".inf",
    ".nan",
    "1e",
    "true",
    "True",
    "yes",
    "NO",
    "on",
    "null",
    "Null",
    "2030-01-01",
    "T00:00:00Z",
    "12:30:45",
    "1_000",
    "infinity",
    "=",
    "<<",
  ],
] as const;
const WORDS = [
  "a",
  "b-c",
  "k8s.io/x",
  "é",
  "漢",
  "{{.Name}}",
  "a b",
  "x#y",
  "a:b",
  "http://a",
  "-a",
  "?b",
  "a,b",
] as const;

const scalarOf = (chance: Chance): string => {
  const raw = chance.below(2) === 0 ? textOf(chance, 6, PARTS) : chance.pick(WORDS);
  switch (chance.below(8)) {
    case 0:
      return JSON.stringify(raw);
    case 1:
      return `'${raw.replaceAll("'", "''")}'`;
    case 2:
      return `"${chance.pick(["\\x41", "\\u00e9", "\\n", "\\t", "\\e", "\\\\", "\\/", "\\U0001F600", "\\0", "\\_"])}${raw.replace(/["\\]/g, "")}"`;
    case 3:
      return `!!${chance.pick(["str", "int", "float", "bool", "null"])} ${raw}`;
    default:
      return raw;
  }
};

const flowOf = (chance: Chance, depth: number): string => {
  if (depth === 0 || chance.below(3) === 0) return scalarOf(chance);
  const items = Array.from({ length: chance.below(4) }, () => flowOf(chance, depth - 1));
  return chance.below(2) === 0
    ? `[${items.join(", ")}]`
    : `{${items.map((item, index) => `${chance.pick(["k", "yes", "1", "'q'", "a b"])}${index}: ${item}`).join(", ")}}`;
};

/** What stands behind `spec:`, on one line or below it. */
const fragmentOf = (chance: Chance): string => {
  switch (chance.below(6)) {
    case 0:
      return ` ${scalarOf(chance)}`;
    case 1:
      return `\n- ${flowOf(chance, 2)}\n- ${scalarOf(chance)}`;
    case 2:
      return ` ${chance.pick(["|", "|-", "|+", ">", ">-", ">+", "|2"])}\n  ${scalarOf(chance)}\n${chance.pick(["", "\n", "   "])}  ${scalarOf(chance)}`;
    case 3:
      return `\n  a: &x {b: ${scalarOf(chance)}}\n  c: *x\n  d: {<<: *x, e: ${scalarOf(chance)}}`;
    case 4:
      return `\n  ${chance.pick(WORDS)}: ${scalarOf(chance)} ${chance.pick(["", "# a comment", " "])}\n  ${scalarOf(chance)}: 1`;
    default:
      return ` ${flowOf(chance, 3)}`;
  }
};

const documentOf = (fragment: string): string =>
  `apiVersion: example.com/v1\nkind: Probe\nmetadata: {name: probe}\nspec:${fragment}\n`;
const specOf = (value: unknown): unknown => (value as { spec?: unknown } | undefined)?.spec;

interface Asked {
  readonly document: string;
  readonly spec: unknown;
}
const pending: Asked[] = [];
let isThere = true;

/** What kubectl reads of each; undefined: it refuses one of them. */
const kubectl = (asked: readonly Asked[]): readonly unknown[] | undefined => {
  const input = asked.map(({ document }) => document).join("---\n");
  const { error, status, stdout } = spawnSync("kubectl", ["annotate", "--local", "-f", "-", "-o", "json", "probe=1"], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    isThere = false;
    process.stderr.write("yaml: there is no kubectl on PATH, so only the structure is compared, with js-yaml's own\n");
    return undefined;
  }
  if (status !== 0) return undefined;
  const objects = JSON.parse(`[${stdout.replaceAll(/^}\n\{/gm, "},{")}]`) as readonly unknown[];
  return objects.length === asked.length ? objects.map(specOf) : undefined;
};

const compare = (asked: readonly Asked[]): void => {
  if (asked.length === 0 || !isThere) return;
  const seen = kubectl(asked);
  if (seen) {
    for (const [index, { document, spec }] of asked.entries())
      same(spec, seen[index], `kubectl reads ${JSON.stringify(document)} otherwise`);
    return;
  }
  if (!isThere) return;
  must(
    asked.length > 1,
    `kubectl does not take ${JSON.stringify(asked[0]?.document)}, which we read as ${JSON.stringify(asked[0]?.spec)}`,
  );
  const half = Math.ceil(asked.length / 2);
  compare(asked.slice(0, half));
  compare(asked.slice(half));
};

/** Scalars all alike: js-yaml's own rules say nothing about kubectl's. */
const structure = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(structure);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).map(structure);
};

const MANIFEST = toYaml([
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "config-domain", namespace: "knative-serving", labels: { a: "b" } },
    data: { _example: "a: b\n# c\n", yes: "no" },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "x" },
    spec: { replicas: 1, template: { spec: { containers: [{ image: "a/b:c", args: ["--x=1"] }] } } },
  },
]);

export const yaml: Target = {
  name: "yaml",
  holds: "YAML is read as kubectl reads it, or refused; what is written is read back the same",
  check: (chance, note) => {
    const document = documentOf(fragmentOf(chance));
    note(document);
    const documents = unless(
      (error) => error instanceof YamlProblem,
      () => parseDocuments(document),
    );
    const [only, ...others] = documents ?? [];
    if (only && others.length === 0) {
      const spec = specOf(only.value);
      same(specOf(parseDocuments(toYaml([only.value]))[0]?.value), spec, "what was written");
      if (isThere) pending.push({ document, spec: spec ?? null });
      else if (!document.includes("<<"))
        same(structure(spec), structure(specOf(load(document, { schema: FAILSAFE_SCHEMA }))), "its structure");
    }
    const broken = mutatedText(chance, MANIFEST, [
      "\n",
      "  ",
      "- ",
      ": ",
      "---\n",
      "&a ",
      "*a",
      "? ",
      "|",
      ">",
      "{",
      "}",
      "[",
      "]",
      "!!",
      "%YAML 1.2\n",
      "<<: *a",
      "\t",
    ]);
    note(broken);
    for (const { value } of unless(
      (error) => error instanceof YamlProblem,
      () => parseDocuments(broken),
    ) ?? [])
      JSON.stringify(value);
  },
  settle: {
    every: 2000,
    run: () => {
      compare(pending.splice(0).map(({ document, spec }) => ({ document, spec })));
    },
  },
};
