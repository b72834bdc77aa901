import { describe, expect, it } from "vitest";
import { challenge } from "../../src/changes/challenge.ts";
import { challengesIn } from "../../src/changes/challenges.ts";
import type { ChallengeChange } from "../../src/changes/index.ts";
import type { RecordSet, Zone, ZonesWrite } from "../../src/ports/zones.ts";
import { plannedChallenges } from "../../src/steps/gateway-certificate/challenges.ts";
import type { Publication } from "../../src/steps/records/publication.ts";

const ZONE: Zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: [] };
const OTHER: Zone = { id: "Z2", name: "example.net", isPrivate: false, nameServers: [] };
const NAME = "_acme-challenge.apps";
const txt = (name: string, ...values: readonly string[]): RecordSet => ({ name, type: "TXT", ttl: 60, values });

/** Notes what is written; `broken` lets every removal fail. */
const noting = (broken = { is: false }) => {
  const written: string[] = [];
  const zones: ZonesWrite = {
    find: async () => [ZONE],
    get: async () => [],
    list: async () => [],
    rehearse: async () => undefined,
    change: async (_zone, changes) => {
      if (broken.is) throw new Error("out of order");
      written.push(...changes.map(({ to }) => `${to?.name} ${to?.values.join()}`));
    },
    withdraw: async (_zone, sets) => {
      written.push(...sets.map(({ name, values }) => `${name} without ${values.join()}`));
    },
  };
  return { zones, written, broken };
};

describe("orders of a run", () => {
  it("write TXT values at the names that were agreed on, and nothing else", async () => {
    const { zones, written } = noting();
    const challenges = challengesIn(zones);
    const change = (zone: Zone, to: RecordSet, from?: RecordSet) =>
      challenges.zones?.change(zone, [{ to, ...(from ? { from } : {}) }]);
    const refusal = { id: "run.unagreed", kind: "failed" };
    await expect(change(ZONE, txt(NAME, "a"))).rejects.toMatchObject(refusal);
    challenges.allow(ZONE, [NAME], []);
    await change(ZONE, txt(NAME, "a"));
    await expect(change(OTHER, txt(NAME, "a"))).rejects.toMatchObject(refusal);
    await expect(change(ZONE, txt("apps", "a"))).rejects.toMatchObject(refusal);
    await expect(change(ZONE, { ...txt(NAME, "192.0.2.1"), type: "A" })).rejects.toMatchObject({
      ...refusal,
      message:
        "The DNS changed after the plan was shown: _acme-challenge.apps.example.com A would have to be written too.",
    });
    // What an earlier order left elsewhere may go.
    await change(OTHER, txt("old", "theirs"), txt("old", "theirs", "ours"));
    expect(written).toEqual([`${NAME} a`, "old theirs"]);
  });

  it("leave nothing behind at the end, whatever came of them", async () => {
    const { zones, written, broken } = noting();
    const challenges = challengesIn(zones);
    challenges.allow(ZONE, [NAME], []);
    await challenges.zones?.change(ZONE, [{ from: txt(NAME, "theirs"), to: txt(NAME, "theirs", "a", "b") }]);
    await challenges.zones?.change(ZONE, [{ from: txt(NAME, "theirs", "a", "b"), to: txt(NAME, "theirs", "b") }]);
    broken.is = true;
    await expect(challenges.zones?.change(ZONE, [{ to: txt(NAME, "lost") }])).rejects.toThrow("out of order");
    await challenges.clear(ZONE, [NAME], []);
    expect(written.slice(2)).toEqual([`${NAME} without b,lost`]);
    await challenges.clear(ZONE, [NAME, "other"], []);
  });

  it("leave what a person has to look at first", async () => {
    const { zones, written } = noting();
    const challenges = challengesIn(zones);
    challenges.allow(ZONE, [NAME], []);
    await challenges.zones?.change(ZONE, [{ to: txt(NAME, "a") }]);
    challenges.keep();
    await challenges.clear(ZONE, [NAME], []);
    expect(written).toEqual([`${NAME} a`]);
  });
});

