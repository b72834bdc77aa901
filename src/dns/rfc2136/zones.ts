import { isDeepStrictEqual } from "node:util";
import { messageOf, UserError } from "../../ports/error.ts";
import {
  absolute,
  type RecordPlace,
  type RecordSet,
  type RecordSetChange,
  type Zone,
  ZoneMoved,
  type ZonesWrite,
} from "../../ports/zones.ts";
import { unusedSet } from "../trial.ts";
import { RCODE, rcodeName, TooLarge, TYPE } from "./message.ts";
import { BadName } from "./names.ts";
import { decodeValue, encodeValue } from "./rdata.ts";
import { createReading, movedBecause, plain } from "./reading.ts";
import { hidden, refused, unseen } from "./refusals.ts";
import type { Pace, Server } from "./server.ts";
import { BESIDE, keyOf, removalOf, type Stored, undoOf, updateFor } from "./update.ts";

const MOVED: readonly number[] = [RCODE.NXRRSET, RCODE.YXRRSET, RCODE.NXDOMAIN, RCODE.YXDOMAIN];
const POLL_MS = [50, 100, 250, 500, 1000];

const input = (what: string, why: string, remedy: string): UserError =>
  new UserError({ id: "rfc2136.record", what, why, remedy, kind: "input" });

/**
 * The set as the server would give it back: names in lower case, values in their usual form. UserError for what cannot
 * be one.
 */
