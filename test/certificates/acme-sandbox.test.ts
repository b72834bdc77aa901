import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { unfinishedOrders } from "../../src/certificates/acme/journal.ts";
import { UserError } from "../../src/ports/error.ts";
import { keyOf } from "../../src/ports/object.ts";
import { type AcmeCa, type AcmeFaults, type AcmeOptions, startAcme } from "../../src/sandbox/acme/index.ts";
import { memoryZones, NAMES, scene, TARGET, UNFINISHED, wish } from "./acme-scene.ts";
import { startTxtServer, type TxtServer } from "./txt-server.ts";

let dns: TxtServer;
let well: Awaited<ReturnType<typeof start>>;
const open: AcmeCa[] = [];
beforeAll(async () => {
  dns = await startTxtServer();
  well = await start();
});
afterAll(async () => {
  for (const ca of open) await ca.close();
  await dns.close();
});

const start = async (options: Partial<AcmeOptions> = {}) => {
  const ca = await startAcme({ resolver: dns.address, ...options });
  open.push(ca);
  const authority = createAuthority({ directory: ca.directory, ca: ca.tlsCa, env: {}, pausesMs: [1, 5] });
  const fresh = (more: Parameters<typeof scene>[2] = {}) =>
    scene(authority, memoryZones(dns.txt), { settings: { root: ca.root }, ...more });
  return { ca, fresh, ...fresh() };
};

const refused = async (work: Promise<unknown>): Promise<UserError> => {
  const error: unknown = await work.then(
    () => new Error("it was not refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error;
  return error;
};

describe("against the rehearsal's CA", () => {
  it.each(["key", "names", "dates", "order", "incomplete", "chain"] as const)(
    "a certificate with a wrong %s is not stored, and fetched again when the CA is well",
    async (wrongCertificate) => {
      const { ca, fresh } = well;
      const { issuer, tools, cluster, secret } = fresh();
      const names = [`${wrongCertificate}.example.com`];
      ca.setFaults({ wrongCertificate });
      expect(await refused(issuer.issue(wish(names), tools()))).toMatchObject({ id: "acme.unusable" });
      expect(cluster.objects.has(keyOf(TARGET))).toBe(false);
      ca.setFaults({});
      await issuer.issue(wish(names), tools());
      expect(secret("tls.crt")).not.toBe("");
      expect(ca.certificates().filter((made) => made.names.includes(names[0] ?? ""))).toHaveLength(1);
    },
  );

  it.each<[string, AcmeFaults]>([
    ["nearly every nonce is rejected", { nonceRejections: 0.9 }],
    ["it is busy for two requests", { unavailable: { status: 503, requests: 2 } }],
    ["it takes its time", { processingMs: 250, validationMs: 150 }],
  ])("issues although %s", async (_title, faults) => {
    const { ca, fresh } = well;
    const { issuer, tools, secret } = fresh();
    ca.setFaults(faults);
    await issuer.issue(wish(), tools());
    ca.setFaults({});
    expect(secret("tls.crt")).toContain("BEGIN CERTIFICATE");
  });

  it.each(["before", "after"] as const)("one certificate wherever a connection ends %s the request", async (when) => {
    const { ca, fresh } = well;
    for (let nth = 1; nth <= 17; nth += 4) {
      const { issuer, tools, zones, cluster, kept } = fresh();
      const names = [`${when}-${nth}.example.com`];
      ca.setFaults({ drop: { nth, when } });
      await issuer.issue(wish(names), tools()).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
      });
      ca.setFaults({});
      const isThere = cluster.objects.has(keyOf(TARGET));
      if (!isThere || (await unfinishedOrders(cluster.read, TARGET)).length > 0) {
        await issuer.issue(wish(names, isThere ? UNFINISHED : "missing"), tools());
      }
      expect(ca.certificates().filter((made) => made.names.includes(names[0] ?? ""))).toHaveLength(1);
      expect(zones.sets).toEqual([]);
      expect(kept("acme-order-")).toEqual([]);
    }
  });

  it("says when it may be asked again", async () => {
    const { ca, issuer, tools } = await start({ limits: { certificatesPerSet: { count: 1, hours: 168 } } });
    await issuer.issue(wish(), tools());
    const other = scene(createAuthority({ directory: ca.directory, ca: ca.tlsCa, env: {} }), memoryZones(dns.txt));
    const error = await refused(other.issuer.issue(wish(), other.tools()));
    expect(error.id).toBe("acme.rate-limited");
    expect(error.remedy.text).toMatch(/after \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  });

  it("is not limited when it renews within the window that the CA suggests", async () => {
    const { ca, issuer, tools } = await start({ limits: { certificatesPerSet: { count: 1, hours: 168 } } });
    await issuer.issue(wish(), tools());
    expect(await refused(issuer.issue(wish(NAMES, "a whim"), tools()))).toMatchObject({ id: "acme.rate-limited" });
    const [first] = ca.certificates();
    const hour = 3_600_000;
    ca.moveRenewal(first?.serial ?? "", { start: new Date(Date.now() - hour), end: new Date(Date.now() + hour) });
    await issuer.issue(wish(NAMES, "expires in 20 days"), tools());
    expect(ca.certificates()).toHaveLength(2);
    expect(ca.orders().map(({ replaces }) => replaces !== undefined)).toEqual([false, true]);
  });
});
