import { describe, expect, it } from "vitest";
import { zoneRecords } from "../../src/certificates/acme/index.ts";
import type { ChallengeRecords, TxtRecord } from "../../src/certificates/acme/types.ts";
import type { Route53Set } from "../../src/dns/route53/record-sets.ts";
import { UserError } from "../../src/ports/error.ts";
import { type RecordSet, ZoneHidden } from "../../src/ports/zones.ts";
import { patient } from "../patience.ts";
import { memoryZones, ZONE } from "./acme-scene.ts";

const set = (values: readonly string[], more: Partial<Route53Set> = {}): RecordSet => ({
  name: "_acme-challenge",
  type: "TXT",
  ttl: 60,
  values,
  ...more,
});
const multivalue = (value: string, id = value): RecordSet => set([value], { routing: { policy: "multivalue", id } });
const record = (value: string, name = "_acme-challenge.example.com"): TxtRecord => ({ zone: ZONE, name, value });
const signal = AbortSignal.timeout(patient(10_000));

const withSets = (...sets: readonly RecordSet[]) => {
  const zones = memoryZones();
  zones.sets.push(...sets);
  const records: ChallengeRecords = zoneRecords({ access: zones });
  return { zones, records };
};

describe("the TXT values of challenges", () => {
  it("join other people's and leave them as they were", async () => {
    const { zones, records } = withSets(set(["theirs"], { ttl: 300 }));
    const ours = [record("a"), record("b")];
    await records.change({ add: ours, drop: [] }, signal);
    expect(zones.sets).toEqual([set(["theirs", "a", "b"], { ttl: 300 })]);
    await records.change({ add: [], drop: ours }, signal);
    expect(zones.sets).toEqual([set(["theirs"], { ttl: 300 })]);
  });

  it("cost no request when they are there, or gone, already", async () => {
    const { zones, records } = withSets(set(["a"]));
    await records.change(
      { add: [record("a")], drop: [record("b"), record("c", "_acme-challenge.x.example.com")] },
      signal,
    );
    expect(zones.batches).toEqual([]);
  });

  it("change places in one batch, over all names of the zone", async () => {
    const { zones, records } = withSets(set(["old"]));
    await records.change(
      { add: [record("new"), record("x", "_acme-challenge.x.example.com")], drop: [record("old")] },
      signal,
    );
    expect(zones.batches).toHaveLength(1);
    expect(zones.sets).toEqual([set(["new"]), set(["x"], { name: "_acme-challenge.x" })]);
  });

  it("are written again when somebody else was quicker, a few times", async () => {
    const { zones, records } = withSets();
    let rivals = 3;
    zones.before = () => {
      if (rivals === 0) return;
      rivals -= 1;
      zones.sets.splice(0, 1, set([...(zones.sets[0]?.values ?? []), `rival ${rivals}`]));
    };
    await records.change({ add: [record("a")], drop: [] }, signal);
    expect(zones.sets).toEqual([set(["rival 2", "rival 1", "rival 0", "a"])]);
    rivals = Number.POSITIVE_INFINITY;
    await expect(records.change({ add: [record("b")], drop: [] }, signal)).rejects.toMatchObject({ name: "ZoneMoved" });
  });

  it("stand beside multivalue sets as sets of their own, and only those go", async () => {
    const { zones, records } = withSets(multivalue("theirs"));
    const ours = [record("a"), record("b")];
    await records.change({ add: ours, drop: [] }, signal);
    expect(zones.sets).toEqual([
      multivalue("theirs"),
      multivalue("a", "kn-bootstrap-a"),
      multivalue("b", "kn-bootstrap-b"),
    ]);
    await records.change({ add: [], drop: ours }, signal);
    expect(zones.sets).toEqual([multivalue("theirs")]);
  });

  it("are refused beside any other routing", async () => {
    const { zones, records } = withSets(set(["theirs"], { routing: { policy: "weighted", id: "blue" } }));
    await expect(records.change({ add: [record("a")], drop: [] }, signal)).rejects.toMatchObject({
      id: "acme.challenge-routing",
    });
    expect(zones.batches).toEqual([]);
  });

  it("of an earlier order, in a zone that is out of reach now, keep no new ones from being written", async () => {
    const zones = memoryZones();
    const lost = { ...ZONE, id: "Z2", name: "example.net" };
    const refusal = new UserError({ id: "dns.denied", what: "AWS does not allow it.", remedy: "ask", kind: "input" });
    const records = zoneRecords({
      access: {
        ...zones,
        get: (zone, ...rest) => (zone.id === lost.id ? Promise.reject(refusal) : zones.get(zone, ...rest)),
        withdraw: () => Promise.reject(refusal),
      },
    });
    const old: TxtRecord = { zone: lost, name: "x.example.net", value: "old" };
    await records.change({ add: [record("new")], drop: [old] }, signal);
    expect(zones.sets).toEqual([set(["new"])]);
    await expect(records.change({ add: [], drop: [old] }, signal)).rejects.toBe(refusal);
  });

  it("are taken away first where they stand unseen, once; what is somebody's is told", async () => {
    const zones = memoryZones();
    const withdrawn: (readonly RecordSet[])[] = [];
    let hidden = ["a"];
    const unseen = new ZoneHidden({ id: "rfc2136.hidden", what: "It stands there.", remedy: "look", kind: "failed" });
    const records = zoneRecords({
      access: {
        ...zones,
        change: (...change) => (hidden.length > 0 ? Promise.reject(unseen) : zones.change(...change)),
        withdraw: async (_zone, sets) => {
          withdrawn.push(sets);
          const values = sets.flatMap((one) => one.values);
          hidden = hidden.filter((value) => !values.includes(value));
        },
      },
    });
    await records.change({ add: [record("a")], drop: [] }, signal);
    expect(zones.sets).toEqual([set(["a"])]);
    expect(withdrawn).toHaveLength(1);
    hidden = ["somebody's"];
    await expect(records.change({ add: [record("b")], drop: [] }, signal)).rejects.toBe(unseen);
    expect(withdrawn).toHaveLength(2);
  });

  it("come with what must stand beside them, in the same batch, and that goes with the last value", async () => {
    const zones = memoryZones();
    const beside: RecordSet = { name: "*.apps", type: "CNAME", ttl: 60, values: ["lb.example.net"] };
    const records = zoneRecords({
      access: zones,
      companions: async (_zone, names) => (names.includes("_acme-challenge.apps") ? [beside] : []),
    });
    const ours = [record("a", "_acme-challenge.apps.example.com")];
    const copies = await records.copiesFor(ours);
    expect(copies).toEqual([{ zone: ZONE, set: beside }]);
    await records.change({ add: ours, drop: [], copies }, signal);
    expect(zones.batches).toHaveLength(1);
    expect(zones.sets).toContainEqual(beside);
    expect(await records.copiesFor(ours)).toEqual([]);
    const theirs = [record("theirs", "_acme-challenge.apps.example.com")];
    await records.change({ add: theirs, drop: [] }, signal);
    await records.change({ add: [], drop: ours, copies }, signal);
    expect(zones.sets).toContainEqual(beside);
    await records.change({ add: [], drop: theirs, copies }, signal);
    expect(zones.sets).toEqual([]);
  });

  it("leave a copy that somebody has changed since", async () => {
    const zones = memoryZones();
    const beside: RecordSet = { name: "*.apps", type: "A", ttl: 60, values: ["192.0.2.1"] };
    const changed = { ...beside, values: ["192.0.2.2"] };
    const records = zoneRecords({ access: zones });
    const ours = [record("a", "_acme-challenge.apps.example.com")];
    await records.change({ add: ours, drop: [], copies: [{ zone: ZONE, set: beside }] }, signal);
    await zones.change(ZONE, [{ from: beside, to: changed }]);
    await records.change({ add: [], drop: ours, copies: [{ zone: ZONE, set: beside }] }, signal);
    expect(zones.sets).toEqual([changed]);
  });
});
