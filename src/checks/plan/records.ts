import { kindOf } from "../../changes/index.ts";
import { hasBlank } from "../../core/blank.ts";
import { type ChangeBase, changesOf } from "../../core/change.ts";
import { ok, skipped } from "../../core/check.ts";
import { ADDRESS_TYPES } from "../../ports/dns.ts";
import { absolute } from "../../ports/zones.ts";
import { healthCheck, isOpen } from "../health-check.ts";
import { mayWrite, type Writing } from "../may-write.ts";
import type { PlanContext } from "./context.ts";

const writingsOf = (change: ChangeBase): readonly Writing[] =>
  (kindOf(change).requires(change).records ?? []).flatMap(({ zone, sets }) =>
    sets
      .flatMap(({ from, to }) => [from, to].filter((set) => set !== undefined))
      .map(({ name, type }) => ({ zone, name, types: hasBlank(type) ? ADDRESS_TYPES : [type] })),
  );

export const recordsWritable = healthCheck({
  id: "plan.records",
  title: "The credentials may write each record of the plan",
  reads: ["trial"],
  meaning: "The DNS provider would refuse a part of the records in the middle of the run.",
  todo: "Give the credentials the right that the finding names. With Route 53, `kn-bootstrap iam-policy` prints the least.",
  run: async ({ plan, records, signal }: PlanContext) => {
    const writings = changesOf(plan).flatMap(writingsOf);
    const opened = writings.length > 0 ? await records?.() : undefined;
    if (!isOpen(opened)) return skipped("the plan writes no records");
    const how = await mayWrite(writings, opened.zones, signal);
    const names = [...new Set(writings.map(({ zone, name }) => absolute(zone, name)))].join(", ");
    return ok(how === undefined ? `not tried, as a person writes them: ${names}` : `${names}: tried ${how}`);
  },
});
