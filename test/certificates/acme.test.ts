import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { rollAccountKey } from "../../src/certificates/acme/index.ts";
import { unfinishedOrders } from "../../src/certificates/acme/journal.ts";
import { certificatesIn } from "../../src/certificates/pem.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { HOME } from "../../src/kube/inventory.ts";
import { dnsNamesOf } from "../../src/ports/certificate-names.ts";
import { UserError } from "../../src/ports/error.ts";
import { keyOf } from "../../src/ports/object.ts";
import { memoryAuthority } from "./acme-authority.ts";
import { memoryZones, NAMES, scene, TARGET, wish } from "./acme-scene.ts";
import { keptAccounts } from "./kept-accounts.ts";

const fresh = async (options: Parameters<typeof memoryAuthority>[1] = {}, more: Parameters<typeof scene>[2] = {}) => {
  const zones = memoryZones();
  const ca = await memoryAuthority((name) => zones.txt.get(name) ?? [], options);
  return { ca, ...scene(ca, zones, more) };
};

const refused = async (work: Promise<unknown>): Promise<UserError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error ?? new Error("it was not refused");
  return error;
};

describe("a certificate from an ACME CA", () => {
  it("is stored whole: chain, key, where it came from, and nothing else stays", async () => {
    const { ca, cluster, zones, issuer, tools, secret, kept } = await fresh();
    zones.sets.push({ name: "_acme-challenge", type: "TXT", ttl: 300, values: ["somebody else's"] });
    await issuer.issue(wish(), tools());
    const live = cluster.objects.get(keyOf(TARGET));
    const chain = certificatesIn(secret("tls.crt"));
    expect(chain).toHaveLength(2);
    expect(dnsNamesOf(chain[0] as X509Certificate)).toEqual(NAMES);
    expect(chain[0]?.checkPrivateKey(createPrivateKey(secret("tls.key")))).toBe(true);
    expect(live?.type).toBe("kubernetes.io/tls");
    expect(live?.metadata.annotations?.["kn-bootstrap/acme-directory"]).toBe(ca.url);
    expect(secret("ca.crt")).toBe("");
    expect(inspect(live)).toMatchObject({ keyMatches: true, chainMatches: true, origin: ca.url });
    expect(zones.sets).toEqual([{ name: "_acme-challenge", type: "TXT", ttl: 300, values: ["somebody else's"] }]);
    expect(kept("acme-order-")).toEqual([]);
    expect(kept("acme-account-")).toHaveLength(1);
    expect(kept("acme-ledger")).toHaveLength(1);
  });

  it("writes both values of an apex and its wildcard in one batch, and takes them away in one", async () => {
    const { zones, issuer, tools } = await fresh();
    await issuer.issue(wish(), tools());
    expect(zones.batches.map((batch) => batch.map(({ from, to }) => [from?.values.length, to?.values.length]))).toEqual(
      [[[undefined, 2]], [[2, undefined]]],
    );
  });

  it("gives the account a new key, also when it was killed between the CA's answer and keeping it", async () => {
    const { ca, issuer, tools, cluster } = await fresh();
    await issuer.issue(wish(["a.example.com"]), tools());
    const [before] = await keptAccounts(cluster.read, HOME);
    const given = tools();
    let stores = 0;
    const dying = {
      ...given,
      store: async (object: Parameters<typeof given.store>[0]) => {
        stores += 1;
        if (stores === 2) throw new Error("killed");
        await given.store(object);
      },
    };
    await expect(rollAccountKey(ca, dying)).rejects.toThrow("killed");
    expect(await rollAccountKey(ca, given)).toBe(true);
    const [after] = await keptAccounts(cluster.read, HOME);
    expect(after?.url).toBe(before?.url);
    expect(after?.key).not.toBe(before?.key);
    await issuer.issue(wish(["b.example.com"]), tools());
    expect(ca.accounts.size).toBe(1);
  });

  it("uses the account again, and another one after it was deactivated", async () => {
    const { ca, issuer, tools, cluster } = await fresh();
    await issuer.issue(wish(["a.example.com"]), tools());
    await issuer.issue(wish(["b.example.com"]), tools());
    expect(ca.accounts.size).toBe(1);
    const [account] = await keptAccounts(cluster.read, HOME);
    await ca.account(account?.key ?? "", account?.url ?? "").deactivate();
    await issuer.issue(wish(["c.example.com"]), tools());
    expect(ca.accounts.size).toBe(2);
    expect(ca.certificates).toHaveLength(3);
  });

  it("does not use an account that came from another cluster", async () => {
    const first = await fresh();
    await first.issuer.issue(wish(), first.tools());
    const restored = scene(first.ca, first.zones, { cluster: first.cluster, clusterUid: "2222" });
    await restored.issuer.issue(wish(["other.example.com"]), restored.tools());
    expect(first.ca.accounts.size).toBe(2);
  });

  it("renews with the certificate that it replaces, unless that came from another CA", async () => {
    const { ca, issuer, tools, secret, cluster, zones } = await fresh();
    await issuer.issue(wish(), tools());
    const first = secret("tls.crt");
    await issuer.issue(wish(NAMES, "expires in 20 days"), tools());
    expect(ca.orders.map(({ replaces }) => replaces)).toEqual([undefined, first]);
    const other = await memoryAuthority((name) => zones.txt.get(name) ?? [], { url: "https://other.example/dir" });
    const moved = scene(other, zones, { cluster });
    await moved.issuer.issue(wish(), moved.tools());
    expect(other.orders.map(({ replaces }) => replaces)).toEqual([undefined]);
  });

  it("is made all the same when the CA has replaced that certificate already", async () => {
    const { ca, issuer, tools } = await fresh();
    await issuer.issue(wish(), tools());
    ca.refuse = (_names, replaces) =>
      replaces ? { type: "alreadyReplaced", detail: "has been replaced", status: 409 } : undefined;
    await issuer.issue(wish(NAMES, "expires in 20 days"), tools());
    expect(ca.certificates).toHaveLength(2);
  });

  it.each(["ecdsa", "rsa"] as const)("has a %s key on request", async (keyType) => {
    const { issuer, tools, secret } = await fresh({}, { settings: { keyType } });
    await issuer.issue(wish(), tools());
    expect(createPrivateKey(secret("tls.key")).asymmetricKeyType).toBe(keyType === "rsa" ? "rsa" : "ec");
  });

  it("brings the root of a private CA along", async () => {
    const zones = memoryZones();
    const ca = await memoryAuthority((name) => zones.txt.get(name) ?? []);
    const { issuer, tools, secret } = scene(ca, zones, { settings: { root: ca.root } });
    await issuer.issue(wish(), tools());
    expect(new X509Certificate(secret("ca.crt")).fingerprint256).toBe(new X509Certificate(ca.root).fingerprint256);
  });

  it.each([
    ["another root's chain", async () => (await memoryAuthority(() => [])).root],
    ["text", async () => "sorry"],
  ])("is not stored when the CA serves %s", async (_title, other) => {
    const { ca, issuer, tools, cluster } = await fresh();
    const served = await other();
    ca.swap = () => served;
    expect(await refused(issuer.issue(wish(), tools()))).toMatchObject({ id: "acme.unusable", kind: "failed" });
    expect(cluster.objects.has(keyOf(TARGET))).toBe(false);
    ca.swap = undefined;
    await issuer.issue(wish(), tools());
    expect(ca.certificates).toHaveLength(1);
  });
});

