import type { RecordType } from "../../ports/dns.ts";
import { absolute, type RecordSet, type RecordSetChange, type Zone } from "../../ports/zones.ts";
import { absent, anything, CLASS, TYPE, type WireRecord } from "./message.ts";
import { encodeValue } from "./rdata.ts";
import type { Update } from "./server.ts";

/** One record set as the server has it. */
export interface Stored {
  readonly set: RecordSet;
  /** RDATA of each of `set.values`, as the server wrote it: a TXT may be cut elsewhere, a name be in another case. */
  readonly data: readonly Buffer[];
}

export const keyOf = ({ name, type }: Pick<RecordSet, "name" | "type">): string => `${name} ${type}`;

/** Types that cannot stand beside a CNAME (RFC 1034 3.6.2) and that are common. */
export const BESIDE = ["A", "AAAA", "CAA", "MX", "NS", "PTR", "SRV", "SVCB", "HTTPS", "TXT"] as const;

/** RDATA of the values of `to`; a value that the server has already keeps the bytes that it has there. */
const dataOf = (to: RecordSet, stored: Stored | undefined): readonly Buffer[] =>
  to.values.flatMap((value) => {
    const kept = stored?.data.filter((_, index) => stored.set.values[index] === value) ?? [];
    return kept.length > 0 ? kept : [encodeValue(to.type, value)];
  });

/**
 * One UPDATE that does exactly these changes or nothing. `stored` has each `from` as it was just read, by {@link
 * keyOf}; names are in lower case and there is nothing of other providers. Record sets are removed before others are
 * added, because the server goes from the top and leaves out silently what cannot stand beside a CNAME (RFC 2136
 * 3.4.2.2).
 */
export const updateFor = (
  zone: Zone,
  changes: readonly RecordSetChange[],
  stored: ReadonlyMap<string, Stored>,
): Update => {
  const froms = changes.flatMap(({ from }) => (from ? [from] : []));
  const removed = new Set(froms.map(keyOf));
  const created = changes.flatMap(({ to }) => (to && !removed.has(keyOf(to)) ? [to] : []));
  const nameOf = (set: RecordSet): string => absolute(zone, set.name);
  const isGone = (set: RecordSet, type: string): boolean =>
    removed.has(keyOf({ name: set.name, type: type as RecordType }));

  const alone = (set: RecordSet): readonly WireRecord[] => {
    const name = nameOf(set);
    if (set.type !== "CNAME") return isGone(set, "CNAME") ? [] : [absent(name, TYPE.CNAME)];
    // A name that is not in use at all covers the types nobody thought of; it cannot be asked of one that something is
    // leaving.
    if (!froms.some((from) => from.name === set.name)) return [absent(name, TYPE.ANY)];
    return BESIDE.filter((type) => !isGone(set, type)).map((type) => absent(name, TYPE[type]));
  };
  const rows = (set: RecordSet, data: readonly Buffer[], ttl: number): readonly WireRecord[] =>
    data.map((each) => ({ name: nameOf(set), type: TYPE[set.type], class: CLASS.IN, ttl, data: each }));

  return {
    zone: zone.name,
    prerequisites: [
      ...froms.flatMap((from) => rows(from, stored.get(keyOf(from))?.data ?? [], 0)),
      ...created.flatMap((to) => [absent(nameOf(to), TYPE[to.type]), ...alone(to)]),
    ],
    updates: [
      ...froms.map((from) => anything(nameOf(from), TYPE[from.type])),
      ...changes.flatMap(({ to }) => (to ? rows(to, dataOf(to, stored.get(keyOf(to))), to.ttl ?? 0) : [])),
    ],
  };
};

/** The UPDATE that undoes this one, provided that what was written has not changed since. */
export const undoOf = (
  zone: Zone,
  changes: readonly RecordSetChange[],
  stored: ReadonlyMap<string, Stored>,
): Update => {
  const written = changes.flatMap(({ to }) =>
    to ? [[keyOf(to), { set: to, data: dataOf(to, stored.get(keyOf(to))) }] as const] : [],
  );
  const back = changes.map(({ from, to }) => ({ ...(to ? { from: to } : {}), ...(from ? { to: from } : {}) }));
  return updateFor(zone, back, new Map(written));
};

/** Takes values away by their data (RFC 2136 2.5.4): others of the set stay, and what is not there is passed over in silence (3.4.2.4). */
export const removalOf = (zone: Zone, sets: readonly RecordSet[]): Update => ({
  zone: zone.name,
  prerequisites: [],
  updates: sets.flatMap(({ name, type, values }) =>
    values.map((value) => ({
      name: absolute(zone, name),
      type: TYPE[type],
      class: CLASS.NONE,
      ttl: 0,
      data: encodeValue(type, value),
    })),
  ),
});
