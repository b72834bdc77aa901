import type { RecordType } from "./dns.ts";
import { UserError } from "./error.ts";

/** Zones at a DNS provider and the record sets in them. Terms as in RFC 9499; verbs as in libdns. */

export interface Zone {
  /** How the provider calls it: an id of its own, or the zone's name. */
  readonly id: string;
  /** Absolute, lower case, without the trailing dot: `example.com`. */
  readonly name: string;
  readonly isPrivate: boolean;
  /** The servers that the provider says answer for it, absolute, lower case. Empty: it cannot tell. */
  readonly nameServers: readonly string[];
}

/**
 * All records of one name and type. Compared by {@link sameSet}. A provider may add fields that only it reads: they are compared, kept and
 * given back like the others.
 */
export interface RecordSet {
  /** Relative to its zone, lower case: `*.apps`, `_acme-challenge.apps`; `@` for the apex. */
  readonly name: string;
  readonly type: RecordType;
  /** Seconds; absent where the provider decides it. */
  readonly ttl?: number;
  /** As {@link ResourceRecord.value} has them; a TXT without quotes. Empty: a field of the provider's own says what is answered. */
  readonly values: readonly string[];
}

/** Values of one name and type: which have to stand there, and which have to go. Others stay. */
export interface ValueWish {
  readonly wanted: readonly string[];
  readonly unwanted: readonly string[];
}

export type RecordPlace = Pick<RecordSet, "name" | "type">;

/** Absent `from`: there is no such set yet. Absent `to`: it goes. Both: it is replaced. */
export interface RecordSetChange {
  readonly from?: RecordSet;
  readonly to?: RecordSet;
}

/**
 * Errors of every function: UserError with what a person has to do (no credentials, the missing right by name), {@link ZoneMoved},
 * and {@link ZonesUnreachable} when the provider did not answer or kept throttling; retries have already happened.
 */
export interface ZonesRead {
  /** Every zone of this account whose name is the domain or above it, longest name first; twins all of them. */
  readonly find: (domain: string) => Promise<readonly Zone[]>;
  /** The record sets of this name and type; several only where the provider keeps several. */
  readonly get: (zone: Zone, name: string, type: RecordType) => Promise<readonly RecordSet[]>;
  /** Every record set at or below a name. Undefined: the provider does not tell. */
  readonly list: (zone: Zone, under: string) => Promise<readonly RecordSet[] | undefined>;
}

/** Asking what a write would meet. */
export interface ZonesTrial extends ZonesRead {
  /**
   * Tries, without any effect, whether these credentials may write records of these names (relative) and types. Rejects as {@link ZonesWrite.change}
   * would. Resolves to how it was tried, for people; undefined: it cannot be tried.
   */
  readonly rehearse: (zone: Zone, records: readonly RecordPlace[], signal?: AbortSignal) => Promise<string | undefined>;
}

export interface ZonesWrite extends ZonesTrial {
  /**
   * How values come into these sets of one absolute name and type, as they were read, and go out of them. Undefined, or no such function: one set
   * holds all values.
   */
  readonly amended?: (
    name: string,
    sets: readonly RecordSet[],
    wish: ValueWish,
  ) => readonly RecordSetChange[] | undefined;
  /**
   * All of it or nothing (rule 18): each `from` must still be as it was read, each `to` without a `from` must not exist. Resolves when the
   * provider itself says that all its servers have it. Rejects with {@link ZoneMoved} when something was not as it was read.
   */
  readonly change: (zone: Zone, changes: readonly RecordSetChange[], signal?: AbortSignal) => Promise<void>;
  /**
   * Takes these values away and leaves others of the same name and type, where they stand in the zone, be they answered or not. What is not there is
   * fine. Only for values that nobody else can have written, such as a challenge's. TTLs do not count.
   */
  readonly withdraw: (zone: Zone, sets: readonly RecordSet[], signal?: AbortSignal) => Promise<void>;
}

/** Somebody else changed the record sets in between: read again. Nothing was written. */
export class ZoneMoved extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "ZoneMoved";
  }
}

/** Something stands at this name in the zone, and its server answers as if it did not: reading again does not help. Nothing was written. */
export class ZoneHidden extends UserError {}

/** No answer, or only throttling, for as long as it was worth trying. The message is a sentence that names who was asked, and where. */
export class ZonesUnreachable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "ZonesUnreachable";
  }
}

/** `*.apps` of `*.apps.example.com` in `example.com`; `@` for the zone's own name. The name must lie in the zone. */
export const relativeTo = (zone: Pick<Zone, "name">, name: string): string =>
  name === zone.name ? "@" : name.slice(0, -(zone.name.length + 1));

/** The inverse of {@link relativeTo}. */
export const absolute = (zone: Pick<Zone, "name">, name: string): string =>
  name === "@" ? zone.name : `${name}.${zone.name}`;

/** What takes values out of all sets of one name and type, as they were read. */
export const without = (sets: readonly RecordSet[], values: readonly string[]): readonly RecordSetChange[] =>
  sets.flatMap((from): readonly RecordSetChange[] => {
    const left = from.values.filter((value) => !values.includes(value));
    if (left.length === from.values.length) return [];
    return [left.length > 0 ? { from, to: { ...from, values: left } } : { from }];
  });

/** For people: `example.com (Z0123456789)`. */
export const zoneLabel = ({ id, name }: Pick<Zone, "id" | "name">): string => (id === name ? name : `${name} (${id})`);

/** Whether a name is the zone's own or below it. */
export const isInZone = (zone: Pick<Zone, "name">, name: string): boolean =>
  name === zone.name || name.endsWith(`.${zone.name}`);

const normal = ({ name, type, ttl, values, ...added }: RecordSet): string =>
  JSON.stringify([name, type, ttl ?? null, [...values].sort(), Object.entries(added).sort()]);

/** The same values. TTL is ignored: servers raise and lower it by their own rules. */
export const sameContent = (a: RecordSet | undefined, b: RecordSet | undefined): boolean =>
  sameSet(a && { ...a, ttl: 0 }, b && { ...b, ttl: 0 });

/** Equal, whatever the order of values. */
export const sameSet = (a: RecordSet | undefined, b: RecordSet | undefined): boolean =>
  a === undefined || b === undefined ? a === b : normal(a) === normal(b);