describe("an issuance that fails", () => {
  it("says what the CA saw, leaves no TXT value, and begins a new order next time", async () => {
    const { ca, issuer, tools, zones, kept } = await fresh();
    ca.fail = (name) => ({ type: "unauthorized", detail: `Incorrect TXT record "x" found at _acme-challenge.${name}` });
    const error = await refused(issuer.issue(wish(["*.example.com"]), tools()));
    expect(error).toMatchObject({ id: "acme.unauthorized", kind: "failed" });
    expect(error.message).toContain("*.example.com");
    expect(error.why).toContain('Incorrect TXT record "x"');
    expect(zones.sets).toEqual([]);
    expect(kept("acme-order-")).toEqual([]);
    ca.fail = undefined;
    await issuer.issue(wish(["*.example.com"]), tools());
    expect(ca.orders).toHaveLength(2);
  });

  it("keeps the order when the records do not arrive, and goes on with it", async () => {
    let isBroken = true;
    const { ca, issuer, tools, zones } = await fresh(
      {},
      {
        awaitTxt: async () => {
          if (isBroken)
            throw new UserError({ id: "dns.propagated", what: "ns2 lacks it", remedy: "wait", kind: "failed" });
        },
      },
    );
    expect(await refused(issuer.issue(wish(), tools()))).toMatchObject({ id: "dns.propagated" });
    expect(zones.sets).toEqual([]);
    isBroken = false;
    await issuer.issue(wish(), tools());
    expect(ca.orders).toHaveLength(1);
  });

  it("takes its values away after Ctrl-C, although the signal is over", async () => {
    const stop = new AbortController();
    const { ca, issuer, tools, zones } = await fresh(
      {},
      {
        awaitTxt: async (_expected, signal) => {
          stop.abort(new Error("interrupted"));
          signal.throwIfAborted();
        },
      },
    );
    await expect(issuer.issue(wish(), tools({ signal: stop.signal }))).rejects.toThrow("interrupted");
    expect(zones.batches).toHaveLength(2);
    expect(zones.sets).toEqual([]);
    expect(ca.orders).toHaveLength(1);
  });

  it("waits for a person without taking anything back, and continues the same order", async () => {
    const shown: string[][] = [];
    let isDone = false;
    const zones = memoryZones();
    const ca = await memoryAuthority((name) => zones.txt.get(name) ?? []);
    const { issuer, tools, cluster } = scene(ca, zones, {
      records: {
        copiesFor: async () => [],
        change: async ({ add }) => {
          shown.push(add.map(({ value }) => value));
          if (!isDone && add.length > 0)
            throw new UserError({ id: "dns.manual", what: "Write these", remedy: "run again", kind: "person" });
        },
      },
    });
    expect(await refused(issuer.issue(wish(), tools()))).toMatchObject({ kind: "person" });
    expect(shown).toHaveLength(1);
    expect(await unfinishedOrders(cluster.read, TARGET)).toHaveLength(1);
    isDone = true;
    zones.txt.set("_acme-challenge.example.com", shown[0] ?? []);
    await issuer.issue(wish(), tools());
    expect(shown[1]).toEqual(shown[0]);
    expect(ca.orders).toHaveLength(1);
  });

  it("is refused before the CA is asked when Let's Encrypt's limit is certainly reached", async () => {
    const { ca, issuer, tools } = await fresh({
      url: "https://acme-v02.api.letsencrypt.org/directory",
      info: { hasRenewalInfo: false },
    });
    for (let count = 0; count < 5; count += 1) await issuer.issue(wish(NAMES), tools());
    const error = await refused(issuer.issue(wish(NAMES), tools()));
    expect(error).toMatchObject({ id: "acme.limit", kind: "failed" });
    expect(error.remedy.text).toMatch(/after \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    expect(ca.orders).toHaveLength(5);
    await issuer.issue(wish(["other.example.com"]), tools());
  });

  it("refuses an unknown profile with the ones there are, and a missing external account, before anything is made", async () => {
    const profile = await fresh({}, { settings: { profile: "tiny" } });
    const error = await refused(profile.issuer.issue(wish(), profile.tools()));
    expect(error).toMatchObject({ id: "acme.profile", kind: "input" });
    expect(error.remedy.text).toContain("classic (90 days)");
    const external = await fresh({ info: { externalAccountRequired: true } });
    expect(await refused(external.issuer.issue(wish(), external.tools()))).toMatchObject({
      id: "acme.external-account",
      kind: "input",
    });
    expect([profile.cluster.objects.size, external.cluster.objects.size]).toEqual([0, 0]);
  });
});
