import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Route53Set } from "../../src/dns/route53/record-sets.ts";
import { companionsOf, setsAround, shadowsOf } from "../../src/dns/shadows.ts";
import { absolute, type RecordSet, type Zone, type ZonesRead } from "../../src/ports/zones.ts";
import { lookup } from "../../src/sandbox/dns/lookup.ts";
import { createVersions } from "../../src/sandbox/dns/zone.ts";

const zone: Zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: [] };
const a = (name: string, ...values: readonly string[]): RecordSet => ({ name, type: "A", ttl: 300, values });
const WILDCARD = a("*", "203.0.113.1");

describe("a new wildcard below another", () => {
  it("takes over the names below it, and leaves the name above it without an answer", () => {
    expect(shadowsOf(zone, [WILDCARD], ["*.apps.example.com"])).toEqual([
      {
        wildcard: "*.example.com",
        name: "apps.example.com",
        by: ["*.apps.example.com"],
        instead: "*.apps.example.com",
        text:
          "*.apps.example.com: *.apps.example.com answers for names below apps.example.com from now on, no longer " +
          "*.example.com; apps.example.com itself has no answer any more",
      },
    ]);
  });

  it("shadows nothing where the name above it exists already, or no wildcard is above", () => {
    expect(shadowsOf(zone, [WILDCARD, a("apps", "203.0.113.2")], ["*.apps.example.com"])).toEqual([]);
    expect(shadowsOf(zone, [WILDCARD, a("www.apps", "203.0.113.2")], ["*.apps.example.com"])).toEqual([]);
    expect(shadowsOf(zone, [a("www", "203.0.113.2")], ["*.apps.example.com"])).toEqual([]);
  });
});

describe("a challenge's TXT below a wildcard", () => {
  const challenge = "_acme-challenge.prod.example.com";

  it("would take the whole name off the net (RFC 4592), which is said", () => {
    const [shadow, ...more] = shadowsOf(zone, [WILDCARD], [challenge]);
    expect(more).toEqual([]);
    expect(shadow).toMatchObject({ name: "prod.example.com", wildcard: "*.example.com", by: [challenge] });
    expect(shadow).not.toHaveProperty("instead");
    expect(shadow?.text).toContain("they have no answer any more");
  });

  it("needs copies of the wildcard in its batch", () => {
    expect(companionsOf(zone, [WILDCARD], [challenge])).toEqual([
      { ...WILDCARD, name: "prod" },
      { ...WILDCARD, name: "*.prod" },
    ]);
  });

  it("needs them at every level that comes to be", () => {
    const deep = "_acme-challenge.a.b.example.com";
    const names = companionsOf(zone, [WILDCARD], [deep]).map(({ name }) => name);
    expect(names.sort()).toEqual(["*.a.b", "*.b", "a.b", "b"]);
  });

  it("needs none that the batch has already, none where the name exists, and none at the wildcard's own level", () => {
    const mine = "*.prod.example.com";
    expect(companionsOf(zone, [WILDCARD], [challenge, mine]).map(({ name }) => name)).toEqual(["prod"]);
    expect(companionsOf(zone, [WILDCARD, a("*.prod", "203.0.113.2")], [challenge])).toEqual([]);
    expect(companionsOf(zone, [WILDCARD], ["_acme-challenge.example.com"])).toEqual([]);
  });

  it("copies every type of the wildcard, aliases too", () => {
    const alias: Route53Set = { name: "*", type: "A", values: [], alias: { zone: "Z2", target: "lb.example.net" } };
    const text: RecordSet = { name: "*", type: "TXT", ttl: 60, values: ["hello"] };
    const companions = companionsOf(zone, [alias, text], [challenge]);
    expect(companions.filter(({ name }) => name === "*.prod")).toEqual([
      { ...alias, name: "*.prod" },
      { ...text, name: "*.prod" },
    ]);
  });
});

