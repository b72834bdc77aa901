import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import type { RecordSet, Zone, ZonesWrite } from "../../src/ports/zones.ts";
import { type BindKey, hasBind, startBind } from "../real/bind.ts";
import { zoneFile } from "../real/daemon.ts";
import { hasKnot, startKnot } from "../real/knot.ts";

const zone = (name: string): Zone => ({ id: name, name, isPrivate: false, nameServers: [] });
const ZONE = zone("example.com");
const CHILD = "le.example.com";
const key = (name: string): BindKey => ({
  name,
  algorithm: "hmac-sha256",
  secret: Buffer.from(`the secret of ${name}`).toString("base64"),
});
const TXT_ONLY = key("txt-only");
const ALL = key("all-of-it");
/** Below the cut to a child zone that the same server answers for. */
const HIDDEN: RecordSet = { name: "_acme-challenge.le", type: "TXT", ttl: 60, values: ["ours"] };
const SEEN: RecordSet = { name: "_acme-challenge.apps", type: "TXT", ttl: 60, values: ["ours", "theirs"] };

const servers = [
  {
    title: "BIND",
    isThere: hasBind(),
    start: async () => {
      const policy = `grant "${TXT_ONLY.name}" zonesub TXT; grant "${ALL.name}" zonesub ANY;`;
      const zones = [ZONE.name, CHILD].map((name) => ({ name, text: zoneFile(name), policy }));
      return startBind(zones, { keys: [TXT_ONLY, ALL] });
    },
  },
  {
    title: "Knot",
    isThere: hasKnot(),
    start: async () => {
      const texts = Object.fromEntries([ZONE.name, CHILD].map((name) => [name, zoneFile(name)]));
      return startKnot(texts, [{ ...ALL, may: ["query", "update", "transfer"] }]);
    },
  },
];

describe.each(servers.filter(({ isThere }) => isThere))("rfc2136 before a real $title", ({ title, start }) => {
  let server: Awaited<ReturnType<(typeof servers)[number]["start"]>>;
  const opened: { readonly close: () => void }[] = [];
  const open = async ({ name, secret, algorithm }: BindKey): Promise<ZonesWrite> => {
    const env = {
      RFC2136_NAMESERVER: server.server,
      RFC2136_TSIG_KEY: name,
      RFC2136_TSIG_SECRET: secret,
      RFC2136_TSIG_ALGORITHM: algorithm,
    };
    const signal = new AbortController().signal;
    const zones = await openRfc2136({ env, signal, onTrouble: () => undefined }, { settleMs: 300 });
    opened.push(zones);
    return zones;
  };
  const serial = async (zones: ZonesWrite): Promise<string | undefined> =>
    (await zones.get(ZONE, "@", "SOA"))[0]?.values[0];
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    for (const { close } of opened) close();
    await server?.close();
  });

  it("takes back what it accepted below a cut, and tells of what stands there unseen", async () => {
    const zones = await open(ALL);
    for (const _ of [1, 2])
      await expect(zones.change(ZONE, [{ to: HIDDEN }])).rejects.toMatchObject({
        id: "rfc2136.unseen",
        message: expect.stringContaining("it was taken back"),
      });
  });

  it("removes a value, seen or not, and leaves others", async () => {
    const zones = await open(ALL);
    await zones.change(ZONE, [{ to: SEEN }]);
    await zones.withdraw(ZONE, [HIDDEN, { ...SEEN, values: ["ours"] }]);
    expect((await zones.get(ZONE, SEEN.name, "TXT"))[0]?.values).toEqual(["theirs"]);
    await zones.withdraw(ZONE, [{ ...SEEN, values: ["theirs"] }]);
  });

  it("lets a write be tried, and its serial stays", async () => {
    const zones = await open(ALL);
    const before = await serial(zones);
    const places = ["*.apps", SEEN.name].flatMap((name) =>
      (["TXT", "A", "AAAA", "CNAME"] as const).map((type) => ({ name, type })),
    );
    expect(await zones.rehearse(ZONE, places)).toMatch(/^by /);
    expect(await serial(zones)).toBe(before);
  });

  if (title === "BIND")
    it("says at the trial which record its update-policy does not let the key write", async () => {
      const zones = await open(TXT_ONLY);
      expect(await zones.rehearse(ZONE, [SEEN])).toMatch(/^by /);
      await expect(zones.rehearse(ZONE, [SEEN, { name: "*.apps", type: "A" }])).rejects.toMatchObject({
        id: "rfc2136.refused",
        kind: "input",
        message: expect.stringContaining("changes of the A of *.apps.example.com"),
      });
    });
});
