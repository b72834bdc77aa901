import { afterAll, beforeAll, describe, expect, it as test } from "vitest";
import type { Route53Set } from "../../src/dns/route53/record-sets.ts";
import type { RecordType } from "../../src/ports/dns.ts";
import {
  absolute,
  type RecordSet,
  type RecordSetChange,
  sameSet,
  type Zone,
  ZoneMoved,
  type ZonesWrite,
} from "../../src/ports/zones.ts";
import { BALANCER, KINDS } from "./record-kinds.ts";

/** A provider before a zone of its own, in which nothing is but SOA and NS. Every test uses names of its own in it. */
export interface ZonesFixture {
  readonly zones: ZonesWrite;
  readonly zone: Zone;
  /** Other zones that {@link ZonesWrite.find} must return for a name in `zone`: its twins and those above it. */
  readonly others: readonly Zone[];
  /** Somebody else's write, past the provider. Resolves when every server has it. */
  readonly tamper: (change: RecordSetChange) => Promise<void>;
  /** What each server of the zone answers, values as ResourceRecord.value has them; `name` is absolute. */
  readonly lookup: (name: string, type: RecordType) => Promise<readonly (readonly string[])[]>;
  readonly close: () => Promise<void>;
}

export interface ZonesContract {
  readonly open: () => Promise<ZonesFixture>;
  /** Several record sets of one name and type, alias records: Route 53. */
  readonly routing: boolean;
  readonly alias: boolean;
  /** False: the provider does not tell what there is below a name. */
  readonly lists: boolean;
  /**
   * Tests that fail because this server is no true one, by their titles, and how it differs. They are expected to fail: whoever mends the
   * server is told.
   */
  readonly untrue?: Readonly<Record<string, string>>;
}

const sorted = (values: readonly string[]): readonly string[] => [...values].sort();

