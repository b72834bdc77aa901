import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { rollAccountKey } from "../../src/certificates/acme/index.ts";
import { unfinishedOrders } from "../../src/certificates/acme/journal.ts";
import { certificatesIn } from "../../src/certificates/pem.ts";
import { HOME } from "../../src/kube/inventory.ts";
import type { Account, Authority } from "../../src/ports/authority.ts";
import { UserError } from "../../src/ports/error.ts";
import { keyOf } from "../../src/ports/object.ts";
import { type Pebble, pebbleMissing, startPebble } from "../real/pebble.ts";
import { memoryZones, NAMES, scene, TARGET, UNFINISHED, wish } from "./acme-scene.ts";
import { keptAccounts } from "./kept-accounts.ts";
import { startTxtServer, type TxtServer } from "./txt-server.ts";

/** Counts what a CA was asked, and calls `after` when a request has had its effect. */
const watched = (authority: Authority, after: (request: string) => void): Authority => {
  const seen =
    <A extends unknown[], T>(name: string, work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const value = await work(...args);
      after(name);
      return value;
    };
  return {
    ...authority,
    register: seen("register", authority.register),
    account: (key, url): Account => {
      const account = authority.account(key, url);
      return {
        ...account,
        newOrder: seen("newOrder", account.newOrder),
        order: seen("order", account.order),
        authorizations: seen("authorizations", account.authorizations),
        answer: seen("answer", account.answer),
        finalize: seen("finalize", account.finalize),
        certificate: seen("certificate", account.certificate),
      };
    },
  };
};

