import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { createPlaces, type Places } from "../../src/dns/place.ts";
import { chooseZone } from "../../src/dns/zone-choice.ts";
import { absolute, isInZone, type Zone as ProviderZone, type RecordSet } from "../../src/ports/zones.ts";
import type { Zone } from "../../src/sandbox/dns/index.ts";
import { asZone, startWorld, type World } from "./world.ts";

let world: World;
let zone: Zone;
let ours: Zone[];
let asked: string[];
beforeEach(async () => {
  world = await startWorld();
  zone = await world.dns.addZone({ name: "example.com" });
  ours = [zone];
  asked = [];
});
afterEach(() => world.close());

const cname = (at: Zone, name: string, target: string): void =>
  at.records.set({ name, type: "CNAME", ttl: 60, values: [target] });
const dname = (at: Zone, name: string, target: string): void =>
  at.records.set({ name, type: "DNAME", ttl: 60, values: [target] });
const own = async (name: string, more: Partial<Parameters<World["dns"]["addZone"]>[0]> = {}): Promise<Zone> => {
  const made = await world.dns.addZone({ name, ...more });
  ours.push(made);
  return made;
};
let count = 0;
const placesOf = async (domain = "apps.example.com", byHand = false, { resolver } = world): Promise<Places> => {
  const find = async (name: string): Promise<readonly ProviderZone[]> => {
    asked.push(name);
    return ours.map(asZone).filter((each) => isInZone(each, name));
  };
  const get = async ({ id, name: apex }: ProviderZone, name: string, type: string): Promise<readonly RecordSet[]> =>
    (await world.dns.zone(id)).records
      .list()
      .filter((set) => set.type === type && set.name === absolute({ name: apex }, name))
      .map(({ values }) => ({ name, type: type as RecordSet["type"], ttl: 60, values }));
  const { zone: chosen, delegation } = await chooseZone(ours.map(asZone), domain, { resolver });
  return createPlaces({
    resolver,
    provider: { title: "Example DNS", ...(byHand ? { byHand: true as const } : {}) },
    zones: { find, get },
    zone: chosen,
    servers: delegation?.servers ?? [],
    random: () => `random-${count++}`,
  });
};
const CHALLENGE = "_acme-challenge.apps.example.com";
const challenge = async (name = "*.apps.example.com") => {
  const place = await (await placesOf()).challenge(name);
  return `${place.name} in ${place.zone.name} ${place.zone.id}`;
};

describe("the place of a challenge is a zone of the account, looked up once", () => {
  it("in a child zone below a CNAME, on servers of its own or on the same", async () => {
    cname(zone, CHALLENGE, "_acme-challenge.le.example.com");
    const child = await own("le.example.com");
    expect(await challenge()).toBe(`_acme-challenge.le.example.com in le.example.com ${child.id}`);
    cname(zone, CHALLENGE, "x.near.example.com");
    const near = await own("near.example.com", { nameServers: zone.nameServers });
    expect(await challenge()).toBe(`x.near.example.com in near.example.com ${near.id}`);
  });

  it("in the zone that the challenge's own name is delegated as", async () => {
    const child = await own(CHALLENGE, { nameServers: zone.nameServers });
    expect(await challenge()).toBe(`${CHALLENGE} in ${CHALLENGE} ${child.id}`);
  });

  it("in the child in which a namespace lies, though a wildcard's CNAME hides whose answer it is", async () => {
    const child = await own("shop.apps.example.com", { nameServers: zone.nameServers });
    cname(child, "*.shop.apps.example.com", "lb.example.org");
    expect(await challenge("*.shop.apps.example.com")).toBe(
      `_acme-challenge.shop.apps.example.com in shop.apps.example.com ${child.id}`,
    );
  });

  it("in that one of two twins that the Internet sees", async () => {
    cname(zone, CHALLENGE, "le.example.net");
    await own("example.net", { delegated: false });
    const seen = await own("example.net");
    expect(await challenge()).toBe(`le.example.net in example.net ${seen.id}`);
  });

  it("behind a DNAME that a CNAME leads through", async () => {
    cname(zone, CHALLENGE, "apps.old.example.com");
    dname(zone, "old.example.com", "new.example.com");
    expect(await challenge()).toBe(`apps.new.example.com in example.com ${zone.id}`);
  });

  it("is asked for once, and again when nobody answered", async () => {
    cname(zone, CHALLENGE, "x.le.example.com");
    await own("le.example.com");
    const places = await placesOf();
    const both = await Promise.all([places.challenge("apps.example.com"), places.challenge("*.apps.example.com")]);
    expect(both[0]).toBe(both[1]);
    expect(asked).toEqual(["le.example.com"]);
    world.dns.setFault("resolver", "servfail");
    cname(zone, "_acme-challenge.b.example.com", "x.le.example.com");
    await expect(places.challenge("b.example.com")).rejects.toMatchObject({ kind: "unseen" });
    world.dns.setFault("resolver");
    expect((await places.challenge("b.example.com")).name).toBe("x.le.example.com");
  });

  it("is told by the provider where the world's port 53 is out of reach", async () => {
    const blocked = createResolver({ server: world.dns.resolver, connectTo: new Map(), timeoutMs: 100 });
    const through = async (name = CHALLENGE.replace("_acme-challenge.", "")) => {
      const place = await (await placesOf("apps.example.com", false, { ...world, resolver: blocked })).challenge(name);
      return { at: `${place.name} in ${place.zone.name}`, note: place.note ?? "" };
    };
    expect(await through()).toEqual({ at: `${CHALLENGE} in example.com`, note: "" });
    cname(zone, CHALLENGE, "a.le.example.com");
    const child = await own("le.example.com");
    cname(child, "a.le.example.com", "b.le.example.com");
    expect(await through()).toEqual({
      at: "b.le.example.com in le.example.com",
      note: expect.stringContaining("is a CNAME to b.le.example.com"),
    });
    await own("_acme-challenge.c.example.com");
    expect((await through("c.example.com")).at).toBe("_acme-challenge.c.example.com in _acme-challenge.c.example.com");
    cname(zone, CHALLENGE, "x.example.net");
    await world.dns.addZone({ name: "example.net" });
    await expect(through()).rejects.toMatchObject({ id: "dns.challenge-zone", kind: "input" });
  });

  it("is anywhere, for a person who writes it", async () => {
    cname(zone, CHALLENGE, "x.example.net");
    await world.dns.addZone({ name: "example.net" });
    const place = await (await placesOf("apps.example.com", true)).challenge("apps.example.com");
    expect(place).toMatchObject({ name: "x.example.net", zone: { id: "example.net", name: "example.net" } });
    expect(asked).toEqual([]);
  });
});

