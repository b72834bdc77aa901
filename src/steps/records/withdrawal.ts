import { orderSecret, ordersIn, type PendingOrder } from "../../certificates/acme/journal.ts";
import type { Copy } from "../../certificates/acme/types.ts";
import type { Change, ObjectChange, RecordsChange } from "../../changes/index.ts";
import { zoneLine } from "../../dns/manual/open.ts";
import { markerName, markerValue } from "../../dns/ownership.ts";
import { PUBLISHED } from "../../dns/published.ts";
import { HOME, MANAGER } from "../../kube/inventory.ts";
import { STATE } from "../../kube/prior.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import type { RecordType } from "../../ports/dns.ts";
import { ADDRESS_TYPES } from "../../ports/dns.ts";
import { UserError } from "../../ports/error.ts";
import { dataOf, isRecord } from "../../ports/object.ts";
import { absolute, type RecordSet, relativeTo, sameContent, type Zone, zoneLabel } from "../../ports/zones.ts";
import type { Publication } from "./publication.ts";
import { TTL } from "./record-sets.ts";

interface Published {
  readonly zone: Zone;
  readonly sets: readonly RecordSet[];
}

/** The zone's servers are left out: they are told in any order, and may change. */
export const publishedText = (
  { provider, zone: { id, name, isPrivate } }: Publication,
  sets: readonly RecordSet[],
): string => JSON.stringify({ dns: provider.id, zone: { id, name, isPrivate }, sets });

/** What the last run wrote. Earlier releases kept no zone, and another provider's is not asked for by its id. */
export const publishedBefore = async (ctx: PlanContext, { provider, zone }: Publication): Promise<Published> => {
  if (provider.byHand) return { zone, sets: [] };
  const kept = parsed(dataOf(await ctx.live.get(STATE))[PUBLISHED]);
  if (Array.isArray(kept)) return { zone, sets: setsIn(kept) };
  if (!isRecord(kept)) return { zone, sets: [] };
  const old = kept.dns === provider.id ? zoneIn(kept.zone) : undefined;
  return { zone: old === undefined || old.id === zone.id ? zone : old, sets: setsIn(kept.sets) };
};

const parsed = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
};

const zoneIn = (value: unknown): Zone | undefined =>
  isRecord(value) && typeof value.id === "string" && typeof value.name === "string"
    ? { id: value.id, name: value.name, isPrivate: value.isPrivate === true, nameServers: [] }
    : undefined;

const setsIn = (value: unknown): readonly RecordSet[] =>
  Array.isArray(value) ? value.filter((set): set is RecordSet => isRecord(set) && "name" in set) : [];

