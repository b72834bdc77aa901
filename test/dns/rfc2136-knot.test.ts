import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import type { Pace } from "../../src/dns/rfc2136/server.ts";
import { UserError } from "../../src/ports/error.ts";
import type { RecordSet, Zone, ZonesWrite } from "../../src/ports/zones.ts";
import { zoneFile } from "../real/daemon.ts";
import { hasKnot, type Knot, type KnotKey, startKnot } from "../real/knot.ts";

const key = (name: string, may: KnotKey["may"], algorithm = "hmac-sha256"): KnotKey => ({
  name,
  algorithm,
  secret: Buffer.from(`the secret of ${name}`).toString("base64"),
  may,
});
const ALGORITHMS = ["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];
const ALL = key("all", ["query", "update", "transfer"]);
const READER = key("reader", ["query"]);
const WRITER = key("writer", ["update"]);
const ZONE: Zone = { id: "example.com", name: "example.com", isPrivate: false, nameServers: [] };
const MANY = 3000;

describe.runIf(hasKnot())("rfc2136 before a real Knot", () => {
  let knot: Knot;
  const opened: { readonly close: () => void }[] = [];
  const open = async (
    { name, algorithm, secret }: KnotKey,
    pace: Partial<Pace> = {},
  ): Promise<ZonesWrite & { readonly close: () => void }> => {
    const env = {
      RFC2136_NAMESERVER: knot.server,
      RFC2136_TSIG_KEY: name,
      RFC2136_TSIG_SECRET: secret,
      RFC2136_TSIG_ALGORITHM: algorithm,
    };
    const zones = await openRfc2136({ env, signal: new AbortController().signal, onTrouble: () => undefined }, pace);
    opened.push(zones);
    return zones;
  };
  const complaint = async (work: Promise<unknown>): Promise<UserError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof UserError)) throw new Error(`no UserError: ${error}`);
    expect(error.kind).toBe("input");
    const said = [error.message, error.why, error.remedy.text, error.remedy.command].join("\n");
    for (const { secret } of [ALL, READER, WRITER]) expect(said).not.toContain(secret);
    return error;
  };
  const a = (name: string, ...values: string[]): RecordSet => ({ name, type: "A", ttl: 60, values });

  beforeAll(async () => {
    knot = await startKnot(
      {
        [ZONE.name]: zoneFile(ZONE.name, [
          "sub NS ns.elsewhere.example.",
          "*.wild 60 A 192.0.2.1",
          "same.wild 60 A 192.0.2.1",
          "*.deep.wild 60 A 192.0.2.1",
          "mail MX 10 ns1",
          'cut 60 TXT "two " "parts"',
        ]),
        "large.example": zoneFile(
          "large.example",
          Array.from({ length: MANY }, (_, index) => `host-${index} 60 TXT "${"x".repeat(40)}"`),
        ),
      },
      [
        ALL,
        READER,
        WRITER,
        ...ALGORITHMS.map((algorithm) => key(`by-${algorithm}`, ["update", "transfer"], algorithm)),
      ],
    );
  });
  afterAll(async () => {
    for (const zones of opened) zones.close();
    await knot?.close();
  });

  it.each(ALGORITHMS)("signs and believes by %s", async (algorithm) => {
    const zones = await open(key(`by-${algorithm}`, [], algorithm));
    await zones.change(ZONE, [{ to: a(algorithm, "192.0.2.1") }]);
    expect(await zones.get(ZONE, algorithm, "A")).toEqual([a(algorithm, "192.0.2.1")]);
    expect(await zones.list(ZONE, algorithm)).toEqual([a(algorithm, "192.0.2.1")]);
  });

  it("reads a transfer of many messages", async () => {
    const zones = await open(ALL);
    const large = { ...ZONE, id: "large.example", name: "large.example" };
    const sets = await zones.list(large, "@");
    expect(sets?.filter(({ name }) => name.startsWith("host-")).length).toBe(MANY);
  });

  it("tells apart a record of its own and a wildcard that answers the same", async () => {
    const zones = await open(ALL);
    expect(await zones.get(ZONE, "same.wild", "A")).toEqual([a("same.wild", "192.0.2.1")]);
    expect(await zones.get(ZONE, "*.deep.wild", "A")).toEqual([a("*.deep.wild", "192.0.2.1")]);
    expect(await zones.get(ZONE, "any.wild", "A")).toEqual([]);
    expect(await zones.get(ZONE, "*.any.wild", "A")).toEqual([]);
    await zones.change(ZONE, [{ to: a("new.wild", "192.0.2.1") }]);
    await zones.change(ZONE, [{ from: a("new.wild", "192.0.2.1") }]);
    expect(await zones.get(ZONE, "new.wild", "A")).toEqual([]);
  });

  it("takes it for the wildcard's where the key may not ask more exactly", async () => {
    expect(await (await open(READER)).get(ZONE, "same.wild", "A")).toEqual([]);
    expect(await (await open(READER)).get(ZONE, "*.wild", "A")).toEqual([a("*.wild", "192.0.2.1")]);
  });

  it("keeps a TXT that somebody cut into strings elsewhere as it is", async () => {
    const zones = await open(ALL);
    const theirs: RecordSet = { name: "cut", type: "TXT", ttl: 60, values: ["two parts"] };
    expect(await zones.get(ZONE, "cut", "TXT")).toEqual([theirs]);
    await zones.change(ZONE, [{ from: theirs, to: { ...theirs, values: ["ours", "two parts"] } }]);
    expect(await knot.control("zone-read", ZONE.name, "cut", "TXT")).toContain('"two " "parts"');
  });

  it("writes a value once that it was given twice", async () => {
    const zones = await open(ALL);
    await zones.change(ZONE, [{ to: a("twice", "192.0.2.1", "192.0.2.1") }]);
    expect(await zones.get(ZONE, "twice", "A")).toEqual([a("twice", "192.0.2.1")]);
  });

  it("refuses a CNAME beside other records, and others beside a CNAME, as what cannot be", async () => {
    const zones = await open(ALL);
    const cname = (name: string): RecordSet => ({ name, type: "CNAME", ttl: 60, values: ["lb.example.net"] });
    await zones.change(ZONE, [{ to: a("taken", "192.0.2.1") }, { to: cname("other") }]);
    const beside = await complaint(zones.change(ZONE, [{ to: cname("taken") }, { to: a("not-written", "192.0.2.1") }]));
    expect(beside.message).toContain("taken.example.com has a record of type A; a CNAME cannot stand beside it");
    expect((await complaint(zones.change(ZONE, [{ to: cname("mail") }]))).message).toContain("record of type MX");
    const under = await complaint(zones.change(ZONE, [{ to: a("other", "192.0.2.1") }]));
    expect(under.message).toContain("other.example.com has a record of type CNAME");
    expect(await zones.get(ZONE, "not-written", "A")).toEqual([]);
  });

  it("says so when the server does not know its own record again", async () => {
    const zones = await open(ALL);
    await knot.control("zone-begin", ZONE.name);
    await knot.control("zone-set", ZONE.name, "capital", "60", "CNAME", "LB.Example.NET.");
    await knot.control("zone-commit", ZONE.name);
    const [from] = await zones.get(ZONE, "capital", "CNAME");
    expect(from?.values).toEqual(["lb.example.net"]);
    const error = await complaint(zones.change(ZONE, from ? [{ from }] : []));
    expect(error.message).toContain("does not recognise a record that it answers itself: the CNAME of capital.example");
  });

  it("sends to the right server for a name that is delegated away", async () => {
    const zones = await open(ALL);
    const error = await complaint(zones.get(ZONE, "*.sub", "A"));
    expect(error.message).toContain("*.sub.example.com is not in the zone example.com");
    expect(error.why).toContain("ns.elsewhere.example");
    expect(await zones.get(ZONE, "sub", "NS")).toEqual([
      { name: "sub", type: "NS", ttl: 300, values: ["ns.elsewhere.example"] },
    ]);
    expect(await zones.get(ZONE, "sub", "A")).toEqual([]);
  });

  it.each([
    ["an unknown key", { ...ALL, name: "stranger" }, /does not know the TSIG key "stranger"/],
    ["another algorithm", { ...ALL, algorithm: "hmac-sha512" }, /does not (know|accept).* "all"/],
    ["another secret", { ...ALL, secret: "b3RoZXI=" }, /signature by the TSIG key "all"/],
  ] as const)("says what to compare for %s", async (_, wrong, what) => {
    const zones = await open(wrong);
    for (const work of [
      () => zones.find("a.example.com"),
      () => zones.get(ZONE, "@", "NS"),
      () => zones.list(ZONE, "@"),
      () => zones.change(ZONE, [{ to: a("wrong-key", "192.0.2.1") }]),
    ]) {
      const error = await complaint(work());
      expect(error.id).toBe("rfc2136.key");
      expect(error.message).toMatch(what);
      expect(error.remedy.command).toMatch(
        /^kdig @127\.0\.0\.1 -p \d+ \+tcp -y hmac-sha\d+:\w+:"\$RFC2136_TSIG_SECRET"/,
      );
    }
  });

  it("says that the key may not change the zone, and how it could", async () => {
    const error = await complaint((await open(READER)).change(ZONE, [{ to: a("reader", "192.0.2.1") }]));
    expect(error.message).toContain("refuses changes of example.com");
    expect(error.why).toContain('the key "reader" may not change it');
    expect(error.remedy.text).toMatch(/Knot: .*BIND: .*PowerDNS: /s);
    expect(await (await open(ALL)).get(ZONE, "reader", "A")).toEqual([]);
  });

  it("cannot tell what there is when the key may not transfer, and changes the zone all the same", async () => {
    const zones = await open(WRITER);
    expect(await zones.list(ZONE, "@")).toBeUndefined();
    await zones.change(ZONE, [{ to: a("writer", "192.0.2.1") }]);
  });

  it("shows both clocks when they differ", async () => {
    const ahead = 3_725_000;
    const error = await complaint((await open(ALL, { now: () => Date.now() + ahead })).find("example.com"));
    expect(error.id).toBe("rfc2136.clock");
    expect(error.message).toMatch(/differ by 1 h [23] min/);
    const [ours = "", theirs = ""] = error.why?.match(/\d{4}-[\d:T.-]+Z/g) ?? [];
    expect(Date.parse(ours) - Date.parse(theirs)).toBeGreaterThan(ahead - 10_000);
  });

  it("refuses what is no record of a zone's owner", async () => {
    const zones = await open(ALL);
    const alias = { ...a("alias"), alias: { zone: "Z1", target: "lb.example.net" } };
    expect((await complaint(zones.change(ZONE, [{ to: alias }]))).message).toContain(
      "has what only another DNS provider knows: alias",
    );
    const servers: RecordSet = { name: "@", type: "NS", ttl: 60, values: ["ns.example.net"] };
    expect((await complaint(zones.change(ZONE, [{ to: servers }]))).message).toContain("the zone's own");
    const wrong = a("wrong", "lb.example.net");
    expect((await complaint(zones.change(ZONE, [{ to: wrong }]))).message).toContain("cannot be one");
    expect((await complaint(zones.find(`${"x".repeat(64)}.example.com`))).message).toContain("no domain name");
  });
});
