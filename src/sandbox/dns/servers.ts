/** The name servers of the world: each has a name, addresses as glue says them, and a port on loopback where it can be reached. */

import { type Authority, type AuthorityOptions, startAuthority } from "./authority.ts";
import type { RecordSet } from "./zone.ts";

export interface NameServer {
  readonly name: string;
  /** Documentation addresses (RFC 5737, RFC 3849). */
  readonly addresses: readonly string[];
  readonly authority: Authority;
}

/** Whether name servers also have an IPv6 address, and whether anybody answers there. */
export type Ipv6 = "none" | "reachable" | "unreachable";

export interface Servers {
  readonly connectTo: ReadonlyMap<string, string>;
  /** Starts it unless there is one of this name. */
  readonly start: (name: string, ipv6: Ipv6) => Promise<NameServer>;
  readonly get: (name: string) => NameServer | undefined;
  readonly list: () => readonly NameServer[];
  /** A and AAAA sets of a server; empty for one that nobody has heard of. */
  readonly addressSets: (name: string) => readonly RecordSet[];
  readonly close: () => Promise<void>;
}

const ADDRESS_TTL = 172_800;
const NETS = ["198.51.100", "203.0.113", "192.0.2"];
/** Leaves the upper half of each net to load balancers. */
const PER_NET = 127;

export const createServers = (optionsFor: (name: string) => AuthorityOptions): Servers => {
  const servers = new Map<string, NameServer>();
  const connectTo = new Map<string, string>();
  let count = 0;
  return {
    connectTo,
    start: async (name, ipv6) => {
      const running = servers.get(name);
      if (running) return running;
      const authority = await startAuthority(optionsFor(name));
      const number = count++;
      const net = NETS[Math.floor(number / PER_NET)];
      if (net === undefined) throw new RangeError("out of documentation addresses for name servers");
      const v4 = `${net}.${(number % PER_NET) + 1}`;
      const v6 = `2001:db8::${(number + 1).toString(16)}`;
      connectTo.set(v4, authority.endpoint);
      if (ipv6 === "reachable") connectTo.set(v6, authority.endpoint);
      const server = { name, addresses: ipv6 === "none" ? [v4] : [v4, v6], authority };
      servers.set(name, server);
      return server;
    },
    get: (name) => servers.get(name),
    list: () => [...servers.values()],
    addressSets: (name) => addressSets(name, servers.get(name)?.addresses ?? [], ADDRESS_TTL),
    close: async () => {
      await Promise.all([...servers.values()].map(({ authority }) => authority.close()));
    },
  };
};

/** The A and AAAA sets that say these addresses. @param ttl seconds. */
export const addressSets = (name: string, addresses: readonly string[], ttl: number): readonly RecordSet[] =>
  ["A", "AAAA"]
    .map((type) => ({
      name,
      type,
      ttl,
      values: addresses.filter((address) => address.includes(":") === (type === "AAAA")),
    }))
    .filter(({ values }) => values.length > 0);
