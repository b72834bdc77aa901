import { describe, expect, it } from "vitest";
import { ids, knownStrategy, strategies, strategyOf, type TlsId } from "../../src/certificates/index.ts";
import { complete } from "../../src/config/complete.ts";
import { readRenewal, renewalText } from "../../src/steps/renewal/status.ts";

/** What every way to TLS must say, so that nobody has to ask which one it is. */
describe.each(strategies.map((strategy) => [strategy.id, strategy] as const))("--tls %s", (id, strategy) => {
  const { serves, acme, issue, isBrought, controller, root, elsewhere, title, offer } = strategy;

  it("has one source of certificates, which goes with what it serves", () => {
    const sources = { acme, issue, isBrought, controller };
    const given = Object.entries(sources).flatMap(([name, source]) => (source === undefined ? [] : [name]));
    const fitting = { gateway: ["acme", "issue", "isBrought"], routes: ["controller"], nothing: [] }[serves];
    expect(given).toHaveLength(serves === "nothing" ? 0 : 1);
    expect(fitting).toEqual(expect.arrayContaining(given));
  });

  it("is renewed by us where we make the certificate, and else says by whom", () => {
    const isOurs = acme !== undefined || issue !== undefined;
    expect(elsewhere === undefined).toBe(isOurs);
    expect(elsewhere?.renewer === undefined).toBe(isOurs || serves === "nothing");
    // What `renew` says is a sentence; inside another one the rest stands.
    if (elsewhere) expect(elsewhere.answer).toMatch(/^\S.*\.$/);
  });

  it("has a root to import only where we made it", () => {
    if (root) expect(issue).toBeDefined();
  });

  it("is described wherever it is chosen", () => {
    for (const text of [title, offer.title, offer.hint]) expect(text).not.toBe("");
    expect(offer.hint).toMatch(/\.$/);
  });

  it("says in status who renews, in words and not by its id alone", async () => {
    const cluster = { get: async () => undefined } as never;
    const certificate = { notBefore: new Date(0), notAfter: new Date(90 * 86_400_000) } as never;
    const renewal = await readRenewal({ tls: id, "tls-secret": "a/b" }, certificate, { cluster });
    expect(renewal === undefined).toBe(serves === "nothing");
    if (renewal) expect(renewalText(renewal)).toMatch(/\w+[ ,:]/);
    expect(renewal?.canComeSooner).toBe(acme ? true : undefined);
  });
});

describe("the registry of ways to TLS", () => {
  it("has each id once", () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has those that are taken where nobody chose", () => {
    const usual = (written: Parameters<typeof complete>[0]): TlsId =>
      complete(written, { env: {}, terminal: false }).tls;
    expect([
      usual({}),
      usual({ domain: "example.com", dns: "route53" }),
      usual({ acmeDirectory: "https://ca.example.com/d" }),
    ]).toEqual(["self-signed", "letsencrypt", "acme"]);
  });

  it("knows nothing that another version kept, and does not take a typo", () => {
    expect(knownStrategy("of-tomorrow")).toBeUndefined();
    expect(knownStrategy(undefined)).toBeUndefined();
    // @ts-expect-error: no such way to TLS
    expect(() => strategyOf("letsencript")).toThrow("letsencript");
  });
});