const usual = (set: RecordSet, zone: Zone): RecordSet => {
  const name = plain(set.name);
  const shown = `The ${set.type} record of ${absolute(zone, name)}`;
  const { name: _name, type: _type, ttl: _ttl, values: _values, ...added } = set;
  if (Object.keys(added).length > 0)
    throw input(
      `${shown} has what only another DNS provider knows: ${Object.keys(added).join(", ")}.`,
      "DNS UPDATE writes plain records.",
      "Use a CNAME or addresses.",
    );
  if (set.type === "SOA" || (set.type === "NS" && name === "@"))
    throw input(
      `${shown} is the zone's own.`,
      "It is not changed by DNS UPDATE.",
      "Change it in the server's zone file.",
    );
  if (set.ttl === undefined) throw new Error(`${shown} has no ttl`);
  try {
    const values = new Set(set.values.map((value) => decodeValue(set.type, encodeValue(set.type, value))));
    return { name, type: set.type, ttl: set.ttl, values: [...values] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw input(`${shown} has a value that cannot be one.`, `${why}.`, "Correct the value.");
  }
};

/** The same TXT may be there twice, cut into strings in two ways. */
const sameValues = (a: readonly string[], b: readonly string[]): boolean => isDeepStrictEqual(new Set(a), new Set(b));

/** Whether the server has what is wanted, with a TTL of its own choice; undefined wants nothing there. */
const holds = (stored: Stored | undefined, wanted: RecordSet | undefined): boolean =>
  wanted === undefined ? stored === undefined : stored !== undefined && sameValues(stored.set.values, wanted.values);

/** Whether it is there as it was read. */
const isAsRead = (stored: Stored | undefined, read: RecordSet): boolean =>
  holds(stored, read) && stored?.set.ttl === read.ttl;

/** The server has accepted it and does not answer it. */
class Unseen extends Error {}

/** Zones at a server that takes DNS UPDATE (RFC 2136), each change one message with prerequisites. */
export const createZones = (
  server: Server,
  lifetime: AbortSignal,
  onTrouble: (reason: string) => void,
  pace: Pace,
): ZonesWrite => {
  const reading = createReading(server);

  const find: ZonesWrite["find"] = async (domain) => {
    const labels = plain(domain).split(".");
    const names = labels.map((_, index) => labels.slice(index).join("."));
    const answers = await Promise.allSettled(names.map((name) => reading.zone(name, lifetime)));
    const zones = answers.flatMap((answer) => (answer.status === "fulfilled" && answer.value ? [answer.value] : []));
    for (const answer of answers) {
      if (answer.status !== "rejected") continue;
      // A key may be known for one zone and unknown for those above it.
      if (zones.length === 0 || !(answer.reason instanceof UserError)) throw answer.reason;
    }
    return zones;
  };

  /** Each set that the changes are about, and how it should be in the end. */
  const outcome = (
    changes: readonly RecordSetChange[],
  ): ReadonlyMap<string, { readonly set: RecordSet; readonly to?: RecordSet }> =>
    new Map([
      ...changes.flatMap(({ from }) => (from ? [[keyOf(from), { set: from }] as const] : [])),
      ...changes.flatMap(({ to }) => (to ? [[keyOf(to), { set: to, to }] as const] : [])),
    ]);

  /** The first set that is not yet as wanted. */
  const lacking = async (
    zone: Zone,
    changes: readonly RecordSetChange[],
    signal: AbortSignal,
  ): Promise<RecordSet | undefined> => {
    const all = [...outcome(changes).values()];
    const stored = await Promise.all(
      all.map(({ set }) => reading.read(zone, absolute(zone, set.name), set.type, signal)),
    );
    return all.find(({ to }, index) => !holds(stored[index], to))?.set;
  };

  const readFroms = async (zone: Zone, changes: readonly RecordSetChange[], signal: AbortSignal) => {
    const froms = changes.flatMap(({ from }) => (from ? [from] : []));
    const stored = await Promise.all(
      froms.map((set) => reading.read(zone, absolute(zone, set.name), set.type, signal)),
    );
    const moved = froms.find((from, index) => !isAsRead(stored[index], from));
    const map = new Map(stored.flatMap((each) => (each ? [[keyOf(each.set), each] as const] : [])));
    return { moved, stored: map };
  };

  /** A CNAME beside others, which nobody moved: it cannot be done however often it is read again. */
  const refuseNeighbours = async (
    zone: Zone,
    changes: readonly RecordSetChange[],
    signal: AbortSignal,
  ): Promise<void> => {
    const gone = new Set(changes.flatMap(({ from }) => (from ? [keyOf(from)] : [])));
    for (const { from, to } of changes) {
      if (!to || (from && keyOf(from) === keyOf(to))) continue;
      const name = absolute(zone, to.name);
      if (await reading.has(zone, name, to.type, signal)) return;
      for (const type of to.type === "CNAME" ? BESIDE : (["CNAME"] as const))
        if (!gone.has(`${to.name} ${type}`) && (await reading.has(zone, name, type, signal)))
          throw input(
            `${name} has a record of type ${type}; a ${to.type} cannot stand beside it.`,
            "A name with a CNAME has nothing else (RFC 1034 3.6.2).",
            `Remove the ${type} of ${name}, or choose another name.`,
          );
    }
  };

  /**
   * Knot compares in small letters, but keeps the capitals that its control socket was given: no value matches such a
   * record.
   */
  const refuseUnmatched = async (
    zone: Zone,
    changes: readonly RecordSetChange[],
    before: ReadonlyMap<string, Stored>,
    signal: AbortSignal,
  ): Promise<void> => {
    const now = await readFroms(zone, changes, signal);
    if (now.moved || !isDeepStrictEqual(now.stored, before)) return;
    const names = [...before.values()].map(({ set }) => `the ${set.type} of ${absolute(zone, set.name)}`).join(", ");
    throw input(
      `The name server ${server.title} does not recognise a record that it answers itself: ${names}.`,
      "It says that the record is not as it was read, although nothing has changed: it was written past DNS UPDATE.",
      "Write that record again in small letters, by the means by which it came there.",
    );
  };

  /** What stands there and is not answered was never read, so that reading again does not help. */
  const refuseHidden = async (zone: Zone, changes: readonly RecordSetChange[], signal: AbortSignal): Promise<void> => {
    for (const { from, to } of changes) {
      if (!to || from) continue;
      const name = absolute(zone, to.name);
      if (await reading.read(zone, name, to.type, signal)) continue;
      if (!(await reading.stands(zone, name, TYPE[to.type], signal))) continue;
      throw hidden(server.subject(zone.name), name, to.type);
    }
  };

  /** Until the server itself answers what it has accepted. */
  const settle = async (zone: Zone, changes: readonly RecordSetChange[], signal: AbortSignal): Promise<void> => {
    const since = pace.now();
    for (let tries = 0; ; tries++) {
      const set = await lacking(zone, changes, signal);
      if (!set) return;
      const asked = `the new ${set.type} of ${absolute(zone, set.name)}`;
      if (pace.now() - since > pace.settleMs) throw new Unseen(asked);
      if (tries === POLL_MS.length)
        onTrouble(`the name server ${server.title} accepted the change but does not answer ${asked} yet`);
      await pace.sleep(POLL_MS[tries] ?? 1000, signal);
    }
  };

  /** Undoes what was accepted and cannot be read: nobody would find it again. Rejects with what happened. */
  const takeBack = async (
    zone: Zone,
    changes: readonly RecordSetChange[],
    stored: ReadonlyMap<string, Stored>,
    cause: unknown,
  ): Promise<never> => {
    if (!(cause instanceof Unseen || cause instanceof UserError)) throw cause;
    const kept = await server
      .update(undoOf(zone, changes, stored), lifetime)
      .then(({ rcode }) => (rcode === RCODE.NOERROR ? undefined : rcodeName(rcode)), messageOf);
    const [first] = outcome(changes).values();
    const asked = first ? `the new ${first.set.type} of ${absolute(zone, first.set.name)}` : "it";
    throw unseen(server.subject(zone.name), cause instanceof Unseen ? cause.message : asked, { cause, kept });
  };

  const withdraw: ZonesWrite["withdraw"] = async (zone, sets, own) => {
    const signal = own ? AbortSignal.any([lifetime, own]) : lifetime;
    if (sets.length === 0) return;
    const { rcode } = await server.update(removalOf(zone, sets), signal);
    if (rcode === RCODE.NOERROR) return;
    // What may not be taken away could not have been put there either, unless it is seen to stand.
    const standing = sets.map(({ name, type }) => reading.stands(zone, absolute(zone, name), TYPE[type], signal));
    if ((await Promise.all(standing)).includes(true))
      throw refused(server.subject(zone.name), rcode, `changes of ${zone.name}`);
  };

  const rehearse: ZonesWrite["rehearse"] = async (zone, records, own) => {
    const signal = own ? AbortSignal.any([lifetime, own]) : lifetime;
    const remove = async (places: readonly RecordPlace[]): Promise<number> =>
      (await server.update(removalOf(zone, places.map(unusedSet)), signal)).rcode;
    const rcode = await remove(records);
    if (rcode === RCODE.NOERROR) return "by removing a value that nobody has";
    // All or nothing: which of them it is shows one by one.
    for (const place of records)
      if ((await remove([place])) !== RCODE.NOERROR)
        throw refused(
          server.subject(zone.name),
          rcode,
          `changes of the ${place.type} of ${absolute(zone, place.name)}`,
        );
    throw refused(server.subject(zone.name), rcode, `changes of ${zone.name}`);
  };

  const change: ZonesWrite["change"] = async (zone, given, own) => {
    const signal = own ? AbortSignal.any([lifetime, own]) : lifetime;
    signal.throwIfAborted();
    if (given.length === 0) return;
    const changes = given.map(({ from, to }) => ({
      ...(from ? { from: usual(from, zone) } : {}),
      ...(to ? { to: usual(to, zone) } : {}),
    }));
    const { moved, stored } = await readFroms(zone, changes, signal);
    if (moved) throw new ZoneMoved(`The ${moved.type} of ${absolute(zone, moved.name)} is no longer as it was read.`);
    const { rcode, uncertain } = await server.update(updateFor(zone, changes, stored), signal);
    if (rcode === RCODE.NOERROR)
      return settle(zone, changes, signal).catch((cause: unknown) => takeBack(zone, changes, stored, cause));
    if (!MOVED.includes(rcode)) throw refused(server.subject(zone.name), rcode, `changes of ${zone.name}`);
    if (uncertain && !(await lacking(zone, changes, signal))) return;
    if (rcode === RCODE.NXRRSET || rcode === RCODE.NXDOMAIN) await refuseUnmatched(zone, changes, stored, signal);
    else {
      await refuseNeighbours(zone, changes, signal);
      if (!uncertain) await refuseHidden(zone, changes, signal);
    }
    throw new ZoneMoved(`In ${zone.name}, ${movedBecause(rcode)}.`);
  };

  /** Names and messages that cannot be are somebody's input. */
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof BadName)
        throw input(`${error.message}.`, "The DNS has no such names.", "Correct the domain.");
      if (error instanceof TooLarge)
        throw input(
          "The change is too large for one DNS UPDATE.",
          `It would be ${error.message}.`,
          "Change fewer names at once.",
        );
      throw error;
    }
  };

  return {
    find: (domain) => explained(find(domain)),
    get: async (zone, name, type) => {
      const stored = await explained(reading.read(zone, absolute(zone, plain(name)), type, lifetime));
      return stored ? [stored.set] : [];
    },
    list: async (zone, under) =>
      (await explained(reading.list(zone, absolute(zone, plain(under)), lifetime)))?.map(({ set }) => set),
    change: (zone, changes, signal) => explained(change(zone, changes, signal)),
    withdraw: (zone, sets, signal) => explained(withdraw(zone, sets, signal)),
    rehearse: (zone, records, signal) => explained(rehearse(zone, records, signal)),
  };
};