/** What callers of {@link ZonesWrite} rely on, whoever keeps the zone. */
export const zonesContract = (title: string, { open, routing, alias, lists, untrue = {} }: ZonesContract): void => {
  describe(title, () => {
    const it = Object.assign(
      (name: string, run: () => Promise<void>): void => {
        const why = untrue[name];
        if (why !== undefined) process.stderr.write(`expected to fail: ${name}: ${why}\n`);
        if (why === undefined) test(name, run);
        else test.fails(name, run);
      },
      { each: test.each.bind(test), runIf: (is: boolean) => (is ? it : test.skip) },
    );
    let fixture: ZonesFixture;
    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(async () => {
      await fixture?.close();
    });

    const change = (...changes: RecordSetChange[]): Promise<void> => fixture.zones.change(fixture.zone, changes);
    const get = (name: string, type: RecordType): Promise<readonly RecordSet[]> =>
      fixture.zones.get(fixture.zone, name, type);
    const record = (name: string, value: string, ttl = 60): RecordSet => ({ name, type: "A", ttl, values: [value] });
    const expectSets = (actual: readonly RecordSet[] | undefined, wanted: readonly RecordSet[]): void => {
      const differing = wanted.filter((set) => !actual?.some((other) => sameSet(set, other)));
      expect({ differing, count: actual?.length }, JSON.stringify(actual)).toEqual({
        differing: [],
        count: wanted.length,
      });
    };
    const expectAnswers = async (name: string, type: RecordType, values: readonly string[]): Promise<void> => {
      const answers = await fixture.lookup(absolute(fixture.zone, name), type);
      expect(answers.length).toBeGreaterThan(0);
      for (const answer of answers) expect(sorted(answer)).toEqual(sorted(values));
    };

    it("tries whether records may be written, of names that are there and that are not, and changes nothing", async () => {
      const there: RecordSet = { name: "rehearsed", type: "TXT", ttl: 60, values: ["theirs"] };
      await change({ to: there });
      const serials = (): Promise<readonly (readonly string[])[]> => fixture.lookup(fixture.zone.name, "SOA");
      const before = await serials();
      const places = ["rehearsed", "rehearsed.nowhere", "*.rehearsed"].flatMap((name) =>
        (["TXT", "A", "AAAA", "CNAME"] as const).map((type) => ({ name, type })),
      );
      expect(await fixture.zones.rehearse(fixture.zone, places)).toMatch(/^by /);
      expect(await serials()).toEqual(before);
      expectSets(await get("rehearsed", "TXT"), [there]);
      for (const { name, type } of places.slice(1)) expect(await get(name, type)).toEqual([]);
      await change({ from: there });
    });

    it("takes values away and leaves others, be they there or not", async () => {
      const set: RecordSet = { name: "withdrawn", type: "TXT", ttl: 60, values: ["ours", "theirs", "ours too"] };
      await change({ to: set });
      const ours = ["ours", "ours too"].map((value) => ({ ...set, ttl: 1, values: [value] }));
      const twice = [...ours, { ...set, name: "withdrawn.nowhere", values: ["ours"] }];
      for (const gone of [twice, twice]) await fixture.zones.withdraw(fixture.zone, gone);
      expectSets(await get("withdrawn", "TXT"), [{ ...set, values: ["theirs"] }]);
      await fixture.zones.withdraw(fixture.zone, [{ ...set, values: ["theirs"] }]);
      expectSets(await get("withdrawn", "TXT"), []);
    });

    it("finds the zone of a name below it, of its own name, and everything above and beside it", async () => {
      const { zone, others, zones } = fixture;
      for (const domain of [`a.b.${zone.name}`, zone.name, `A.${zone.name.toUpperCase()}.`]) {
        const found = await zones.find(domain);
        const ids = [zone, ...others].map(({ id }) => id);
        expect(sorted(found.map(({ id }) => id))).toEqual(sorted(ids));
        expect(found.map(({ name }) => name.length)).toEqual(
          found.map(({ name }) => name.length).sort((a, b) => b - a),
        );
        const same = found.find(({ id }) => id === zone.id);
        expect({ ...same, nameServers: sorted(same?.nameServers ?? []) }).toEqual({
          ...zone,
          nameServers: sorted(zone.nameServers),
        });
      }
    });

    it("finds nothing for a name that only ends alike, nor for a name elsewhere", async () => {
      const { zone, others, zones } = fixture;
      const above = others.filter(({ name }) => name !== zone.name).map(({ id }) => id);
      expect(sorted((await zones.find(`not${zone.name}`)).map(({ id }) => id))).toEqual(sorted(above));
      expect(await zones.find("elsewhere.invalid")).toEqual([]);
    });

    it("reads what is not there as nothing", async () => {
      expect(await get("absent", "A")).toEqual([]);
      expect(await get("*.absent", "TXT")).toEqual([]);
    });

    it.each(KINDS)("creates, reads back and deletes %s", async (_, set) => {
      await change({ to: set });
      expectSets(await get(set.name, set.type), [set]);
      await expectAnswers(set.name.replace("*", "anything"), set.type, set.values);
      await change({ from: set });
      expect(await get(set.name, set.type)).toEqual([]);
      await expectAnswers(set.name, set.type, []);
    });

    it("reads a wildcard itself and not what it answers for", async () => {
      const set = record("*.readwild", "192.0.2.1");
      await change({ to: set });
      expect(await get("x.readwild", "A")).toEqual([]);
      expectSets(await get("*.readwild", "A"), [set]);
    });

    it("replaces exactly: values and ttl", async () => {
      const before = record("replace", "192.0.2.1", 300);
      const after = { ...record("replace", "192.0.2.2", 30), values: ["192.0.2.2", "192.0.2.3"] };
      await change({ to: before });
      await change({ from: before, to: after });
      expectSets(await get("replace", "A"), [after]);
      await expectAnswers("replace", "A", after.values);
    });

    it("does not mind the order of values", async () => {
      const set: RecordSet = { name: "order", type: "TXT", ttl: 60, values: ["b", "a", "c"] };
      await change({ to: set });
      await change({ from: { ...set, values: ["c", "b", "a"] } });
      expect(await get("order", "TXT")).toEqual([]);
    });

    it("adds a value and takes it away, keeping other people's", async () => {
      const theirs: RecordSet = { name: "_acme-challenge.shared", type: "TXT", ttl: 60, values: ["theirs"] };
      const both: RecordSet = { ...theirs, values: ["theirs", "ours"] };
      await fixture.tamper({ to: theirs });
      await change({ from: theirs, to: both });
      await expectAnswers(theirs.name, "TXT", both.values);
      await change({ from: both, to: theirs });
      expectSets(await get(theirs.name, "TXT"), [theirs]);
    });

    it("writes several names and types in one batch, and one name's A for its CNAME", async () => {
      const a = record("batch", "192.0.2.1");
      const txt: RecordSet = { name: "batch", type: "TXT", ttl: 60, values: ["x"] };
      const wild = record("*.batch", "192.0.2.1");
      await change({ to: a }, { to: txt }, { to: wild });
      const cname: RecordSet = { name: "batch", type: "CNAME", ttl: 60, values: ["lb-2.example.net"] };
      await change({ from: a }, { from: txt }, { to: cname });
      expect(await get("batch", "A")).toEqual([]);
      expectSets(await get("batch", "CNAME"), [cname]);
      expectSets(await get("*.batch", "A"), [wild]);
    });

    describe("somebody else was quicker", () => {
      const moved = async (...changes: RecordSetChange[]): Promise<void> => {
        const error = await change(...changes).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(ZoneMoved);
      };

      it("refuses to create what is there, and writes nothing of the batch", async () => {
        const theirs = record("raced-create", "192.0.2.66");
        await fixture.tamper({ to: theirs });
        await moved({ to: record("raced-create-other", "192.0.2.1") }, { to: record("raced-create", "192.0.2.1") });
        expectSets(await get("raced-create", "A"), [theirs]);
        expect(await get("raced-create-other", "A")).toEqual([]);
        await expectAnswers("raced-create-other", "A", []);
      });

      it("refuses to create even the same set again", async () => {
        const set = record("raced-same", "192.0.2.1");
        await change({ to: set });
        await moved({ to: set });
      });

      it("refuses to replace other values than it was told of, and writes nothing of the batch", async () => {
        const ours = record("raced-replace", "192.0.2.1");
        const theirs = record("raced-replace", "192.0.2.66");
        await change({ to: ours });
        await fixture.tamper({ from: ours, to: theirs });
        await moved(
          { to: record("raced-replace-other", "192.0.2.1") },
          { from: ours, to: record("raced-replace", "192.0.2.2") },
        );
        expectSets(await get("raced-replace", "A"), [theirs]);
        expect(await get("raced-replace-other", "A")).toEqual([]);
      });

      it("refuses to delete a set that has one value more", async () => {
        const ours: RecordSet = { name: "raced-more", type: "TXT", ttl: 60, values: ["ours"] };
        const both: RecordSet = { ...ours, values: ["ours", "theirs"] };
        await change({ to: ours });
        await fixture.tamper({ from: ours, to: both });
        await moved({ from: ours });
        expectSets(await get("raced-more", "TXT"), [both]);
      });

      it("refuses when only the ttl is another", async () => {
        const ours = record("raced-ttl", "192.0.2.1", 60);
        await change({ to: ours });
        await fixture.tamper({ from: ours, to: { ...ours, ttl: 900 } });
        await moved({ from: ours });
        expectSets(await get("raced-ttl", "A"), [{ ...ours, ttl: 900 }]);
      });

      it("refuses to delete or replace what is gone", async () => {
        const ours = record("raced-gone", "192.0.2.1");
        await change({ to: ours });
        await fixture.tamper({ from: ours });
        await moved({ from: ours });
        await moved({ from: ours, to: record("raced-gone", "192.0.2.2") });
        expect(await get("raced-gone", "A")).toEqual([]);
      });
    });

    it("takes names in any case and targets with a trailing dot, and reads both normalised", async () => {
      await change({ to: { name: "*.UPPER", type: "CNAME", ttl: 60, values: ["LB-3.Example.NET."] } });
      const read: RecordSet = { name: "*.upper", type: "CNAME", ttl: 60, values: ["lb-3.example.net"] };
      expectSets(await get("*.Upper", "CNAME"), [read]);
      await change({ from: read });
      expect(await get("*.upper", "CNAME")).toEqual([]);
    });

    it("deletes what somebody else wrote in another case", async () => {
      await fixture.tamper({ to: { name: "foreign-case", type: "CNAME", ttl: 60, values: ["LB-4.Example.NET"] } });
      const read = await get("foreign-case", "CNAME");
      expect(read.map(({ values }) => values)).toEqual([["lb-4.example.net"]]);
      await change(...read.map((from) => ({ from })));
      expect(await get("foreign-case", "CNAME")).toEqual([]);
    });

    it.runIf(lists)("lists what is at and below a name, and nothing that only ends alike", async () => {
      const sets = [
        record("list", "192.0.2.1"),
        record("*.list", "192.0.2.1"),
        record("b.a.list", "192.0.2.1"),
        { name: "_acme-challenge.list", type: "TXT", ttl: 60, values: ["x"] } satisfies RecordSet,
      ];
      await change(...[...sets, record("notlist", "192.0.2.1"), record("zlist", "192.0.2.1")].map((to) => ({ to })));
      expectSets(await fixture.zones.list(fixture.zone, "list"), sets);
      const all = (await fixture.zones.list(fixture.zone, "@")) ?? [];
      expect(all.filter(({ name }) => name === "notlist" || name === "list").length).toBe(2);
      expect(all.filter(({ name, type }) => name === "@" && (type === "SOA" || type === "NS")).length).toBe(2);
      expect(await fixture.zones.list(fixture.zone, "nothing.here")).toEqual([]);
    });

    it.runIf(!lists)("says that it cannot tell what is below a name", async () => {
      expect(await fixture.zones.list(fixture.zone, "@")).toBeUndefined();
    });

    it("carries out two changes at once, both of them", async () => {
      const names = ["at-once-1", "at-once-2", "at-once-3"];
      await Promise.all(names.map((name) => change({ to: record(name, "192.0.2.1") })));
      for (const name of names) await expectAnswers(name, "A", ["192.0.2.1"]);
    });

    it("has nothing to do for no changes", async () => {
      await change();
    });

    it("stops for the signal and says why", async () => {
      const reason = new Error("enough");
      const changes = [{ to: record("stopped", "192.0.2.1") }];
      await expect(fixture.zones.change(fixture.zone, changes, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await get("stopped", "A")).toEqual([]);
    });

    it.runIf(routing)("reads every set of a routing policy, and writes one beside the others", async () => {
      const set = (id: string, values: readonly string[]): Route53Set => ({
        name: "_acme-challenge.routing",
        type: "TXT",
        ttl: 60,
        values,
        routing: { policy: "multivalue", id },
      });
      const theirs = set("theirs", ["theirs"]);
      const ours = set("ours", ["ours"]);
      await fixture.tamper({ to: theirs });
      await change({ to: ours });
      expectSets(await get(ours.name, "TXT"), [theirs, ours]);
      await expectAnswers(ours.name, "TXT", ["theirs", "ours"]);
      await change({ from: ours, to: set("ours", ["newer"]) });
      await change({ from: set("ours", ["newer"]) });
      expectSets(await get(ours.name, "TXT"), [theirs]);
    });

    it.runIf(alias)("creates, replaces and deletes an alias", async () => {
      const { address, ...target } = BALANCER;
      const set: Route53Set = { name: "*.alias", type: "A", values: [], alias: target };
      await change({ to: set });
      expectSets(await get("*.alias", "A"), [set]);
      await expectAnswers("any.alias", "A", [address]);
      await change({ from: set, to: record("*.alias", "192.0.2.5") });
      await expectAnswers("any.alias", "A", ["192.0.2.5"]);
      await change({ from: record("*.alias", "192.0.2.5"), to: set });
      await change({ from: set });
      expect(await get("*.alias", "A")).toEqual([]);
    });
  });
};