describe.skipIf(pebbleMissing() !== undefined)("with a real Pebble, strict, half of the nonces rejected", () => {
  let dns: TxtServer;
  let pebble: Pebble;
  let authority: Authority;

  beforeAll(async () => {
    dns = await startTxtServer();
    pebble = await startPebble({ dns: dns.address, authorizationsReused: false });
    authority = createAuthority({ directory: pebble.directory, ca: pebble.tlsCa, env: {} });
  });
  afterAll(async () => {
    await pebble?.close();
    await dns?.close();
  });

  const fresh = (
    ca: Authority = authority,
    settings: NonNullable<Parameters<typeof scene>[2]>["settings"] = { root: pebble.root },
  ) => scene(ca, memoryZones(dns.txt), { settings });

  it("issues an apex with its wildcard, renews it, and names what it replaces", async () => {
    const { issuer, tools, secret, zones } = fresh();
    await issuer.issue(wish(), tools());
    const first = secret("tls.crt");
    await issuer.issue(wish(NAMES, "expires in 20 days"), tools());
    const [before, after] = [first, secret("tls.crt")].map((pem) => certificatesIn(pem)[0]?.serialNumber);
    expect(after).not.toBe(before);
    expect(new X509Certificate(secret("ca.crt")).ca).toBe(true);
    expect(zones.sets).toEqual([]);
    if (!pebble.isModern) return;
    const window = await authority.renewalInfo(secret("tls.crt"));
    expect(window?.start.getTime()).toBeGreaterThan(Date.now());
  });

  it("issues by profile, and says which there are", async (ctx) => {
    if (!pebble.isModern) ctx.skip("this Pebble has no profiles");
    const { issuer, tools, secret } = fresh(authority, { profile: "shortlived" });
    await issuer.issue(wish(["short.example.com"]), tools());
    const { validFromDate, validToDate } = new X509Certificate(secret("tls.crt"));
    expect(Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000)).toBe(6);
    const other = fresh(authority, { profile: "tiny" });
    await expect(other.issuer.issue(wish(), other.tools())).rejects.toMatchObject({
      id: "acme.profile",
      kind: "input",
    });
  });

  it("says what Pebble saw when the record is wrong, and what it forbids", async () => {
    const { issuer, tools } = scene(authority, memoryZones(new Map()), {});
    const error = await issuer.issue(wish(["wrong.example.com"]), tools()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ kind: "failed" });
    expect(String(error)).toContain("wrong.example.com");
    await expect(issuer.issue(wish(["a.blocked.example"]), tools())).rejects.toMatchObject({
      id: "acme.rejected-name",
    });
  });

  it("makes a new account after the old one was deactivated", async () => {
    const { issuer, tools, cluster } = fresh();
    await issuer.issue(wish(["one.example.com"]), tools());
    const [kept] = await keptAccounts(cluster.read, HOME);
    await authority.account(kept?.key ?? "", kept?.url ?? "").deactivate();
    await issuer.issue(wish(["two.example.com"]), tools());
    const [next] = await keptAccounts(cluster.read, HOME);
    expect(next?.url).not.toBe(kept?.url);
  });

  it("gives the account a new key", async () => {
    const { issuer, tools, cluster } = fresh();
    await issuer.issue(wish(["roll.example.com"]), tools());
    const [before] = await keptAccounts(cluster.read, HOME);
    expect(await rollAccountKey(authority, tools())).toBe(true);
    const [after] = await keptAccounts(cluster.read, HOME);
    expect([after?.url, after?.key === before?.key]).toEqual([before?.url, false]);
    const account = authority.account(after?.key ?? "", after?.url ?? "");
    expect((await account.newOrder({ names: ["rolled.example.com"] })).status).toBe("pending");
  });

  it("killed after any request or write and run again: one certificate, no TXT value", async () => {
    let isOver = false;
    for (let effects = 0; !isOver; effects += 1) {
      let left = effects;
      let isArmed = true;
      const count = (): void => {
        left -= 1;
        if (isArmed && left < 0) throw new Error("killed");
      };
      const finalized = new Set<string>();
      const ca = watched(authority, (request) => {
        // Answers have no order among themselves.
        if (request !== "order" && request !== "answer") count();
      });
      const counted: Authority = {
        ...ca,
        account: (key, url) => {
          const account = ca.account(key, url);
          return {
            ...account,
            finalize: (order, ...rest) => {
              finalized.add(order.url);
              return account.finalize(order, ...rest);
            },
          };
        },
      };
      const world = fresh(counted);
      world.cluster.after = count;
      world.zones.after = count;
      isOver = await world.issuer.issue(wish(["kill.example.com"]), world.tools()).then(
        () => true,
        () => false,
      );
      isArmed = false;
      const isThere = world.cluster.objects.has(keyOf(TARGET));
      if (!isThere || (await unfinishedOrders(world.cluster.read, TARGET)).length > 0) {
        const reason = isThere ? UNFINISHED : "missing";
        await world.issuer.issue(wish(["kill.example.com"], reason), world.tools());
      }
      expect(finalized.size, `killed after ${effects}`).toBe(1);
      expect(world.zones.sets, `killed after ${effects}`).toEqual([]);
      expect(world.kept("acme-order-")).toEqual([]);
    }
  });
});

describe.skipIf(pebbleMissing() !== undefined)("with a real Pebble that wants external accounts", () => {
  it("binds the account by the key from the CA's console", async () => {
    const dns = await startTxtServer();
    const hmacKey = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64url");
    const pebble = await startPebble({ dns: dns.address, externalAccounts: { "kid-1": hmacKey } });
    try {
      const authority = createAuthority({ directory: pebble.directory, ca: pebble.tlsCa, env: {} });
      const without = scene(authority, memoryZones(dns.txt));
      await expect(without.issuer.issue(wish(), without.tools())).rejects.toMatchObject({
        id: "acme.external-account",
      });
      const bound = scene(authority, memoryZones(dns.txt), { settings: { external: { kid: "kid-1", hmacKey } } });
      await bound.issuer.issue(wish(), bound.tools());
      expect(bound.secret("tls.crt")).toContain("BEGIN CERTIFICATE");
    } finally {
      await pebble.close();
      await dns.close();
    }
  });
});