/** The same uid for as long as the cluster lives (external-dns and others use it too). */
export const clusterUid = async (ctx: PlanContext): Promise<string> =>
  (await ctx.live.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" }))?.metadata.uid ?? "";

/** What we published and nobody has changed since, where it was published; with the mark, in one batch. */
export const withdrawal = async (
  ctx: PlanContext,
  publication: Publication,
  domain: string,
): Promise<readonly Change[]> => {
  const { zones } = publication;
  const { zone, sets: published } = await publishedBefore(ctx, publication);
  const isMoved = zone.id !== publication.zone.id;
  if (isMoved && !(await isThere(ctx, publication, zone))) return [];
  const mark = markerValue(await clusterUid(ctx));
  // The domain's own wildcard is always among what is published.
  const [own] = [...published].sort((a, b) => a.name.length - b.name.length);
  const markName = markerName(own?.name ?? relativeTo(zone, domain));
  const get = (name: string, type: RecordType): Promise<readonly RecordSet[]> =>
    zones.get(zone, name, type).catch((error: unknown) => {
      if (isMoved && error instanceof UserError) return [];
      throw error;
    });
  const [marks, ...found] = await Promise.all([
    get(markName, "TXT"),
    ...published.map((set) => get(set.name, set.type)),
  ]);
  // Below the delegation to the zone that has the domain now, a server does not show what it holds.
  if (isMoved && marks.length === 0 && found.every((sets) => sets.length === 0))
    return [
      { ...deletion(zone, [...published, { name: markName, type: "TXT", ttl: TTL, values: [mark] }]), byValue: true },
    ];
  const mine = marks.filter(({ values }) => values.includes(mark));
  if (mine.length === 0) return [];
  const leaving = found.flatMap((sets, index) => sets.filter((set) => sameContent(set, published[index])));
  for (const set of found.flat())
    if (!leaving.includes(set))
      ctx.note(`Record ${absolute(zone, set.name)} ${set.type} was changed by somebody else and stays.`);
  return [deletion(zone, [...leaving, ...mine])];
};

const deletion = (zone: Zone, sets: readonly RecordSet[]): RecordsChange => ({
  kind: "records",
  action: "delete",
  zone,
  sets: sets.map((from) => ({ from })),
  conflicts: [],
  shadows: [],
});

/** Whether the provider still has a zone that an earlier run wrote to. What is in one that it has not is said to stay. */
const isThere = async (ctx: PlanContext, { zones, provider }: Publication, zone: Zone): Promise<boolean> => {
  const found = await zones.find(zone.name).catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
  if (found.some(({ id }) => id === zone.id)) return true;
  ctx.note(`Zone ${zoneLabel(zone)} is not to be found at ${provider.title} any more: what was written there stays.`);
  return false;
};

/** What an order has written, or was about to. */
const writtenBy = ({ records, copies }: PendingOrder): readonly Copy[] => [
  ...records.map(({ zone, name, value }) => ({
    zone,
    set: { name: relativeTo(zone, name), type: "TXT", ttl: 60, values: [value] } as const,
  })),
  ...copies,
];

/**
 * What orders that no run has finished have written, where they wrote it, be it seen there or not. The orders stay for the next install, without
 * it.
 */
export const leftovers = async (ctx: PlanContext, publication: Publication): Promise<readonly Change[]> => {
  const secrets = await ctx.live.list("v1", "Secret", HOME);
  const orders = ordersIn(secrets).filter(({ order }) => writtenBy(order).length > 0);
  const written = orders.flatMap(({ order }) => writtenBy(order));
  const byZone = [...Map.groupBy(written, ({ zone }) => zone.id).values()];
  const removals = await Promise.all(
    byZone.map(async (same): Promise<readonly RecordsChange[]> => {
      const [first] = same;
      if (!first) return [];
      const { zone } = first;
      const sets = same.map(({ set }) => set);
      if (publication.provider.byHand) {
        for (const set of sets) ctx.note(nobodyNeeds(zone, set));
        return [];
      }
      return (await isThere(ctx, publication, zone)) ? [{ ...deletion(zone, sets), byValue: true }] : [];
    }),
  );
  const changes = removals.flat();
  const gone = new Set(changes.map(({ zone }) => zone.id));
  return [
    ...changes,
    ...orders.flatMap(({ order, uid }): readonly ObjectChange[] => {
      const records = order.records.filter(({ zone }) => !gone.has(zone.id));
      const copies = order.copies.filter(({ zone }) => !gone.has(zone.id));
      if (records.length + copies.length === writtenBy(order).length) return [];
      return [
        {
          kind: "object",
          action: "update",
          object: orderSecret({ ...order, records, copies }),
          manager: MANAGER,
          fields: [],
          conflicts: [],
          confirmed: false,
          ...(uid === undefined ? {} : { uid }),
        },
      ];
    }),
  ];
};

/** Without a way to the DNS (`--keep-records`), what orders left stays, and is named. */
export const namedLeftovers = async (ctx: PlanContext): Promise<readonly Change[]> => {
  const orders = ordersIn(await ctx.live.list("v1", "Secret", HOME));
  for (const { zone, set } of orders.flatMap(({ order }) => writtenBy(order)))
    ctx.note(
      `${set.type} ${absolute(zone, set.name)} ${set.values.map((value) => JSON.stringify(value)).join(", ")} of an unfinished order stays in zone ${zoneLabel(zone)}, if it stands there still.`,
    );
  return [];
};

/** Who published by hand takes it away by hand, if at all. */
export const leaveByHand = async (
  ctx: PlanContext,
  { zone, zones }: Publication,
  names: readonly string[],
): Promise<readonly Change[]> => {
  const found = await Promise.all(
    names.flatMap((name) => ADDRESS_TYPES.map((type) => zones.get(zone, relativeTo(zone, name), type))),
  );
  for (const set of found.flat()) ctx.note(nobodyNeeds(zone, set));
  return [];
};

const nobodyNeeds = (zone: Zone, set: RecordSet): string =>
  `You can take this away, nobody needs it any more: ${zoneLine(zone, set)}`;
