import { type Change, type RecordsChange, recordName } from "../../changes/index.ts";
import type { Step } from "../../changes/step.ts";
import { outsideChecks } from "../../checks/outside/index.ts";
import { recordsPropagated } from "../../checks/records.ts";
import { blank } from "../../core/blank.ts";
import type { Conflict } from "../../core/change.ts";
import { type Check, fail } from "../../core/check.ts";
import { markerName, markerValue, ownerWords, recordOwner } from "../../dns/ownership.ts";
import { type Expectation, everywhere, rememberServers } from "../../dns/propagation.ts";
import { PUBLISHED } from "../../dns/published.ts";
import { setsAround, shadowsOf } from "../../dns/shadows.ts";
import { findAddress } from "../../ingress/address.ts";
import { HOME } from "../../kube/home.ts";
import { managerFor } from "../../kube/inventory.ts";
import { STATE } from "../../kube/prior.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { ADDRESS_TYPES } from "../../ports/dns.ts";
import { readerOf } from "../../ports/reader.ts";
import { absolute, type RecordSet, type RecordSetChange, relativeTo, sameContent } from "../../ports/zones.ts";
import type { Installation } from "../installation.ts";
import { part as partOf } from "../part.ts";
import { next } from "./next.ts";
import { options } from "./options.ts";
import type { Publication } from "./publication.ts";
import { addressSets, difference, TTL } from "./record-sets.ts";
import { status } from "./status.ts";
import { clusterUid, leaveByHand, leftovers, publishedBefore, publishedText, withdrawal } from "./withdrawal.ts";

const MANAGER = managerFor("records");

/** Publishes the names, with a mark of ownership in the same batch (rules 18, 19). */
const records = (install: Installation, dns: NonNullable<Installation["dns"]>): Step<"records", "address"> => {
  const { publication, resolver } = dns;
  const { domain, published } = publication.naming;
  const { config, ingress } = install;
  const where = `${publication.provider.byHand ? "" : "at "}${publication.provider.title}`;
  const answer: Check = {
    id: "dns.propagated",
    title: "Every name server answers with the gateway's address",
    pollMs: 500,
    run: async (ctx, memory) => {
      const address = await findAddress(readerOf(ctx.cluster), config, ingress);
      if (!address) return fail("the gateway has no address any more", { text: "Run install again." });
      const sets = await Promise.all(published.map((name) => addressSets(name, address, publication.provider)));
      const expectations = sets.flat().map(
        ({ name, type, values }): Expectation => ({
          name,
          type,
          values,
          match: values.length === 0 ? "any" : "exact",
        }),
      );
      return everywhere(resolver, publication.zone.name, expectations, {
        signal: ctx.signal,
        onSlow: ctx.onSlow,
        serversOf: rememberServers(resolver, memory),
      });
    },
  };
  return {
    id: "records",
    title: `Publish the records ${where}`,
    undo: `Remove the records ${where}`,
    needs: ["address"],
    plan: async (ctx) => {
      for (const note of publication.notes) ctx.note(note);
      const address = await findAddress(ctx.live, config, ingress);
      await Promise.all([...published, markerName(domain)].map(publication.places.record));
      const names = published.map((name) => relativeTo(publication.zone, name));
      const wanted = await Promise.all(
        names.map(async (name) => ({ name, sets: await addressSets(name, address, publication.provider) })),
      );
      const before = await publishedBefore(ctx, publication);
      // Another zone has the domain now: what was written to the old one goes from there.
      const isMoved = before.zone.id !== publication.zone.id;
      const left = isMoved ? await withdrawal(ctx, publication, domain) : [];
      const planned = await planRecords(ctx, publication, domain, wanted, isMoved ? [] : before.sets);
      const state = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: HOME, name: STATE.name },
        data: { [PUBLISHED]: address ? publishedText(publication, planned.ours) : blank("what is published") },
      };
      return [
        ...left,
        ...planned.changes,
        ...(await ctx.reconcile([state], { manager: MANAGER, partial: true, afterVerify: true })),
      ];
    },
    absent: async (ctx) => [
      ...(publication.provider.byHand
        ? await leaveByHand(ctx, publication, published)
        : await withdrawal(ctx, publication, domain)),
      ...(await leftovers(ctx, publication)),
    ],
    verify: [answer],
  };
};

interface Wanted {
  readonly name: string;
  readonly sets: readonly RecordSet[];
}

