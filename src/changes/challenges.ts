import { UserError } from "../ports/error.ts";
import {
  absolute,
  type RecordSet,
  type RecordSetChange,
  sameContent,
  type Zone,
  type ZonesWrite,
} from "../ports/zones.ts";

/** The zones as orders of one run may write to them. */
export interface Challenges {
  /** Absent: nothing that is planned writes records. Rejects what puts anything there but TXT values and copies that were agreed on. */
  readonly zones?: ZonesWrite;
  /** TXT values at these names (relative) were agreed on, and these copies beside them. */
  readonly allow: (zone: Zone, names: readonly string[], copies: readonly RecordSet[]) => void;
  /** What was written stays: a person has to act, and the next run goes on with it. */
  readonly keep: () => void;
  /** Takes away the values that orders of this run have left at these names, then copies that they have made and left. */
  readonly clear: (zone: Zone, names: readonly string[], copies: readonly RecordSet[]) => Promise<void>;
}

/** Cleaning up at the end may take this long. */
const CLEANUP_MS = 20_000;

/** One for each run. */
export const challengesIn = (zones: ZonesWrite | undefined): Challenges => {
  const allowed = new Set<string>();
  /** By zone. */
  const copiesIn = new Map<string, readonly RecordSet[]>();
  const copied: RecordSet[] = [];
  /** By zone and name: values of which nobody has said that they are gone. */
  const written = new Map<string, Set<string>>();
  let isKept = false;
  const placeOf = (zone: Zone, name: string): string => `${zone.id} ${name}`;
  const isCopy = (zone: Zone, set: RecordSet | undefined): set is RecordSet =>
    (copiesIn.get(zone.id) ?? []).some((copy) => sameContent(copy, set));
  const note = (zone: Zone, { from, to }: RecordSetChange): void => {
    if (isCopy(zone, to)) copied.push(to);
    for (const value of to?.values ?? [])
      if (to && !from?.values.includes(value)) {
        const place = placeOf(zone, to.name);
        written.set(place, (written.get(place) ?? new Set()).add(value));
      }
  };
  const forget = (zone: Zone, name: string, values: readonly string[]): void => {
    for (const value of values) written.get(placeOf(zone, name))?.delete(value);
  };
  return {
    ...(zones
      ? {
          zones: {
            ...zones,
            change: async (zone, changes, signal) => {
              for (const change of changes) {
                const isOfCopy = isCopy(zone, change.to ?? change.from) && !(change.from && change.to);
                if (!isOfCopy && !isAgreed(change, (name) => allowed.has(placeOf(zone, name))))
                  throw unagreed(zone, change);
                note(zone, change);
              }
              await zones.change(zone, changes, signal);
              for (const { from, to } of changes)
                if (from)
                  forget(
                    zone,
                    from.name,
                    from.values.filter((value) => !to?.values.includes(value)),
                  );
            },
            withdraw: async (zone, sets, signal) => {
              await zones.withdraw(zone, sets, signal);
              for (const { name, values } of sets) forget(zone, name, values);
            },
          },
        }
      : {}),
    allow: (zone, names, copies) => {
      for (const name of names) allowed.add(placeOf(zone, name));
      copiesIn.set(zone.id, [...(copiesIn.get(zone.id) ?? []), ...copies]);
    },
    keep: () => {
      isKept = true;
    },
    clear: async (zone, names, copies) => {
      const left = names.flatMap((name): readonly RecordSet[] => {
        const values = [...(written.get(placeOf(zone, name)) ?? [])];
        return values.length > 0 ? [{ name, type: "TXT", ttl: 60, values }] : [];
      });
      if (left.length === 0 || isKept || !zones) return;
      await zones.withdraw(zone, left, AbortSignal.timeout(CLEANUP_MS));
      const made = copies.filter((copy) => copied.some((set) => sameContent(set, copy)));
      const standing = await Promise.all(made.map(({ name, type }) => zones.get(zone, name, type)));
      const gone = standing.flat().filter((set) => made.some((copy) => sameContent(set, copy)));
      if (gone.length > 0)
        await zones.change(
          zone,
          gone.map((from) => ({ from })),
          AbortSignal.timeout(CLEANUP_MS),
        );
    },
  };
};

/** It puts values where they were agreed on, or takes some away. */
const isAgreed = ({ from, to }: RecordSetChange, isAllowed: (name: string) => boolean): boolean => {
  if ((to ?? from)?.type !== "TXT") return false;
  return !to || isAllowed(to.name) || to.values.every((value) => from?.values.includes(value));
};

const unagreed = (zone: Zone, { from, to }: RecordSetChange): UserError => {
  const { name = "@", type = "" } = to ?? from ?? {};
  return new UserError({
    id: "run.unagreed",
    what: `The DNS changed after the plan was shown: ${absolute(zone, name)} ${type} would have to be written too.`,
    why: "Nothing is changed that was not shown.",
    remedy: { text: "Run the same command again and look at the new plan; what is done is kept." },
    kind: "failed",
  });
};
