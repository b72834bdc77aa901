import { afterEach, beforeEach, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { dnsProvider } from "../../src/dns/index.ts";
import { NoAnswer, type Resolver } from "../../src/ports/dns.ts";
import { asZone, startWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

it("asks the name servers of a zone at once: one that is silent costs no time", async () => {
  const zone = await world.dns.addZone({ name: "example.com" });
  zone.records.set({ name: "*.apps.example.com", type: "A", ttl: 60, values: ["192.0.2.1"] });
  const [first = ""] = zone.nameServers;
  world.dns.setFault(first, "drop");
  const { askServer } = createResolver({ connectTo: world.dns.connectTo, timeoutMs: 600_000 });
  const resolver: Resolver = { ...world.resolver, askServer };
  const options = { env: {}, signal: new AbortController().signal, onTrouble: () => {}, interactive: false };
  const zones = await dnsProvider("manual")?.open({ ...options, resolver });
  expect(await zones?.get(asZone(zone), "*.apps", "A")).toEqual([
    { name: "*.apps", type: "A", ttl: 60, values: ["192.0.2.1"] },
  ]);
});

it("asks again for name servers that it could not find", async () => {
  const zone = await world.dns.addZone({ name: "example.com" });
  zone.records.set({ name: "*.apps.example.com", type: "A", ttl: 60, values: ["192.0.2.1"] });
  let isAway = true;
  const resolver: Resolver = {
    ...world.resolver,
    ask: async (...question) => {
      if (isAway) throw new NoAnswer(world.resolver.server, "timed out");
      return world.resolver.ask(...question);
    },
  };
  const options = { env: {}, signal: new AbortController().signal, onTrouble: () => {}, interactive: false };
  const zones = await dnsProvider("manual")?.open({ ...options, resolver });
  const get = () => zones?.get(asZone(zone), "*.apps", "A");
  await expect(get()).rejects.toThrow();
  isAway = false;
  expect(await get()).toEqual([{ name: "*.apps", type: "A", ttl: 60, values: ["192.0.2.1"] }]);
});
