import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createResolver } from "../../../src/adapters/resolver/index.ts";
import type { RecordType } from "../../../src/ports/dns.ts";
import { type Bind, hasBind, startBind } from "../../real/bind.ts";
import { zoneFile } from "../../real/daemon.ts";
import { hasNsd, type Nsd, startNsd } from "../../real/nsd.ts";
import { freePort } from "../../real/ports.ts";
import { hasUnbound, startUnbound, type Unbound } from "../../real/unbound.ts";
import { kn } from "../cli.ts";
import { type DnsStage, DOMAIN, dnsStage } from "./stage.ts";

const ZONE = "example.com";
const KEY = { name: "installer", algorithm: "hmac-sha256", secret: Buffer.from("the words").toString("base64") };
const SERVERS = ["ns1.example.com", "ns2.example.com"];

describe.runIf(hasBind() && hasNsd() && hasUnbound())(
  "an install on a BIND that signs and is copied by an NSD, asked through an unbound",
  () => {
    let world: DnsStage;
    let bind: Bind;
    let nsd: Nsd;
    let unbound: Unbound;

    beforeAll(async () => {
      world = await dnsStage({ zones: [] });
      const { dns } = world.internet;
      await dns.addZone({ name: ZONE, nameServers: SERVERS });
      const port = await freePort();
      const [first = "", second = ""] = SERVERS.map((server) => dns.addressesOf(server)[0] ?? "");
      bind = await startBind(
        [
          {
            name: ZONE,
            text: zoneFile(ZONE)
              .replace("ns1 A 127.0.0.1", `ns1 A ${first}`)
              .replace("ns2 A 127.0.0.1", `ns2 A ${second}`),
            policy: `grant "${KEY.name}" subdomain ${DOMAIN} A AAAA CNAME TXT;`,
            more: `dnssec-policy default; inline-signing yes; notify-delay 0; also-notify { 127.0.0.1 port ${port}; };`,
          },
        ],
        { keys: [KEY] },
      );
      nsd = await startNsd([{ name: ZONE, primary: bind.server }], port);
      // From here on, these answer at the addresses that the parent's glue gives.
      const places = dns.connectTo as Map<string, string>;
      for (const [server, place] of [bind.server, nsd.server].entries())
        for (const address of dns.addressesOf(SERVERS[server] ?? "")) places.set(address, place);
      unbound = await startUnbound({ com: dns.endpoint(dns.zone("com").nameServers[0] ?? ""), [ZONE]: bind.server });
    });
    afterAll(async () => {
      await Promise.all([world?.close(), bind?.close(), nsd?.close(), unbound?.close()]);
    });

    const run = (...args: readonly string[]) => {
      const { internet } = world;
      const through = { ...internet, dns: { ...internet.dns, resolver: unbound.server } };
      return kn({ ...world, internet: through }, args, {
        env: {
          RFC2136_NAMESERVER: bind.server,
          RFC2136_TSIG_KEY: KEY.name,
          RFC2136_TSIG_SECRET: KEY.secret,
        },
      });
    };
    const asked = (name: string, type: RecordType) =>
      createResolver({ server: bind.server }).askServer(bind.server, name, type);
    const values = async (name: string, type: RecordType): Promise<readonly string[]> =>
      (await asked(name, type)).answers.filter((record) => record.type === type).map(({ value }) => value);

    it("gets its certificate, has nothing to do again, and takes its records away", async () => {
      const args = ["--yes", "--dns", "rfc2136", "--domain", DOMAIN, ...world.letsEncrypt];
      const first = await run("install", ...args);
      expect(first.code, first.stderr).toBe(0);
      expect(await values(`any.${DOMAIN}`, "A")).toEqual(["127.0.0.1"]);
      expect(await values(`_acme-challenge.${DOMAIN}`, "TXT")).toEqual([]);
      const before = await values(ZONE, "SOA");
      const second = await run("install", ...args);
      expect(second.code, second.stderr).toBe(0);
      expect(second.stdout).toContain("Nothing to do");
      expect(await values(ZONE, "SOA")).toEqual(before);
      const away = await run("uninstall", "--yes", "--purge");
      expect(away.code, away.stderr).toBe(0);
      expect((await asked(`any.${DOMAIN}`, "A")).rcode).toBe("NXDOMAIN");
    });
  },
);