describe("any zone and any batch", () => {
  const label = fc.constantFrom("a", "b");
  const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
  const owner = fc.oneof(
    host,
    host.map((name) => `*.${name}`),
    host.map((name) => `_t.${name}`),
    fc.constant("*"),
  );
  const owners = fc.uniqueArray(owner, { maxLength: 5 });
  /** Everything that somebody may ask: existing and unknown labels, three levels deep and one below that. */
  const questions = ["a", "b", "x"].flatMap((one) => [
    one,
    ...["a", "b", "x"].flatMap((two) => [
      `${two}.${one}`,
      ...["a", "b", "x"].flatMap((three) => [`${three}.${two}.${one}`, `x.${three}.${two}.${one}`]),
    ]),
  ]);
  const soa = { name: zone.name, type: "SOA", ttl: 60, values: ["ns.example.com host.example.com 1 2 3 4 5"] };
  const answersOf = (sets: readonly RecordSet[]): ReadonlyMap<string, string> => {
    const absoluteSets = sets.map((set) => ({
      name: absolute(zone, set.name),
      type: set.type,
      ttl: 1,
      values: set.values,
    }));
    const content = createVersions(zone.name, [soa, ...absoluteSets], () => 0).seenBy("any", 0);
    return new Map(
      questions.map((name) => {
        const found = lookup(content, zone.name, absolute(zone, name), "A", { hosts: new Map(), random: () => 0 });
        return [name, found.answers.map(({ value }) => value).join()];
      }),
    );
  };
  const numbered = (names: readonly string[], net: string): readonly RecordSet[] =>
    names.map((name, index) =>
      name.startsWith("_") ? { ...a(name, "x"), type: "TXT" } : a(name, `${net}.${index + 1}`),
    );

  it("loses no answer with its companions, and without them only what the shadows say", () => {
    fc.assert(
      fc.property(owners, owners, (existing, wanted) => {
        const before = numbered(existing, "192.0.2");
        const added = numbered(
          wanted.filter((name) => !existing.includes(name)),
          "198.51.100",
        );
        const names = added.map(({ name }) => absolute(zone, name));
        const old = answersOf(before);
        const bare = answersOf([...before, ...added]);
        const whole = answersOf([...before, ...added, ...companionsOf(zone, before, names)]);
        const shadows = shadowsOf(zone, before, names);
        for (const [name, answer] of old) {
          if (answer === "") continue;
          expect(whole.get(name), `${name} after the whole batch`).not.toBe("");
          if (bare.get(name) === answer || names.includes(absolute(zone, name))) continue;
          const isSaid = shadows.some((shadow) => `.${absolute(zone, name)}`.endsWith(`.${shadow.name}`));
          expect(isSaid, `${name} is lost and nobody says it`).toBe(true);
        }
      }),
      { numRuns: 150, seed: 4592 },
    );
  });
});

describe("what a provider shows of a zone", () => {
  const sets = [WILDCARD, a("*.apps", "203.0.113.2"), a("www.shop", "203.0.113.3"), a("other", "203.0.113.4")];
  const isBelow = (name: string, under: string): boolean => name === under || name.endsWith(`.${under}`);
  const reading = (lists: boolean, get: ZonesRead["get"]): ZonesRead => ({
    find: async () => [zone],
    get,
    list: async (_zone, under) => (lists ? sets.filter(({ name }) => isBelow(name, under)) : undefined),
  });
  const exact: ZonesRead["get"] = async (_zone, name, type) =>
    sets.filter((set) => set.name === name && set.type === type);
  /** As a name server answers: a wildcard's records for what does not exist. */
  const content = createVersions(
    zone.name,
    sets.map((set) => ({ ...set, name: absolute(zone, set.name), type: "A" })) as never,
    () => 0,
  ).seenBy("any", 0);
  const asServer: ZonesRead["get"] = async (_zone, name, type) => {
    const surroundings = { hosts: new Map(), random: () => 0 };
    const { answers } = lookup(content, zone.name, absolute(zone, name), type, surroundings);
    return answers.length > 0 ? [{ name, type, ttl: 300, values: answers.map(({ value }) => value) }] : [];
  };

  const shadowedBy = async (zones: ZonesRead, added: readonly string[]): Promise<readonly string[]> => {
    const names = added.map((name) => absolute(zone, name));
    return shadowsOf(zone, await setsAround({ zone, zones }, added), names).map(({ text }) => text);
  };

  it("is enough to tell, without the rest of the zone", async () => {
    const zones = reading(true, exact);
    const around = await setsAround({ zone, zones }, ["_acme-challenge.apps"]);
    expect(around.map(({ name }) => name)).toEqual(["*", "*.apps"]);
    expect(await shadowedBy(zones, ["*.prod", "_acme-challenge.apps"])).toEqual([
      expect.stringContaining("*.prod.example.com"),
    ]);
  });

  it.each([
    ["the provider's own", exact],
    ["a name server's", asServer],
  ])("is told from %s answers where nothing is listed", async (_whose, get) => {
    const zones = reading(false, get);
    // apps exists by *.apps, other by itself; prod does not.
    const added = ["_acme-challenge.apps", "_acme-challenge.other", "_acme-challenge.prod"];
    const shadows = await shadowedBy(zones, added);
    expect(shadows).toEqual([expect.stringContaining("names below prod.example.com")]);
  });
});
