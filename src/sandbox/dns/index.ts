/**
 * The DNS of the rehearsal world, on loopback: a root, top-level domains, zones on name servers of their own, and a recursive
 * resolver that finds them as any resolver does.
 *
 * `zone.ts` says what a zone holds and which server has seen it already, `lookup.ts` what it answers, `authority.ts` is a
 * server, `tree.ts` who is delegated to whom, `resolver.ts` the way down from the root, `update/` RFC 2136 and TSIG.
 */

import type { Fault, SeenQuestion } from "./fault.ts";
import { nameOf } from "./names.ts";
import { RESOLVER, startResolver } from "./resolver.ts";
import { createServers } from "./servers.ts";
import { createTree, type Zone, type ZoneOptions } from "./tree.ts";

export type { AskedQuestion, Fault, SeenQuestion, Verdict } from "./fault.ts";
export { isWithin, nameOf, reversed } from "./names.ts";
export type { Ipv6 } from "./servers.ts";
export type { Zone, ZoneOptions } from "./tree.ts";
export type { TsigKey } from "./update/tsig.ts";
export { dataOf, TYPES } from "./values.ts";
export { type Draft, inOrder, type Propagation, type RecordSet, type Records, type Routing } from "./zone.ts";

export interface DnsOptions {
  /** Names with addresses: load balancers. They resolve, and aliases may point at them. */
  readonly hosts?: ReadonlyMap<string, readonly string[]>;
  /** Whether the resolver caches, negative answers too (RFC 2308); false when absent. */
  readonly isCaching?: boolean;
  readonly onQuery?: (seen: SeenQuestion) => void;
  /** Milliseconds since 1970: for propagation, the cache and TSIG. */
  readonly now?: () => number;
  /** From 0 up to, not including, 1: for the choice among weighted sets and the ids of the resolver's questions. */
  readonly random?: () => number;
}

export interface Dns {
  /** `127.0.0.1:PORT` of the recursive resolver. */
  readonly resolver: string;
  /** From the address of a name server, as glue says it, to `127.0.0.1:PORT`. It grows with each zone. */
  readonly connectTo: ReadonlyMap<string, string>;
  readonly addZone: (options: ZoneOptions) => Promise<Zone>;
  /** By id, or by name: then the delegated one, else the first. Throws TypeError when there is none. */
  readonly zone: (idOrName: string) => Zone;
  /** Every zone, those that were made automatically too. */
  readonly zones: () => readonly Zone[];
  /** Makes a name resolve, and known to aliases. */
  readonly addHost: (name: string, addresses: readonly string[]) => Promise<void>;
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** `server`: its name or one of its addresses; `resolver` for the recursive one. Without a fault it is well again. */
  readonly setFault: (server: string, fault?: Fault) => void;
  /** `127.0.0.1:PORT` of a name server by its name or address. Throws TypeError when there is none. */
  readonly endpoint: (server: string) => string;
  /** The addresses of a name server; empty for an unknown one. */
  readonly addressesOf: (server: string) => readonly string[];
  /** Returns the unsubscribe function. */
  readonly onQuery: (listener: (seen: SeenQuestion) => void) => () => void;
  /** The resolver forgets what it cached. */
  readonly flush: () => void;
  readonly close: () => Promise<void>;
}

/** Starts a DNS with nothing but its root and the names of its own servers. */
export const startDns = async (options: DnsOptions = {}): Promise<Dns> => {
  const { now = Date.now, random = Math.random, isCaching = false } = options;
  const hosts = new Map<string, readonly string[]>();
  const faults = new Map<string, Fault>();
  const listeners = new Set(options.onQuery ? [options.onQuery] : []);
  const onQuestion = (seen: SeenQuestion): void => {
    for (const listener of listeners) listener(seen);
  };
  const servers = createServers((name) => ({
    name,
    surroundings: { hosts, random },
    fault: () => faults.get(name),
    onQuestion,
    now,
  }));
  const tree = await createTree(servers, now);
  const resolver = await startResolver({
    roots: tree.roots,
    connectTo: servers.connectTo,
    isCaching,
    fault: () => faults.get(RESOLVER),
    onQuestion,
    now,
    random,
  });
  const serverOf = (server: string): string =>
    servers.list().find(({ addresses }) => addresses.includes(server))?.name ?? nameOf(server);
  const addHost: Dns["addHost"] = async (name, addresses) => {
    hosts.set(nameOf(name), addresses);
    await tree.addHost(name, addresses);
  };
  for (const [name, addresses] of options.hosts ?? []) await addHost(name, addresses);
  return {
    resolver: resolver.endpoint,
    connectTo: servers.connectTo,
    addZone: tree.add,
    zone: (idOrName) => find(tree.zones(), idOrName),
    zones: () => [...tree.zones()],
    addHost,
    hosts,
    setFault: (server, fault) => {
      const name = serverOf(server);
      if (name !== RESOLVER && !servers.get(name)) throw new TypeError(`no name server ${server}`);
      if (fault === undefined) faults.delete(name);
      else faults.set(name, fault);
    },
    endpoint: (server) => {
      const found = servers.get(serverOf(server));
      if (!found) throw new TypeError(`no name server ${server}`);
      return found.authority.endpoint;
    },
    addressesOf: (server) => servers.get(serverOf(server))?.addresses ?? [],
    onQuery: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    flush: resolver.flush,
    close: async () => {
      await Promise.all([resolver.close(), servers.close()]);
    },
  };
};

const find = (zones: readonly Zone[], idOrName: string): Zone => {
  const named = zones.filter(({ name }) => name === nameOf(idOrName));
  const found = zones.find(({ id }) => id === idOrName) ?? named.find(({ isDelegated }) => isDelegated) ?? named[0];
  if (!found) throw new TypeError(`no zone ${idOrName}`);
  return found;
};
