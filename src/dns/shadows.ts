import { absolute, type RecordSet, relativeTo, type Zone, type ZonesRead } from "../ports/zones.ts";
import { ancestorsOf, isUnder } from "./servers.ts";

/**
 * What a new name takes away from a wildcard above it (rule 17). A wildcard answers only for names that do not exist and whose closest encloser
 * is its parent (RFC 4592 section 3.3.1); a new name makes itself and every name between it and that parent exist, without records:
 * there the wildcard's answers end.
 */
export interface Shadow {
  /** Absolute: the wildcard above, `*.example.com`. */
  readonly wildcard: string;
  /** The uppermost name that now exists: it and what is below it are no longer the wildcard's. */
  readonly name: string;
  /** New names that do it. */
  readonly by: readonly string[];
  /** Who answers below {@link Shadow.name} from then on; undefined: nobody. */
  readonly instead?: string;
  /** For the plan. */
  readonly text: string;
}

/** All that exists: owners of records and the names above them, down to the apex. */
const nodesOf = (zone: string, owners: Iterable<string>): ReadonlySet<string> => {
  const nodes = new Set([zone]);
  for (const owner of owners)
    for (const name of [owner, ...ancestorsOf(owner)]) if (name !== zone && isUnder(name, zone)) nodes.add(name);
  return nodes;
};

const closestEncloser = (nodes: ReadonlySet<string>, name: string): string | undefined =>
  [name, ...ancestorsOf(name)].find((above) => nodes.has(above));

const isWildcard = (name: string): boolean => name.startsWith("*.");
/** Hosts and services have no such names, so a wildcard's answer is not missed there. */
const isUnderscored = (name: string): boolean => name.startsWith("_");

interface Tree {
  readonly zone: string;
  readonly owners: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
}

const treeOf = (zone: Pick<Zone, "name">, names: Iterable<string>): Tree => {
  const owners = new Set(names);
  return { zone: zone.name, owners, nodes: nodesOf(zone.name, owners) };
};

/** The wildcard that answers for a name that does not exist. */
const wildcardFor = ({ nodes, owners }: Tree, name: string): string | undefined => {
  const wildcard = `*.${closestEncloser(nodes, name) ?? ""}`;
  return owners.has(wildcard) ? wildcard : undefined;
};

/** Names that begin to exist and that a wildcard answered for until now. */
const takenOver = (before: Tree, after: Tree): readonly { readonly name: string; readonly wildcard: string }[] =>
  [...after.nodes].flatMap((name) => {
    if (before.nodes.has(name) || isWildcard(name)) return [];
    const wildcard = wildcardFor(before, name);
    return wildcard === undefined ? [] : [{ name, wildcard }];
  });

/**
 * `sets` are those of the zone at or above the new names (`list`, or {@link setsAround}); `added` are absolute names of one batch. Names that start with
 * an underscore are passed over, as nobody asks a wildcard for them.
 */
export const shadowsOf = (zone: Zone, sets: readonly RecordSet[], added: readonly string[]): readonly Shadow[] => {
  const before = treeOf(zone, ownersIn(zone, sets));
  const after = treeOf(zone, [...before.owners, ...added]);
  const taken = takenOver(before, after).filter(({ name }) => !isUnderscored(name));
  // The uppermost name stands for those below it, unless another wildcard answers there.
  const upper = taken.filter(
    ({ name }) =>
      !ancestorsOf(name).some((above) => taken.some((other) => other.name === above)) || hasLoss(after, name),
  );
  return upper.map(({ name, wildcard }) => {
    const below = `*.${name}`;
    const instead = after.owners.has(below) ? below : undefined;
    const by = added.filter((owner) => isUnder(owner, name));
    const self = after.owners.has(name) ? "" : `${name} itself has no answer any more`;
    const names =
      instead === undefined
        ? `${wildcard} no longer answers for names below ${name}: they have no answer any more`
        : `${instead} answers for names below ${name} from now on, no longer ${wildcard}`;
    const text = `${by.join(", ")}: ${[names, self].filter((part) => part !== "").join("; ")}`;
    return { wildcard, name, by, ...(instead === undefined ? {} : { instead }), text };
  });
};

const hasLoss = ({ owners }: Tree, name: string): boolean => !owners.has(`*.${name}`);

const ownersIn = (zone: Zone, sets: readonly RecordSet[]): readonly string[] =>
  sets.map(({ name }) => absolute(zone, name));

