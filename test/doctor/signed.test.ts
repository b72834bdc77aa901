import { describe, expect, it } from "vitest";
import { zonesSigned } from "../../src/checks/outside/signed.ts";
import { startWorld } from "../dns/world.ts";
import { dnsOf, type SceneZone } from "./dns.ts";
import { configMap, contextIn, findingOf, KNATIVE } from "./scene.ts";

/** Its tag is 45019 (RFC 4034 appendix B). */
const KEY = "257 3 13 q80=";
const objects = [...KNATIVE, configMap("config-domain", { "apps.example.com": "" })];

describe("how a zone is signed", () => {
  const find = (zone: Partial<SceneZone>) =>
    findingOf(
      { objects, dns: dnsOf([{ name: "example.com", servers: { "ns1.example.net": "192.0.2.1" }, ...zone }]) },
      zonesSigned,
    );
  it.each([
    ["not at all", {}, "ok", /^example\.com is not signed$/],
    ["with a key that the parent names", { ds: ["45019 13 2 AB"], records: [`@ DNSKEY ${KEY}`] }, "ok", /by key 45019/],
    ["with no key, and the parent names one", { ds: ["12345 13 2 AB"] }, "fail", /key 12345 .* which has none/],
    [
      "with a key, and the parent names another",
      { ds: ["12345 13 2 AB"], records: [`@ DNSKEY ${KEY}`] },
      "fail",
      /key 12345 .* which has 45019 \(algorithm 13\) alone/,
    ],
    [
      "with signatures that have ended",
      { ds: ["45019 13 2 AB"], records: [`@ DNSKEY ${KEY}`], isBogus: true as const },
      "fail",
      /with SERVFAIL, and without validation with NOERROR/,
    ],
  ])("%s", async (_what, zone, status, summary) => {
    expect(await find(zone)).toMatchObject({ status, summary: expect.stringMatching(summary) });
  });

  it("is asked over the wire of a resolver that validates", async () => {
    const world = await startWorld();
    try {
      const zone = await world.dns.addZone({ name: "example.com" });
      const find = () => zonesSigned.run({ ...contextIn({ objects }), resolver: world.resolver }, new Map());
      const name = "example.com";
      const parent = world.dns.zone("com").records;
      expect(await find()).toMatchObject({ status: "ok", summary: "example.com is not signed" });
      parent.set({ name, type: "DS", ttl: 60, values: ["45019 13 2 abcd"] });
      expect(await world.resolver.ask(name, "SOA")).toMatchObject({ rcode: "SERVFAIL" });
      expect(await world.resolver.askUnchecked(name, "SOA")).toMatchObject({ rcode: "NOERROR" });
      expect(await find()).toMatchObject({ status: "fail", summary: expect.stringContaining("which has none") });
      zone.records.set({ name, type: "DNSKEY", ttl: 60, values: [KEY] });
      expect(await find()).toMatchObject({ status: "ok", summary: "example.com by key 45019 (algorithm 13)" });
    } finally {
      await world.close();
    }
  });
});
