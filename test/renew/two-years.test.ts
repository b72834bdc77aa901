import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { withoutManifests } from "../../src/app/prepare.ts";
import { nextRenewal, planRenewal, withRenewal } from "../../src/app/renewing.ts";
import type { Tools } from "../../src/app/tools.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { complete } from "../../src/config/complete.ts";
import { changesOf } from "../../src/core/change.ts";
import { keyOf } from "../../src/ports/object.ts";
import { LETS_ENCRYPT, startAcme } from "../../src/sandbox/acme/index.ts";
import { memoryZones, scene, TARGET, wish } from "../certificates/acme-scene.ts";
import { startTxtServer, type TxtServer } from "../certificates/txt-server.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEARS = 2 * 365;
const NAMES = ["*.example.com"];
/** Hours; the last one is Let's Encrypt's shortlived. */
const LIFETIMES = { "90 days": 90 * 24, "64 days": 64 * 24, "45 days": 45 * 24, "6 days": 160 };

let dns: TxtServer;
beforeAll(async () => {
  dns = await startTxtServer();
});
afterAll(() => dns.close());

/** Two years of the CronJob's daily runs, as `renew` makes them: when, what is planned, and the order of what is due. */
const walk = async (profile: string, hours: number, hasWindow: boolean) => {
  let time = Date.parse("2026-09-01T04:07:00Z");
  const now = () => new Date(time);
  const ca = await startAcme({
    ...LETS_ENCRYPT,
    resolver: dns.address,
    now,
    profiles: { other: { description: "not ours", hours: 24 }, [profile]: { description: profile, hours } },
    renewalInfo: hasWindow,
  });
  try {
    const authority = createAuthority({ directory: ca.directory, ca: ca.tlsCa, env: {} });
    const settings = { root: ca.root, profile };
    const { cluster, issuer, tools, zones } = scene(authority, memoryZones(dns.txt), { settings, now });
    const chosen = {
      domain: "example.com",
      dns: "route53",
      tls: "acme",
      acmeDirectory: ca.directory,
      acmeProfile: profile,
    } as const;
    const install = withoutManifests(complete(chosen, { env: {}, terminal: false }));
    const renewTools = {
      config: install.config,
      cluster: cluster.read,
      createAuthority: async () => authority,
      now,
      signal: AbortSignal.timeout(patient(60_000)),
    } as unknown as Tools;
    await issuer.issue(wish(NAMES), tools());
    const held: { serial: string; left: number }[] = [];
    for (let day = 0; day < YEARS; day++) {
      time += DAY;
      const found = inspect(cluster.objects.get(keyOf(TARGET)));
      if (!found || found.notAfter <= now() || found.notBefore > now())
        throw new Error(`a gap at ${now().toISOString()}`);
      const renewal = await nextRenewal(install, renewTools);
      if (!renewal) throw new Error("no certificate");
      // The days on which it is far from due are passed over: nothing changes, at the CA neither.
      const idle = Math.floor((renewal.at.getTime() - time) / DAY) - 1;
      if (idle > 0) {
        expect(found.notAfter.getTime()).toBeGreaterThan(time + idle * DAY);
        time += (idle - 1) * DAY;
        day += idle - 1;
        continue;
      }
      const due = await withRenewal(install, renewal, renewTools);
      const [change, ...more] = changesOf(await planRenewal(due, renewTools)).filter(
        ({ kind }) => kind === "certificate",
      );
      if (change?.kind !== "certificate") continue;
      held.push({ serial: found.serial, left: (found.notAfter.getTime() - time) / (hours * HOUR) });
      expect(more).toEqual([]);
      await issuer.issue(change, tools());
      // The same run once more, as after a kill behind the last write: nothing is due.
      expect((await nextRenewal(install, renewTools))?.at.getTime()).toBeGreaterThan(time);
    }
    return { ca, held, left: zones.sets };
  } finally {
    await ca.close();
  }
};

describe.each([
  ["with the CA's window", true],
  ["by the dates alone", false],
] as const)("two years of daily runs, %s", (_how, hasWindow) => {
  // All of them in a thorough run.
  it.each(Object.entries(LIFETIMES).filter(([name]) => isThorough || name === "45 days"))(
    "of certificates for %s: no gap, one order each, the same profile",
    async (name, hours) => {
      const profile = name.replace(" ", "");
      const { ca, held, left } = await walk(profile, hours, hasWindow);
      const certificates = ca.certificates();
      const orders = ca.orders();
      const least = Math.floor((YEARS * 24) / (hours + 24));
      expect(held.length).toBeGreaterThan(least);
      expect(held.length).toBeLessThan(least * 2);
      expect(certificates).toHaveLength(held.length + 1);
      expect(orders).toHaveLength(certificates.length);
      expect(orders.map(({ replaces }) => replaces)).toEqual(
        certificates.map((_, index) => (hasWindow ? certificates[index - 1]?.id : undefined)),
      );
      expect(new Set(certificates.map((made) => made.profile))).toEqual(new Set([profile]));
      // So much is left for runs that fail.
      expect(Math.min(...held.map((one) => one.left))).toBeGreaterThan(0.25);
      expect(left).toEqual([]);
    },
  );
});