it("orders of a run make the copies that were agreed on, take them away again, and touch no others", async () => {
  const copy: RecordSet = { name: "*.apps", type: "A", ttl: 300, values: ["192.0.2.1"] };
  const { zones, written } = noting();
  const challenges = challengesIn({
    ...zones,
    get: async (_zone, name, type) => (type === "A" && name === "*.apps" ? [{ ...copy, ttl: 60 }] : []),
  });
  challenges.allow(ZONE, [NAME], [copy]);
  const other = { ...copy, values: ["192.0.2.2"] };
  for (const change of [{ to: other }, { from: other }, { from: other, to: copy }])
    await expect(challenges.zones?.change(ZONE, [change])).rejects.toMatchObject({ id: "run.unagreed" });
  await expect(challenges.zones?.change(OTHER, [{ to: copy }])).rejects.toMatchObject({ id: "run.unagreed" });
  await challenges.zones?.change(ZONE, [{ to: txt(NAME, "a") }, { to: copy }]);
  await challenges.clear(ZONE, [NAME], [copy]);
  expect(written).toEqual([`${NAME} a`, "*.apps 192.0.2.1", `${NAME} without a`, "undefined undefined"]);
});

/** A zone of others in which a wildcard answers for what the challenge of `shop` lies below. */
const publication = (sets: readonly RecordSet[]): Publication =>
  ({
    zone: ZONE,
    zones: {
      ...noting().zones,
      list: async () => [],
      get: async (_zone: Zone, name: string, type: string) =>
        sets.filter((set) => set.name === name && set.type === type),
    },
    places: {
      challenge: async (name: string) =>
        name === "*.shop.example.com"
          ? { zone: OTHER, name: "shop.validation.example.net", note: "a CNAME" }
          : { zone: ZONE, name: `_acme-challenge.${name.slice(2)}` },
    },
  }) as unknown as Publication;

describe("challenges in a plan", () => {
  it("are one change for each zone, with each name, a blank for its value, and what has to be tried", async () => {
    const names = ["*.apps.example.com", "*.a.example.com", "*.a.example.com", "*.shop.example.com"];
    const planned = await plannedChallenges(names, publication([]), { alone: false });
    expect(planned.map(challenge.subject)).toEqual([
      "challenge records in zone example.com (Z1)",
      "challenge records in zone example.net (Z2)",
    ]);
    const [own] = planned as readonly [ChallengeChange];
    const value = "⟪known after apply: the value that the CA asks for⟫";
    expect(challenge.differences(own)).toEqual([
      { path: "_acme-challenge.apps.example.com TXT", to: value },
      { path: "_acme-challenge.a.example.com TXT", to: value },
    ]);
    expect(challenge.requires(own).records?.[0]?.sets.map(({ to }) => `${to?.name} ${to?.type}`)).toEqual([
      "_acme-challenge.apps TXT",
      "_acme-challenge.a TXT",
    ]);
    expect(challenge.covers(own, { ...own, names: own.names.slice(0, 1) })).toBe(true);
    expect(challenge.covers({ ...own, names: own.names.slice(0, 1) }, own)).toBe(false);
  });

  it("come with copies of another zone's wildcard that they would hide, for the time of the order", async () => {
    const wildcard: RecordSet = { name: "*", type: "A", ttl: 300, values: ["192.0.2.1"] };
    const places = publication([wildcard]);
    const copiesIn = async (names: readonly string[], options: Parameters<typeof plannedChallenges>[2]) =>
      (await plannedChallenges(names, places, options)).map(({ zone, copies }) => [
        zone.name,
        ...copies.map(({ name, type }) => `${name} ${type}`),
      ]);
    const both = ["*.apps.example.com", "*.shop.example.com"];
    expect(await copiesIn(both, { alone: false })).toEqual([
      ["example.com"],
      ["example.net", "*.shop.validation A", "validation A", "*.validation A"],
    ]);
    // A renewal publishes no wildcards, so what somebody has deleted meanwhile is not there.
    expect(await copiesIn(both.slice(0, 1), { alone: true })).toEqual([["example.com", "apps A", "*.apps A"]]);
    // What an order that was killed has left goes with this one's.
    const left = [{ zone: OTHER, set: { ...wildcard, name: "*.old" } }];
    expect(await copiesIn(both.slice(0, 1), { alone: false, left })).toEqual([
      ["example.net", "*.old A"],
      ["example.com"],
    ]);
    const [, other] = await plannedChallenges(both, places, { alone: false });
    expect(other && challenge.differences(other).map(({ path }) => path)).toEqual([
      "shop.validation.example.net TXT",
      "*.shop.validation.example.net A",
      "validation.example.net A",
      "*.validation.example.net A",
    ]);
    expect(other && challenge.covers({ ...other, copies: [] }, other)).toBe(false);
  });
});
