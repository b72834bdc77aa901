/** The tree of zones from the root down: who is delegated to whom. */

import { isWithin, nameOf, parentOf } from "./names.ts";
import { addressSets, type Ipv6, type Servers } from "./servers.ts";
import type { Ttls } from "./update/apply.ts";
import type { TsigKey } from "./update/tsig.ts";
import { createVersions, type RecordSet, type Records, type Versions } from "./zone.ts";

export interface ZoneOptions {
  readonly name: string;
  /** Made up when absent, in the shape of a hosted zone's. */
  readonly id?: string;
  /** Names of its servers; two of the world's own when absent. One that lies in the zone gets its address there and as glue. */
  readonly nameServers?: readonly string[];
  /** False: nobody refers to it. Names: what the parent says instead of the zone's own servers. */
  readonly delegated?: boolean | readonly string[];
  /** Served to nobody. */
  readonly isPrivate?: boolean;
  /** Beside SOA and NS, which are made; a SOA or NS given here replaces those. */
  readonly records?: readonly RecordSet[];
  /** Who may send updates (RFC 2136), to the first server, and take the zone over (AXFR), from each. */
  readonly keys?: readonly TsigKey[];
  /** Seconds. What an update brings is raised to the least and cut to the most without a word, as DNS hosters do. */
  readonly ttls?: Ttls;
  readonly ipv6?: Ipv6;
}

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  /** Made because something below it needed a parent. */
  readonly isAutomatic: boolean;
  /** Whether its parent refers to it, to whichever servers. */
  readonly isDelegated: boolean;
  /** Empty for a private zone. */
  readonly nameServers: readonly string[];
  readonly records: Records;
  /** Changes what the parent says: other servers, or nothing at all. */
  readonly delegate: (nameServers: readonly string[] | false) => void;
}

export interface Tree {
  readonly zones: () => readonly Zone[];
  readonly add: (options: ZoneOptions) => Promise<Zone>;
  /** Makes a name answer with these addresses, whoever has its zone. */
  readonly addHost: (name: string, addresses: readonly string[]) => Promise<void>;
  readonly roots: () => readonly string[];
}

/** Where the world's own name servers have their names. */
const HOME = "dns.test";
const NS_TTL = 172_800;
const SOA_TTL = 900;
const HOST_TTL = 60;

interface Node extends Zone {
  readonly versions: Versions;
  isDelegated: boolean;
}

