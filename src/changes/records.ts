import { fills, hasBlank } from "../core/blank.ts";
import { absolute, type RecordSetChange, sameContent, sameSet, type Zone, ZoneMoved } from "../ports/zones.ts";
import type { Action, BaseTools, ChangeBase, ChangeKind, Conflict } from "./kind.ts";

/** Record sets of one zone that change in one batch, all or nothing (rule 18). Texts may hold blanks; `type` too, where the address decides it. */
export interface RecordsChange extends ChangeBase {
  readonly kind: "records";
  readonly action: Action;
  readonly zone: Zone;
  readonly sets: readonly RecordSetChange[];
  /** Nothing but deletions, value by value: others of a set stay, and what is not there is fine. */
  readonly byValue?: true;
  /** Record sets that somebody else made and that would be replaced. */
  readonly conflicts: readonly Conflict[];
  /** Names that stop being answered by a wildcard above (rule 17). */
  readonly shadows: readonly string[];
}

export const records: ChangeKind<RecordsChange> = {
  kind: "records",
  subject: ({ zone, sets }) => `records ${sets.map((set) => recordName(zone, set)).join(", ")}`,
  article: "the ",
  done: "written",
  target: ({ zone, byValue }) => `${byValue ? "values" : "records"} in ${zone.id}`,
  ref: () => undefined,
  covers: (agreed, now) =>
    agreed.zone.id === now.zone.id && now.sets.every((set) => agreed.sets.some((one) => coversSet(one, set))),
  wave: () => 3,
  requires: (change) => ({ rights: [], records: [change] }),
  differences: ({ zone, sets }) => sets.map((set) => ({ path: recordName(zone, set), ...set })),
  content: ({ sets }) => sets,
  apply: async (change, { zones, signal }) => {
    if (!zones) throw new Error("a records change without a way to its zone");
    const { zone, sets, byValue } = change;
    if (byValue) {
      const values = sets.flatMap(({ from }) => from ?? []);
      return zones.withdraw(zone, values, signal);
    }
    try {
      await zones.change(zone, sets, signal);
    } catch (error) {
      // An answer that was lost leaves the records as they should be: then there is nothing more to do.
      if (!(error instanceof ZoneMoved) || !(await isDone(change, zones))) throw error;
    }
  },
};

/** `*.apps.example.com A` */
export const recordName = (zone: Zone, { from, to }: RecordSetChange): string => {
  const set = to ?? from;
  return set ? `${absolute(zone, set.name)} ${set.type}` : "";
};

const isDone = async ({ zone, sets }: RecordsChange, zones: NonNullable<BaseTools["zones"]>): Promise<boolean> => {
  const done = await Promise.all(
    sets.map(async ({ from, to }) => {
      const { name, type } = to ?? from ?? { name: "@", type: "TXT" as const };
      const found = await zones.get(zone, name, type);
      return to ? found.some((set) => sameContent(set, to)) : !found.some((set) => sameContent(set, from));
    }),
  );
  return !done.includes(false);
};

/** An address that was not known then may turn out to be one set or two, of any type, in place of what was agreed to go. */
const coversSet = (agreed: RecordSetChange, now: RecordSetChange): boolean => {
  if (now.from && !sameSet(agreed.from, now.from)) return false;
  if (!now.to) return agreed.from !== undefined;
  if (!agreed.to || agreed.to.name !== now.to.name) return false;
  return hasBlank(agreed.to.type) || fills(agreed.to, now.to);
};
