import { dig } from "../../ports/dig.ts";
import { UserError } from "../../ports/error.ts";
import {
  isInZone,
  type RecordSet,
  type RecordSetChange,
  relativeTo,
  sameContent,
  sameSet,
  type Zone,
  ZoneHidden,
  ZoneMoved,
  type ZonesWrite,
} from "../../ports/zones.ts";
import type { ChallengeRecords, Copy, TxtRecord } from "./types.ts";

export interface ZoneRecordsOptions {
  readonly access: ZonesWrite;
  /** Sets that must stand beside new TXT names (relative), such as `*.apps` beside `_acme-challenge.apps` below a wildcard (rule 17). */
  readonly companions?: (zone: Zone, names: readonly string[]) => Promise<readonly RecordSet[]>;
}

/** Seconds. */
const TTL = 60;
/** How often a batch is retried because somebody else changed the zone in between. */
const TRIES = 5;

/** TXT values of challenges in the zones of a provider, and the copies beside them: all of a zone in one exact batch (rule 18). */
export const zoneRecords = ({ access, companions }: ZoneRecordsOptions): ChallengeRecords => ({
  copiesFor: async (records) => {
    const byZone = [...Map.groupBy(records, ({ zone }) => zone.id).values()];
    const copies = byZone.map(async (same): Promise<readonly Copy[]> => {
      const zone = same[0]?.zone;
      if (!zone || !companions) return [];
      const names = [...new Set(same.map(({ name }) => relativeTo(zone, name)))];
      const sets = await Promise.all(names.map((name) => access.get(zone, name, "TXT")));
      const fresh = names.filter((_, index) => sets[index]?.length === 0);
      return fresh.length > 0 ? (await companions(zone, fresh)).map((set) => ({ zone, set })) : [];
    });
    return (await Promise.all(copies)).flat();
  },
  change: async ({ add, drop, copies = [] }, signal) => {
    const entries = [
      ...add.map((record) => ({ record, isWanted: true })),
      ...drop.map((record) => ({ record, isWanted: false })),
    ];
    // Values of an earlier order in a zone that cannot be reached now do not block the new order: they stay listed.
    const isPassedOver = (reason: unknown, same: readonly Entry[]): boolean =>
      reason instanceof UserError && add.length > 0 && !same.some(({ isWanted }) => isWanted);
    const byZone = [...Map.groupBy(entries, ({ record }) => record.zone.id).values()];
    const work = byZone.map(async (same) => {
      const zone = same[0]?.record.zone;
      if (!zone) return;
      const named = [...Map.groupBy(same, ({ record }) => record.name)];
      await exactly(access, zone, same, signal, async () => {
        const found = await Promise.all(named.map(([name, values]) => txtChanges(access, zone, name, values)));
        const changes = found.flatMap((one) => one.changes);
        // An earlier run may have written them at a name that cannot be read.
        const unseen = found.flatMap((one) => one.unseen);
        if (unseen.length > 0) await access.withdraw(zone, unseen, signal);
        const beside = copies.flatMap((copy) => (copy.zone.id === zone.id ? [copy.set] : []));
        if (same.some(({ isWanted }) => isWanted)) return [...changes, ...(await missing(access, zone, beside))];
        // Somebody else's value there hides what ours did.
        const isHiding = changes.some(({ to }) => to);
        return isHiding ? changes : [...changes, ...(await standing(access, zone, beside))];
      });
    });
    const failed = (await Promise.allSettled(work)).flatMap((result, index) =>
      result.status === "rejected" && !isPassedOver(result.reason, byZone[index] ?? []) ? [result] : [],
    );
    if (failed[0]) throw failed[0].reason;
  },
});

const txtSet = (name: string, value: string): RecordSet => ({ name, type: "TXT", ttl: TTL, values: [value] });

