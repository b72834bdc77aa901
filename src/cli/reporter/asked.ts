import type { Event } from "../../core/event.ts";
import type { Lines } from "../../ports/shell.ts";
import { zoneLines } from "../../ports/zone-file.ts";

const WORDS = {
  publish: (zone: string) => `publish in zone ${zone}, then this goes on:`,
  remove: (zone: string) => `not needed any more in zone ${zone}:`,
} as const;

/** What a person is asked for, as the reason of a wait, and the lines to copy. */
export const askedOf = ({
  step,
  check,
  action,
  zone,
  records,
}: Event & { type: "person" }): Event & { type: "waiting" } & { readonly lines: Lines } => ({
  type: "waiting",
  step,
  check,
  reason: WORDS[action](zone),
  lines: zoneLines(records),
});
