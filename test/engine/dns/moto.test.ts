import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasMoto, type Moto, startMoto } from "../../real/moto.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage, zoneOf } from "./stage.ts";

describe.runIf(hasMoto())("an install whose Route 53 is moto's", () => {
  let world: DnsStage;
  let moto: Moto;
  let id = "";
  const kept = async (): Promise<readonly string[]> =>
    ((await moto.client.listResourceRecordSets({ HostedZoneId: id })).ResourceRecordSets ?? []).map(
      ({ Name, Type, TTL, ResourceRecords = [] }) =>
        `${Name} ${TTL} ${Type} ${ResourceRecords.map(({ Value }) => Value).join(" ")}`,
    );

  beforeAll(async () => {
    moto = await startMoto();
    world = await dnsStage({ zones: [], route53: { onRequest: moto.instead(() => world.internet.dns) } });
    const zone = await moto.createZone("example.com");
    id = zone.id;
    await world.internet.dns.addZone(zone);
  });
  afterAll(async () => {
    await Promise.all([world?.close(), moto?.close()]);
  });

  it("publishes, proves control to the CA, has nothing to do again, and leaves the zone as it was", async () => {
    const before = [await kept(), zoneOf(world)];
    const args = ["--yes", "--dns", "route53", "--domain", DOMAIN, ...world.letsEncrypt];
    const first = await world.run("install", ...args);
    expect(first.code, first.stderr).toBe(0);
    expect(challengesIn(world)).toEqual([]);
    expect(await kept()).toEqual(
      expect.arrayContaining([
        `\\052.${DOMAIN}. 300 A 127.0.0.1`,
        expect.stringMatching(new RegExp(`^_kn-bootstrap\\.${DOMAIN}\\. \\d+ TXT "heritage=kn-bootstrap,`)),
      ]),
    );
    const writes = world.writes();
    const second = await world.run("install", ...args);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toContain("Nothing to do");
    expect(world.writes()).toEqual(writes);
    const away = await world.run("uninstall", "--yes", "--purge");
    expect(away.code, away.stderr).toBe(0);
    expect([await kept(), zoneOf(world)]).toEqual(before);
  });
});