/**
 * One batch for all names and the mark, and for what an earlier choice of names has left. `ours`: what will be there because of us.
 * `earlier`: what was published before.
 */
const planRecords = async (
  ctx: PlanContext,
  publication: Publication,
  domain: string,
  wanted: readonly Wanted[],
  earlier: readonly RecordSet[],
): Promise<{ readonly changes: readonly Change[]; readonly ours: readonly RecordSet[] }> => {
  const { provider, zone, zones } = publication;
  const uid = await clusterUid(ctx);
  const base = relativeTo(zone, domain);
  const marker: RecordSet = { name: markerName(base), type: "TXT", ttl: TTL, values: [markerValue(uid)] };
  const names = new Set(wanted.map(({ name }) => name));
  const [markers, stale, ...found] = await Promise.all([
    provider.byHand ? [] : zones.get(zone, marker.name, "TXT"),
    staleOf(publication, earlier, names, marker),
    ...wanted.map(async ({ name }) =>
      (await Promise.all(ADDRESS_TYPES.map((type) => zones.get(zone, name, type)))).flat(),
    ),
  ]);
  const isOurs = markers.some(({ values }) => values.includes(markerValue(uid)));
  const differences = wanted.map(({ sets }, index) => difference(sets, found[index] ?? []));
  // What stands there already without our mark is somebody's who wants the same: it stays theirs.
  const ours = wanted.flatMap((one, index) => (isOurs || differences[index]?.length ? one.sets : []));
  if (ours.length === 0) ctx.note(`The records of ${domain} are there already, and stay whose they are.`);
  const needsMark = !provider.byHand && !isOurs && ours.length > 0;
  const sets: readonly RecordSetChange[] = [
    ...differences.flat(),
    ...(needsMark ? [markers[0] ? { from: markers[0], to: marker } : { to: marker }] : []),
    ...stale.map((from) => ({ from })),
  ];
  if (sets.length === 0) return { changes: [], ours };
  const known = await setsAround(
    { zone, zones },
    wanted.map(({ name }) => name),
  );
  // The mark speaks of the domain's own wildcard; of names below it only if we have published them.
  const mine = new Set(
    isOurs ? [...earlier.map(({ name }) => name), marker.name, `*.${base}`.replace(/\.@$/, "")] : [],
  );
  const taken = sets.flatMap(({ from, to }) =>
    provider.byHand || !from || stale.includes(from) || mine.has(from.name) ? [] : [{ from, to }],
  );
  const change: RecordsChange = {
    kind: "records",
    action: sets.every(({ from }) => !from) ? "create" : "update",
    zone,
    sets,
    conflicts: taken.map(
      ({ from, to }): Conflict => ({
        path: recordName(zone, { from }),
        // A wildcard's own mark is that of its parent.
        owner: ownerWords(recordOwner(known, from.name, uid)),
        from: from.values.join(", "),
        to: to?.values.join(", "),
      }),
    ),
    shadows: shadowsOf(
      zone,
      known,
      differences.flat().flatMap(({ to }) => (to ? [absolute(zone, to.name)] : [])),
    ).map(({ text }) => text),
  };
  return { changes: [change], ours };
};

/** What we published under names that are not wanted any more and nobody has changed since; another domain's mark goes with it. */
const staleOf = async (
  { zone, zones }: Publication,
  earlier: readonly RecordSet[],
  names: ReadonlySet<string>,
  marker: RecordSet,
): Promise<readonly RecordSet[]> => {
  const gone = earlier.filter(({ name }) => !names.has(name));
  // The domain's own wildcard is always among what is published.
  const [own] = [...earlier].sort((a, b) => a.name.length - b.name.length);
  if (!own || gone.length === 0) return [];
  const mark = markerName(own.name);
  const [marks, ...found] = await Promise.all([
    zones.get(zone, mark, "TXT"),
    ...gone.map(({ name, type }) => zones.get(zone, name, type)),
  ]);
  const mine = marks.filter(({ values }) => values.includes(marker.values[0] ?? ""));
  if (mine.length === 0) return [];
  return [
    ...found.flatMap((sets, index) => sets.filter((set) => sameContent(set, gone[index]))),
    ...(mark === marker.name ? [] : mine),
  ];
};

export const part = partOf({
  id: "records",
  options,
  next,
  status,
  steps: (install) => (install.dns ? [records(install, install.dns)] : []),
  checks: [...outsideChecks, recordsPropagated],
});
