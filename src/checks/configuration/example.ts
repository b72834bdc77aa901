import { crc32 } from "node:zlib";
import { ok, skipped, warn } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { dataOf, type KubeObject, refOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { configMaps, EXAMPLE } from "./maps.ts";

const CHECKSUM = "knative.dev/example-checksum";

/** As Knative's webhooks compute it (knative.dev/pkg configmap/hash.go): CRC-32 of the trimmed text with its line ends written out. */
const checksumOf = (example: string): string =>
  crc32(example.trim().replace(/(?:\r?\n)+/g, "\\n"))
    .toString(16)
    .padStart(8, "0");

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
    const [first] = edited;
    if (!first) return ok("all examples are the release's own");
    const { name } = first.metadata;
    return warn(
      `settings stand in the example of ${few(edited.map(({ metadata }) => metadata.name))}, where they have no effect`,
      {
        text: "Move them up, beside _example; what was edited there is refused by the webhook at the next change.",
        command: sh`kubectl edit configmap ${name} -n ${KNATIVE}`,
      },
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
