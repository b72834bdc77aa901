import { afterEach, describe, expect, it } from "vitest";
import { type DnsStage, DOMAIN, dnsStage, zoneOf } from "./stage.ts";

const KEY = { name: "rehearsal", secret: "dGhlIHdvcmRz" };

/** A server that takes an update and keeps TTLs by rules of its own, without a word. */
describe("a name server that changes the TTLs that it is given", () => {
  let world: DnsStage;
  afterEach(() => world?.close());

  it.each([
    { way: "raises them to a least", ttls: { least: 3600 }, kept: 3600 },
    { way: "cuts them to a most", ttls: { most: 30 }, kept: 30 },
  ])(
    "$way: the install goes through, the second has nothing to do, the zone is left as it was",
    async ({ ttls, kept }) => {
      world = await dnsStage({ zones: [] });
      const { dns } = world.internet;
      const { nameServers } = await dns.addZone({ name: "example.com", keys: [KEY], ttls });
      const env = {
        RFC2136_NAMESERVER: dns.endpoint(nameServers[0] ?? ""),
        RFC2136_TSIG_KEY: KEY.name,
        RFC2136_TSIG_SECRET: KEY.secret,
      };
      const before = zoneOf(world);
      const run = (...args: readonly string[]) => world.runWith({ env }, ...args);
      const args = ["--yes", "--dns", "rfc2136", "--domain", DOMAIN, ...world.letsEncrypt];
      const first = await run("install", ...args);
      expect(first.code, first.stderr).toBe(0);
      expect(first.stderr).not.toContain("does not answer");
      expect(dns.zone("example.com").records.get(`*.${DOMAIN}`, "A")?.ttl).toBe(kept);
      const writes = world.writes();
      const second = await run("install", ...args);
      expect(second.code, second.stderr).toBe(0);
      expect(second.stdout).toContain("Nothing to do");
      expect(world.writes()).toEqual(writes);
      const away = await run("uninstall", "--yes", "--purge");
      expect(away.code, away.stderr).toBe(0);
      expect(zoneOf(world)).toEqual(before);
    },
  );
});