describe("a challenge that leads astray is refused, with the name that does it", () => {
  const refused = (id: string, ...words: string[]) =>
    expect(challenge()).rejects.toMatchObject({
      id,
      kind: "input",
      ...(words.length > 0 ? { message: expect.stringMatching(words.join(".*")) } : {}),
    });
  const why = (text: string) => expect(challenge()).rejects.toMatchObject({ why: expect.stringContaining(text) });

  it("into somebody's zone", async () => {
    await world.dns.addZone({ name: "example.net" });
    cname(zone, CHALLENGE, "x.example.net");
    await refused("dns.challenge-zone", CHALLENGE, "the zone example.net");
    await why(`${CHALLENGE} is a CNAME to x.example.net`);
  });

  it("through a zone of ours into somebody's", async () => {
    await world.dns.addZone({ name: "example.net" });
    cname(zone, CHALLENGE, "one.example.com");
    cname(zone, "one.example.com", "x.example.net");
    await expect(challenge()).rejects.toMatchObject({
      remedy: {
        text: expect.stringContaining("the CNAME at one.example.com"),
        command: "dig +trace CNAME one.example.com",
      },
    });
  });

  it("below a delegation to somebody in a zone of ours", async () => {
    await world.dns.addZone({ name: "le.example.com" });
    cname(zone, CHALLENGE, "x.le.example.com");
    await refused("dns.challenge-zone", "the zone le.example.com");
    await why("which the DNS provider does not have");
  });

  it("when its own name is delegated to somebody", async () => {
    await world.dns.addZone({ name: CHALLENGE });
    await refused("dns.challenge-zone", CHALLENGE);
    await why("is delegated by itself");
  });

  it("into a zone of the account that the Internet does not see", async () => {
    await world.dns.addZone({ name: "example.net" });
    await own("example.net", { delegated: false });
    cname(zone, CHALLENGE, "x.example.net");
    await refused("dns.challenge-zone", "the zone example.net");
    await why("delegated to others");
  });

  it("to a name in no zone at all", async () => {
    cname(zone, CHALLENGE, "x.nobody.invalid");
    await refused("dns.challenge-zone", CHALLENGE);
    await why("is a CNAME to x.nobody.invalid");
  });

  it("round in a circle", async () => {
    cname(zone, CHALLENGE, "one.example.com");
    cname(zone, "one.example.com", CHALLENGE);
    await refused("dns.challenge-loop", "one.example.com");
  });

  it("below a DNAME, be it at the domain, above it or at the zone's own name", async () => {
    for (const owner of ["apps.example.com", "example.com"]) {
      dname(zone, owner, "example.net");
      await refused("dns.dname", owner.replaceAll(".", "\\."), "example.net");
      zone.records.delete(owner, "DNAME");
    }
  });
});

describe("the place of a record", () => {
  it("is the domain's own zone", async () => {
    const { record } = await placesOf();
    expect(await record("*.apps.example.com")).toMatchObject({ name: "*.apps.example.com", zone: { id: zone.id } });
  });

  it("is refused where a child zone has it, delegated or on the same server", async () => {
    for (const more of [{}, { nameServers: zone.nameServers }]) {
      const name = `shop${Object.keys(more).length}.apps.example.com`;
      await own(name, more);
      await expect((await placesOf()).record(`*.${name}`)).rejects.toMatchObject({
        id: "dns.child-zone",
        kind: "input",
        message: expect.stringContaining(name),
      });
    }
  });

  it("is refused below a DNAME", async () => {
    dname(zone, "apps.example.com", "elsewhere.example.net");
    await expect((await placesOf()).record("*.apps.example.com")).rejects.toMatchObject({
      id: "dns.dname",
      message: expect.stringContaining("apps.example.com has a DNAME"),
    });
  });
});
