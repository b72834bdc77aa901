import { byKind, isTemporary } from "../../changes/index.ts";
import type { Event } from "../../core/event.ts";
import { count } from "./look.ts";

/** Counts what a run has changed. */
export interface Tally {
  readonly add: (event: Event) => void;
  /** `Created 74 objects, 2 records and 1 certificate. Changed 6 objects.`; empty when nothing was. */
  readonly text: () => string;
}

const VERBS = { create: "Created", update: "Changed", delete: "Deleted" } as const;

type Action = keyof typeof VERBS;

export const createTally = (): Tally => {
  const counts: Record<Action, Map<string, number>> = { create: new Map(), update: new Map(), delete: new Map() };
  return {
    add: (event) => {
      if (event.type !== "change-done") return;
      for (const [action, noun] of madeBy(event.change)) counts[action].set(noun, (counts[action].get(noun) ?? 0) + 1);
    },
    text: () =>
      (Object.keys(VERBS) as Action[])
        .flatMap((action) => {
          const parts = [...counts[action]].map(([noun, number]) => count(number, noun));
          return parts.length === 0 ? [] : [`${VERBS[action]} ${list(parts)}.`];
        })
        .join(" "),
  };
};

/** Changes that last only for the run are not counted. */
const madeBy = byKind<[], readonly (readonly [Action, string])[]>(
  {
    // What is patched is somebody else's object.
    patch: ({ action }) => [[action, "object"]],
    records: ({ sets }) => sets.map(({ from, to }) => [!from ? "create" : to ? "update" : "delete", "record"]),
  },
  (change) => (isTemporary(change) ? [] : [[change.action, change.kind]]),
);

const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
