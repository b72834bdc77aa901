import packageJson from "../../../../package.json" with { type: "json" };
import type { Judged } from "../../../app/doctor/diagnosis.ts";
import { describe, keyOf } from "../../../ports/object.ts";
import { anchorOf, type Format } from "./format.ts";

const LEVELS = { fail: "error", warn: "warning", unknown: "note" } as const;

/** SARIF 2.1.0 (OASIS), as code scanning reads it. Objects of the cluster are logical locations: there is no file. */
export const sarif: Format = ({ diagnosis: { all, causes }, context }) => {
  const wrong = all.filter(({ finding }) => finding.status in LEVELS);
  const ranked = new Map(causes.map(({ check }, index) => [check.id, index]));
  const run = {
    tool: {
      driver: {
        name: "kn-bootstrap doctor",
        version: packageJson.version,
        rules: all.map(({ check }) => ({
          id: check.id,
          shortDescription: { text: `${check.title}.` },
          fullDescription: { text: check.meaning },
          help: { text: `${check.todo} (${anchorOf(check.id)})` },
        })),
      },
    },
    results: wrong
      .toSorted((a, b) => (ranked.get(a.check.id) ?? causes.length) - (ranked.get(b.check.id) ?? causes.length))
      .map((one) => resultOf(one, context)),
  };
  const log = { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
};

const resultOf = ({ check, finding }: Judged, context: string) => {
  const objects = new Map((finding.evidence ?? []).flatMap(({ object }) => (object ? [[keyOf(object), object]] : [])));
  const remedy = "remedy" in finding ? ` ${finding.remedy.text} ${finding.remedy.command ?? ""}`.trimEnd() : "";
  return {
    ruleId: check.id,
    level: LEVELS[finding.status as keyof typeof LEVELS],
    message: { text: `${finding.summary}.${remedy}` },
    locations: [
      {
        logicalLocations: (objects.size > 0 ? [...objects.values()].map(describe) : [context]).map((name) => ({
          fullyQualifiedName: name,
        })),
      },
    ],
  };
};