/** With the root, and the zones in which the servers have their names. @param now milliseconds. */
export const createTree = async (servers: Servers, now: () => number): Promise<Tree> => {
  const nodes: Node[] = [];
  let count = 0;
  const publicAt = (name: string): Node | undefined => nodes.find((node) => node.name === name && node.isDelegated);
  const nearestPublic = (name: string): Node | undefined =>
    nodes.filter((node) => node.isDelegated && isWithin(name, node.name)).sort(byDepth)[0];

  const add = async (options: ZoneOptions, isAutomatic: boolean): Promise<Zone> => {
    const name = nameOf(options.name);
    const { delegated = true, isPrivate = false, keys = [], ttls = {}, ipv6 = "none" } = options;
    const number = count++;
    const wantsDelegation = delegated !== false && !isPrivate;
    const older = publicAt(name);
    if (wantsDelegation && older && !older.isAutomatic)
      throw new TypeError(`${name} is delegated to another zone of this world already`);
    const nameServers = isPrivate
      ? []
      : (options.nameServers?.map(nameOf) ?? [`ns1-${number}.${HOME}`, `ns2-${number}.${HOME}`]);
    if (wantsDelegation && name !== "") await makeParents(name);
    for (const server of nameServers) await servers.start(server, ipv6);
    const inherited = wantsDelegation && older ? older.records.list().filter((set) => set.name !== name) : [];
    const own = nameServers.filter((server) => isWithin(server, name) && homeOf(server).length <= name.length);
    const versions = createVersions(
      name,
      [
        ...authorityRecords(name, nameServers),
        ...inherited,
        ...own.flatMap(servers.addressSets),
        ...(options.records ?? []),
      ],
      now,
    );
    const node: Node = {
      id: options.id ?? idOf(number),
      name,
      isPrivate,
      isAutomatic,
      nameServers,
      records: versions.records,
      versions,
      isDelegated: wantsDelegation,
      delegate: (names) => delegate(node, names),
    };
    if (wantsDelegation && older) nodes.splice(nodes.indexOf(older), 1);
    nodes.push(node);
    const [primary = ""] = nameServers;
    for (const server of nameServers) servers.get(server)?.authority.serve({ name, versions, keys, ttls, primary });
    if (wantsDelegation) delegate(node, delegated === true ? nameServers : delegated);
    for (const server of nameServers) if (!own.includes(server)) await publish(server);
    return node;
  };

  /** The name of the zone that keeps a server's own address, as far as it is there already. */
  const homeOf = (server: string): string => (isWithin(server, HOME) ? HOME : (nearestPublic(server)?.name ?? ""));

  const delegate = (node: Node, names: readonly string[] | false): void => {
    node.isDelegated = names !== false;
    const parent = node.name === "" ? undefined : nearestPublic(parentOf(node.name));
    parent?.records.edit((draft) => {
      draft.remove(node.name, "NS");
      if (names === false) return;
      draft.put({ name: node.name, type: "NS", ttl: NS_TTL, values: names.map(nameOf) });
      for (const glue of names.map(nameOf).filter((server) => isWithin(server, parent.name)))
        for (const set of servers.addressSets(glue)) draft.put(set);
    });
  };

  const publish = async (server: string): Promise<void> => {
    const sets = servers.addressSets(server);
    const home = isWithin(server, HOME) ? publicAt(HOME) : await zoneForHost(server);
    for (const set of sets) home?.records.set(set);
  };

  /** A top-level domain and a domain below it appear when something needs them; deeper zones are made on purpose only. */
  const makeParents = async (name: string): Promise<void> => {
    const labels = name.split(".");
    const above = [labels.slice(-1), labels.slice(-2)].map((part) => part.join(".")).filter((each) => each !== name);
    for (const each of above) if (!publicAt(each)) await add({ name: each }, true);
  };

  const zoneForHost = async (name: string): Promise<Node | undefined> => {
    await makeParents(name);
    const nearest = nearestPublic(name);
    if (nearest?.name.includes(".")) return nearest;
    await add({ name }, true);
    return publicAt(name);
  };

  const addHost = async (name: string, addresses: readonly string[]): Promise<void> => {
    const zone = await zoneForHost(nameOf(name));
    for (const set of addressSets(nameOf(name), addresses, HOST_TTL)) zone?.records.set(set);
  };

  await add({ name: "" }, true);
  await add({ name: HOME }, true);
  // The servers of the root and of the zones above their home had no home yet.
  for (const { name } of servers.list()) await publish(name);
  const oneByOne = createQueue();
  return {
    zones: () => nodes,
    add: (options) => oneByOne(() => add(options, false)),
    addHost: (name, addresses) => oneByOne(() => addHost(name, addresses)),
    roots: () => (publicAt("")?.nameServers ?? []).flatMap((server) => servers.get(server)?.addresses ?? []),
  };
};

const byDepth = (a: Zone, b: Zone): number => b.name.length - a.name.length;

const idOf = (number: number): string => `Z${(number * 7919 + 1_000_003).toString(36).toUpperCase().padStart(13, "0")}`;

const authorityRecords = (name: string, nameServers: readonly string[]): readonly RecordSet[] => {
  const servers = nameServers.length > 0 ? nameServers : [`ns1.private.${HOME}`, `ns2.private.${HOME}`];
  return [
    { name, type: "NS", ttl: NS_TTL, values: servers },
    { name, type: "SOA", ttl: SOA_TTL, values: [`${servers[0]} hostmaster.${HOME} 1 7200 900 1209600 86400`] },
  ];
};

/** Two zones made at the same time may need the same parent. */
const createQueue = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
};
