import { crc32 } from "node:zlib";
import { ok, skipped, warn } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import type { Fix } from "../../ports/fix.ts";
import { mend } from "../../ports/mend.ts";
import { dataOf, type KubeObject, refOf } from "../../ports/object.ts";
import { joined, sh } from "../../ports/shell.ts";
import { parseFirst, YamlProblem } from "../../ports/yaml.ts";
import { KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { configMaps, EXAMPLE, FREE, keysExplained } from "./maps.ts";

const CHECKSUM = "knative.dev/example-checksum";

/** As Knative's webhooks compute it (knative.dev/pkg configmap/hash.go): CRC-32 of the trimmed text with its line ends written out. */
const checksumOf = (example: string): string =>
  crc32(example.trim().replace(/(?:\r?\n)+/g, "\\n"))
    .toString(16)
    .padStart(8, "0");

/** Settings as people write them there: at the left margin, on one line. */
const SETTING = /^([\w.-]+):(?: +(.*))?$/;

interface Edit {
  readonly example: string;
  readonly key: string;
  readonly value: string;
}

/** The edit of one line whose undoing gives the release's own text, by its checksum. Undefined: it was another, or more than one. */
const editOf = (config: KubeObject): Edit | undefined => {
  const expected = config.metadata.annotations?.[CHECKSUM];
  const lines = (dataOf(config)[EXAMPLE] ?? "").split("\n");
  for (const [index, line] of lines.entries()) {
    const [, key, text = ""] = SETTING.exec(line.trimEnd()) ?? [];
    if (key === undefined) continue;
    for (const before of [[], [`# ${line}`], [`#${line}`]]) {
      const example = lines.toSpliced(index, 1, ...before).join("\n");
      const value = checksumOf(example) === expected ? scalar(text) : undefined;
      if (value !== undefined) return { example, key, value };
    }
  }
  return undefined;
};

/** Of a value in YAML its text. Undefined: it is none. */
const scalar = (text: string): string | undefined => {
  try {
    const value = parseFirst(text, 10);
    if (value === null || value === undefined) return "";
    return typeof value === "object" ? undefined : String(value);
  } catch (error) {
    if (error instanceof YamlProblem) return undefined;
    throw error;
  }
};

const isEdited = (config: KubeObject): boolean => {
  const expected = config.metadata.annotations?.[CHECKSUM];
  const example = dataOf(config)[EXAMPLE];
  return expected !== undefined && example !== undefined && checksumOf(example) !== expected;
};

export const examplesUntouched = healthCheck({
  id: "config.example",
  title: "Nobody has written settings into an example",
  needs: ["knative.installed"],
  reads: ["ConfigMap"],
  meaning: "What stands under `_example` has no effect, and the webhook refuses every later change of that ConfigMap.",
  todo: "Move the setting up, beside `_example`, and take the release's own text for the example.",
  threads: ["knative/serving#14538"],
  run: async (ctx) => {
    const all = await configMaps(ctx);
    if (all.length === 0) return skipped("there are no ConfigMaps of Knative");
    const edited = all.filter(isEdited);
    if (edited.length === 0) return ok("all examples are the release's own");
    return warn(
      `settings stand in the example of ${few(edited.map(({ metadata }) => metadata.name))}, where they have no effect`,
      remedyFor(edited),
      {
        evidence: edited.map((config) => ({
          object: refOf(config),
          field: `.data.${EXAMPLE}`,
          expected: "the release's own text",
        })),
      },
    );
  },
});

const remedyFor = (edited: readonly KubeObject[]): Remedy => {
  const text = "Move them up, beside _example; what was edited there is refused by the webhook at the next change.";
  const fixes = edited.flatMap((config): readonly Fix[] => {
    const edit = editOf(config);
    if (!edit || edit.key in dataOf(config) || !(FREE.has(config.metadata.name) || isExplained(config, edit)))
      return [];
    return [
      {
        action: "patch",
        object: refOf(config),
        patch: { data: { [EXAMPLE]: edit.example, [edit.key]: edit.value } },
        safe: "The example becomes the release's own again, by its checksum; the setting has its effect.",
      },
    ];
  });
  const byHand = edited.map(({ metadata }) => sh`kubectl edit configmap ${metadata.name} -n ${KNATIVE}`);
  return fixes.length === edited.length ? mend(text, ...fixes) : { text, command: joined("\n", byHand) };
};

const isExplained = (config: KubeObject, { example, key }: Edit): boolean =>
  keysExplained({ ...config, data: { [EXAMPLE]: example } }).has(key);