/** Reads the record set at a name. Below a delegation a server may refuse to answer. */
const readable = (access: ZonesWrite, zone: Zone, name: string): Promise<readonly RecordSet[]> =>
  access.get(zone, name, "TXT").catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });

/** Reads the sets and applies the change. Repeats both when somebody else changed them in between, and once when values of ours were unreadable. */
const exactly = async (
  access: ZonesWrite,
  zone: Zone,
  entries: readonly Entry[],
  signal: AbortSignal,
  read: () => Promise<readonly RecordSetChange[]>,
): Promise<void> => {
  let isCleared = false;
  for (let tries = 1; ; tries += 1) {
    const changes = await read();
    signal.throwIfAborted();
    if (changes.length === 0) return;
    try {
      await access.change(zone, changes, signal);
      return;
    } catch (error) {
      if (error instanceof ZoneHidden && !isCleared) {
        isCleared = true;
        const ours = entries.map(({ record }) => txtSet(relativeTo(zone, record.name), record.value));
        await access.withdraw(zone, ours, signal);
        continue;
      }
      if (!(error instanceof ZoneMoved) || tries === TRIES) throw error;
    }
  }
};

interface Entry {
  readonly record: TxtRecord;
  readonly isWanted: boolean;
}

const txtChanges = async (
  access: ZonesWrite,
  zone: Zone,
  absoluteName: string,
  entries: readonly Entry[],
): Promise<{ readonly changes: readonly RecordSetChange[]; readonly unseen: readonly RecordSet[] }> => {
  if (!isInZone(zone, absoluteName)) throw outside(zone, absoluteName);
  const name = relativeTo(zone, absoluteName);
  const wanted = entries.filter(({ isWanted }) => isWanted).map(({ record }) => record.value);
  const sets = await (wanted.length > 0 ? access.get(zone, name, "TXT") : readable(access, zone, name));
  const unwanted = entries.map(({ record }) => record.value).filter((value) => !wanted.includes(value));
  const changes = access.amended?.(absoluteName, sets, { wanted, unwanted }) ?? simple(sets[0], name, wanted, unwanted);
  const seen = new Set(sets.flatMap(({ values }) => values));
  return { changes, unseen: unwanted.filter((value) => !seen.has(value)).map((value) => txtSet(name, value)) };
};

const simple = (
  from: RecordSet | undefined,
  name: string,
  wanted: readonly string[],
  unwanted: readonly string[],
): readonly RecordSetChange[] => {
  const values = [...new Set([...(from?.values ?? []), ...wanted])].filter((value) => !unwanted.includes(value));
  if (values.length === 0) return from ? [{ from }] : [];
  const to: RecordSet = { ...(from ?? { name, type: "TXT", ttl: TTL }), values };
  if (sameSet(from, to)) return [];
  return [{ ...(from ? { from } : {}), to }];
};

const missing = async (
  access: ZonesWrite,
  zone: Zone,
  sets: readonly RecordSet[],
): Promise<readonly RecordSetChange[]> => {
  const found = await Promise.all(sets.map(({ name, type }) => access.get(zone, name, type)));
  return sets.flatMap((to, index) => (found[index]?.length === 0 ? [{ to }] : []));
};

/** Those that are as they were written. */
const standing = async (
  access: ZonesWrite,
  zone: Zone,
  sets: readonly RecordSet[],
): Promise<readonly RecordSetChange[]> => {
  const found = await Promise.all(sets.map(({ name, type }) => access.get(zone, name, type)));
  return sets.flatMap((set, index) =>
    (found[index] ?? []).filter((from) => sameContent(from, set)).map((from) => ({ from })),
  );
};

const outside = (zone: Zone, name: string): UserError =>
  new UserError({
    id: "acme.challenge-zone",
    what: `The challenge must be written at ${name}, which does not lie in zone ${zone.name}.`,
    remedy: { text: "See where the name leads:", command: dig(["+noall", "+answer", "CNAME"], name) },
    kind: "failed",
  });
