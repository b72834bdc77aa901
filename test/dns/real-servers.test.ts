import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { awaitEverywhere } from "../../src/dns/await-everywhere.ts";
import { locateChallenge } from "../../src/dns/challenge.ts";
import { delegationOf, delegationProblem } from "../../src/dns/delegation.ts";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import { chooseZone } from "../../src/dns/zone-choice.ts";
import type { Resolver } from "../../src/ports/dns.ts";
import type { RecordSet, Zone } from "../../src/ports/zones.ts";
import { patient } from "../patience.ts";
import { type Bind, type BindKey, hasBind, placeOf, startBind } from "../real/bind.ts";
import { zoneFile } from "../real/daemon.ts";
import { hasNsd, startNsd } from "../real/nsd.ts";
import { freePort } from "../real/ports.ts";
import { hasUnbound, startUnbound } from "../real/unbound.ts";

const ZONE: Zone = { id: "example.com", name: "example.com", isPrivate: false, nameServers: [] };
const key = (name: string): BindKey => ({
  name,
  algorithm: "hmac-sha256",
  secret: Buffer.from(`the secret of ${name}`).toString("base64"),
});
const txt = (name: string, ...values: string[]): RecordSet => ({ name, type: "TXT", ttl: 60, values });
const signal = new AbortController().signal;

const open = (server: string, { name, secret, algorithm }: BindKey) =>
  openRfc2136({
    env: {
      RFC2136_NAMESERVER: server,
      RFC2136_TSIG_KEY: name,
      RFC2136_TSIG_SECRET: secret,
      RFC2136_TSIG_ALGORITHM: algorithm,
    },
    signal,
    onTrouble: () => undefined,
  });

describe.runIf(hasBind())("rfc2136 before a real BIND with an update-policy", () => {
  const ONE = key("one-name");
  const ALL = key("all-of-it");
  let bind: Bind;
  beforeAll(async () => {
    const policy = `grant "${ONE.name}" name _acme-challenge.apps.example.com TXT; grant "${ALL.name}" zonesub ANY;`;
    bind = await startBind([{ name: ZONE.name, text: zoneFile(ZONE.name), policy }], { keys: [ONE, ALL] });
  });
  afterAll(() => bind?.close());
  const using = async <T>(by: BindKey, work: (zones: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> => {
    const zones = await open(bind.server, by);
    return work(zones).finally(zones.close);
  };

  it("writes and removes what the key may, by name and type", async () => {
    await using(ONE, async (zones) => {
      const set = txt("_acme-challenge.apps", "value");
      await zones.change(ZONE, [{ to: set }]);
      expect(await zones.get(ZONE, set.name, "TXT")).toEqual([set]);
      await zones.change(ZONE, [{ from: set }]);
      expect(await zones.get(ZONE, set.name, "TXT")).toEqual([]);
    });
  });

  it.each([
    ["another name", txt("_acme-challenge.other", "value")],
    ["another type", { name: "_acme-challenge.apps", type: "A", ttl: 60, values: ["192.0.2.1"] } satisfies RecordSet],
  ])("says for %s which policy refuses it, and writes nothing of the batch", async (_, beyond) => {
    await using(ONE, async (zones) => {
      const allowed = txt("_acme-challenge.apps", "with it");
      const error = await zones.change(ZONE, [{ to: allowed }, { to: beyond }]).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ id: "rfc2136.refused", kind: "input" });
      expect(String(Object(error).why)).toContain(
        `the server's update policy does not allow it for the key "${ONE.name}"`,
      );
      expect(Object(error).remedy.text).toMatch(/BIND: .*update-policy/);
      expect(await zones.get(ZONE, allowed.name, "TXT")).toEqual([]);
    });
  });

  it.each([
    ["another secret", { ...ALL, secret: "b3RoZXI=" }, /signature by the TSIG key "all-of-it"/],
    ["an unknown key", { ...ALL, name: "stranger" }, /does not know the TSIG key "stranger"/],
    ["another algorithm", { ...ALL, algorithm: "hmac-sha512" }, /"all-of-it"/],
  ] as const)("says what to compare for %s", async (_, wrong, what) => {
    const error = await using(wrong, (zones) => zones.find("apps.example.com")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ id: "rfc2136.key", kind: "input", message: expect.stringMatching(what) });
  });
});