/**
 * Record sets to publish in the same batch as `added`, so that no name loses the wildcard's answer: a copy of it at every name that comes to be
 * between the wildcard's parent and the new names, and at the `*` below each. None where `added` itself puts something. Names that start
 * with an underscore get none.
 */
export const companionsOf = (
  zone: Zone,
  sets: readonly RecordSet[],
  added: readonly string[],
): readonly RecordSet[] => {
  const before = treeOf(zone, ownersIn(zone, sets));
  const after = treeOf(zone, [...before.owners, ...added]);
  return takenOver(before, after)
    .filter(({ name }) => !name.split(".").some(isUnderscored))
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap(({ name, wildcard }) => {
      const copied = sets.filter((set) => absolute(zone, set.name) === wildcard);
      return [name, `*.${name}`]
        .filter((owner) => !after.owners.has(owner))
        .flatMap((owner) => copied.map((set) => ({ ...set, name: relativeTo(zone, owner) })));
    });
};

/** What a provider lets us see of a zone. */
interface Access {
  readonly zone: Zone;
  readonly zones: ZonesRead;
}

const TYPES = ["A", "AAAA", "CNAME", "TXT"] as const;

/** The record sets that decide whether these names (relative) exist and which wildcard answers for them. Not the whole zone. */
export const setsAround = async (access: Access, names: readonly string[]): Promise<readonly RecordSet[]> => {
  const { zone, zones } = access;
  // The uppermost label below the apex: with all below it, and the apex's own wildcard, everything is known.
  const tops = [...new Set(names.filter((name) => name !== "@").map((name) => name.split(".").at(-1) ?? ""))];
  const lists = await Promise.all(tops.filter((top) => top !== "*").map((top) => zones.list(zone, top)));
  const apex = await getAll(access, "*");
  const listed = lists.flatMap((list) => list ?? []);
  if (lists.every((list) => list !== undefined)) return [...apex, ...listed];
  return fromAnswers(access, names, apex);
};

/** {@link companionsOf} for names (relative) that are still to come, as the zone is now. */
export const copiesFor = async (
  zone: Zone,
  names: readonly string[],
  zones: ZonesRead,
): Promise<readonly RecordSet[]> =>
  names.length === 0
    ? []
    : companionsOf(
        zone,
        await setsAround({ zone, zones }, names),
        names.map((name) => absolute(zone, name)),
      );

const getAll = async ({ zone, zones }: Access, name: string): Promise<readonly RecordSet[]> =>
  (await Promise.all(TYPES.map((type) => zones.get(zone, name, type)))).flat();

/** A label that no zone has: a provider that gives records for it answers as a name server does, from the wildcard. */
const NOBODY = "kn-bootstrap-nobody-has-this";

/**
 * Where the provider does not list. One that reads the zone itself tells what stands there, but not that a name exists for the sake of others
 * below it: then it counts as absent, and the wildcard's copy does no harm. One that answers as a name server does gives the wildcard's values
 * for what does not exist: there a name exists only if something differs from those.
 */
const fromAnswers = async (
  access: Access,
  names: readonly string[],
  apex: readonly RecordSet[],
): Promise<readonly RecordSet[]> => {
  const found = new Map<string, readonly RecordSet[]>([["*", apex]]);
  for (const name of names) {
    let wildcard = apex;
    let above = "";
    const labels = name.split(".");
    for (let depth = labels.length - 1; depth > 0; depth -= 1) {
      const node = labels.slice(depth).join(".");
      const [own, below] = await Promise.all([getAll(access, node), getAll(access, `*.${node}`)]);
      const isMadeUp = wildcard.length > 0 && (await getAll(access, `${NOBODY}${above}`)).length > 0;
      if (isMadeUp && sameValues(own, wildcard)) break;
      // An empty record set marks that the name exists.
      found.set(node, isMadeUp && own.length === 0 ? [{ name: node, type: "TXT", values: [] }] : own);
      found.set(`*.${node}`, below);
      wildcard = below;
      above = `.${node}`;
    }
  }
  return [...found.values()].flat();
};

const sameValues = (a: readonly RecordSet[], b: readonly RecordSet[]): boolean => {
  const plain = (sets: readonly RecordSet[]): string =>
    JSON.stringify(sets.map(({ type, values }) => [type, [...values].sort()]).sort());
  return plain(a) === plain(b);
};
