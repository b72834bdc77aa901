import { describe } from "vitest";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import { absolute } from "../../src/ports/zones.ts";
import { startDns } from "../../src/sandbox/dns/index.ts";
import { type BindZone, hasBind, startBind } from "../real/bind.ts";
import { inZoneFile, zoneFile } from "../real/daemon.ts";
import { hasKnot, type Knot, startKnot } from "../real/knot.ts";
import { hasPowerDns, startPowerDns } from "../real/powerdns.ts";
import { ask } from "./ask.ts";
import { zonesContract } from "./zones.ts";

const KEY = { name: "kn-bootstrap", algorithm: "hmac-sha256", secret: Buffer.from("not a secret").toString("base64") };
const env = (server: string): Readonly<Record<string, string>> => ({
  RFC2136_NAMESERVER: server,
  RFC2136_TSIG_KEY: KEY.name,
  RFC2136_TSIG_SECRET: KEY.secret,
});
const zone = (name: string) => ({ id: name, name, isPrivate: false, nameServers: [`ns1.${name}`, `ns2.${name}`] });
const ZONE = zone("apps.example.com");
const ABOVE = zone("example.com");

const TRAITS = { routing: false, alias: false, lists: true };
const open = (server: string) =>
  openRfc2136({ env: env(server), signal: new AbortController().signal, onTrouble: () => undefined });

describe("the rehearsal's name servers", () => {
  zonesContract("rfc2136", {
    ...TRAITS,
    open: async () => {
      const dns = await startDns();
      const [{ name, nameServers }, above] = [ZONE, ABOVE];
      await dns.addZone({ ...above, nameServers, keys: [KEY] });
      const { records } = await dns.addZone({ name, nameServers, keys: [KEY] });
      const servers = nameServers.map(dns.endpoint);
      const zones = await open(servers[0] ?? "");
      return {
        zones,
        zone: ZONE,
        others: [{ ...above, nameServers }],
        tamper: async ({ from, to }) =>
          records.edit((draft) => {
            if (from) draft.remove(absolute(ZONE, from.name), from.type);
            if (!to) return;
            const { ttl = 0, type } = to;
            draft.put({ name: absolute(ZONE, to.name), type, ttl, values: inZoneFile(to) });
          }),
        lookup: (asked, type) => Promise.all(servers.map((server) => ask(server, asked, type))),
        close: async () => {
          zones.close();
          await dns.close();
        },
      };
    },
  });
});

/** A real server that has both zones. */
const real = (
  start: (zones: Parameters<typeof startKnot>[0]) => Promise<Pick<Knot, "server" | "write" | "close">>,
): void =>
  zonesContract("rfc2136", {
    ...TRAITS,
    open: async () => {
      const delegation = [`apps NS ns1.${ZONE.name}.`, "ns1.apps A 127.0.0.1"];
      const { server, write, close } = await start({
        [ZONE.name]: zoneFile(ZONE.name),
        [ABOVE.name]: zoneFile(ABOVE.name, delegation),
      });
      const zones = await open(server);
      return {
        zones,
        zone: ZONE,
        others: [ABOVE],
        tamper: (change) => write(ZONE.name, change),
        lookup: async (name, type) => [await ask(server, name, type)],
        close: async () => {
          zones.close();
          await close();
        },
      };
    },
  });

describe.runIf(hasKnot())("a real Knot", () => {
  real((zones) => startKnot(zones, [{ ...KEY, may: ["update", "transfer"] }]));
});

describe.runIf(hasPowerDns())("a real PowerDNS", () => {
  real((zones) => startPowerDns(zones, KEY));
});

/** `more`: statements of the zone that is written. */
const bind = (more = ""): void =>
  real((zones) =>
    startBind(
      Object.entries(zones).map(
        ([name, text]): BindZone => ({ name, text, policy: `grant "${KEY.name}" zonesub ANY;`, more }),
      ),
      { keys: [KEY] },
    ),
  );

describe.runIf(hasBind())("a real BIND", () => bind());

// What is written comes into another zone first, and is answered when it is signed.
describe.runIf(hasBind())("a real BIND that signs inline", () => bind("dnssec-policy default; inline-signing yes;"));