describe.runIf(hasBind() && hasNsd() && hasUnbound())(
  "a BIND, an NSD that copies it, and an unbound that asks them",
  () => {
    const KEY = key("writer");
    const closing: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    const kept = <T extends { readonly close: () => Promise<unknown> }>(server: T): T => {
      closing.push(server.close);
      return server;
    };

    /** `com` is a zone of the first BIND. The secondary gets the zone by a transfer and is told of each change. */
    const scene = async ({ notifies = true } = {}) => {
      const secondaryPort = await freePort();
      const notify = notifies ? `also-notify { 127.0.0.1 port ${secondaryPort}; };` : "";
      const primary = kept(
        await startBind(
          [
            {
              name: ZONE.name,
              text: zoneFile(ZONE.name, ["* CNAME lb.example.net."])
                .replaceAll("ns1 A 127.0.0.1", "ns1 A 198.51.100.1")
                .replaceAll("ns2 A 127.0.0.1", "ns2 A 198.51.100.2"),
              policy: `grant "${KEY.name}" zonesub ANY;`,
              more: `${notify} notify-delay 0;`,
            },
          ],
          { keys: [KEY] },
        ),
      );
      const com = kept(
        await startNsd([
          {
            name: "com",
            text: zoneFile("com", [
              "example NS ns1.example",
              "example NS ns2.example",
              "ns1.example A 198.51.100.1",
              "ns2.example A 198.51.100.2",
            ]).replaceAll("A 127.0.0.1", "A 192.0.2.1"),
          },
        ]),
      );
      const secondary = kept(await startNsd([{ name: ZONE.name, primary: primary.server }], secondaryPort));
      const unbound = kept(await startUnbound({ com: com.server, [ZONE.name]: primary.server }));
      const resolver = (server: string): Resolver =>
        createResolver({
          server,
          connectTo: new Map([
            ["192.0.2.1", com.server],
            ["198.51.100.1", primary.server],
            ["198.51.100.2", secondary.server],
          ]),
          timeoutMs: 500,
        });
      return { primary, secondary, com, unbound, resolver };
    };

    it("chooses the zone, finds the challenge's place, writes, and waits until the copy has it too", async () => {
      const { primary, unbound, resolver: by } = await scene();
      const resolver = by(unbound.server);
      const zones = await open(primary.server, KEY);
      closing.push(async () => zones.close());
      const { zone, warnings } = await chooseZone(await zones.find("apps.example.com"), "apps.example.com", {
        resolver,
      });
      expect({ name: zone.name, warnings }).toEqual({ name: ZONE.name, warnings: [] });
      expect(await delegationProblem(resolver, await delegationOf(resolver, zone.name), zone)).toBeUndefined();
      const place = await locateChallenge(resolver, "*.apps.example.com", { random: () => "qwerty" });
      expect(place).toMatchObject({ name: "_acme-challenge.apps.example.com", zone: ZONE.name, via: [] });
      // The cache of the resolver keeps that there is no TXT; nobody must ask it.
      await resolver.ask(place.name, "TXT");
      const set = txt("_acme-challenge.apps", "value");
      await zones.change(zone, [{ to: set }]);
      const expectations = [{ name: place.name, type: "TXT" as const, values: set.values }];
      expect(
        await awaitEverywhere(resolver, [{ zone: zone.name, expectations }], { signal, timeoutMs: patient(20_000) }),
      ).toBe("all 2 addresses of 2 name servers of example.com have it");
      await zones.change(zone, [{ from: set }]);
      const gone = [{ name: place.name, type: "TXT" as const, values: [], match: "exact" as const }];
      await awaitEverywhere(resolver, [{ zone: zone.name, expectations: gone }], {
        signal,
        timeoutMs: patient(20_000),
      });
    });

    it("names the copy that is behind", async () => {
      const { primary, unbound, resolver: by } = await scene({ notifies: false });
      const zones = await open(primary.server, KEY);
      closing.push(async () => zones.close());
      const resolver = by(unbound.server);
      await awaitEverywhere(
        resolver,
        [{ zone: ZONE.name, expectations: [{ name: "ns1.example.com", type: "A", values: ["198.51.100.1"] }] }],
        { signal, timeoutMs: patient(20_000) },
      );
      await zones.change(ZONE, [{ to: txt("late", "value") }]);
      const reasons: string[] = [];
      const stop = new AbortController();
      const waiting = awaitEverywhere(
        resolver,
        [{ zone: ZONE.name, expectations: [{ name: "late.example.com", type: "TXT", values: ["value"] }] }],
        {
          signal: stop.signal,
          onReason: (reason) => {
            reasons.push(reason);
            stop.abort(new Error("seen"));
          },
        },
      );
      await expect(waiting).rejects.toThrow("seen");
      expect(reasons).toEqual([
        "ns2.example.com (198.51.100.2) still has no late.example.com TXT; ns1.example.com is right",
      ]);
    });

    it("is not led astray by a resolver whose response policy denies the domain", async () => {
      const { com, primary, resolver: by } = await scene();
      const policy = zoneFile("rpz.local", ["example.com CNAME .", "*.example.com CNAME ."]);
      const liar = kept(
        await startBind([{ name: "rpz.local", text: policy }], {
          options: 'recursion yes; response-policy { zone "rpz.local"; };',
          more: [
            `zone "com" { type forward; forward only; forwarders { ${placeOf(com.server)}; }; };`,
            `zone "example.com" { type forward; forward only; forwarders { ${placeOf(primary.server)}; }; };`,
          ].join("\n"),
        }),
      );
      const resolver = by(liar.server);
      // It reads its policy beside its work.
      await expect
        .poll(async () => (await resolver.ask("www.example.com", "A")).rcode, { timeout: patient(10_000) })
        .toBe("NXDOMAIN");
      expect((await resolver.ask("example.com", "NS")).rcode).toBe("NXDOMAIN");
      const delegation = await delegationOf(resolver, ZONE.name);
      expect(delegation).toMatchObject({ source: "parent", parent: "com" });
      expect(delegation.servers.map(({ name }) => name)).toEqual(["ns1.example.com", "ns2.example.com"]);
      expect(await locateChallenge(resolver, "apps.example.com", { random: () => "qwerty" })).toMatchObject({
        name: "_acme-challenge.apps.example.com",
        zone: ZONE.name,
      });
    });
  },
);
