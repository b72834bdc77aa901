import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { locateChallenge } from "../../src/dns/challenge.ts";
import { delegationOf, delegationProblem } from "../../src/dns/delegation.ts";
import { patientResolver } from "../../src/dns/patient.ts";
import type { Resolver } from "../../src/ports/dns.ts";
import type { Zone } from "../../src/sandbox/dns/index.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
let zone: Zone;
beforeEach(async () => {
  world = await startWorld();
  zone = await world.dns.addZone({ name: "example.com" });
});
afterEach(() => world.close());

/** The servers of a zone all say SERVFAIL, so many questions long. */
const failing = (times: number): Resolver => {
  let left = times;
  return {
    ...world.resolver,
    askServer: async (address, name, type, signal) => {
      const answer = await world.resolver.askServer(address, name, type, signal);
      if (!name.endsWith("example.com") || left <= 0) return answer;
      left -= 1;
      return { ...answer, rcode: "SERVFAIL", authoritative: false, answers: [], authority: [] };
    },
  };
};

const patient = (resolver: Resolver, patienceMs = 5_000): { readonly resolver: Resolver; readonly said: string[] } => {
  const said: string[] = [];
  return { said, resolver: patientResolver(resolver, { patienceMs, onTrouble: (reason) => said.push(reason) }) };
};

describe("name servers that all say SERVFAIL", () => {
  it("are asked again where a challenge is located", async () => {
    zone.records.set({ name: "_acme-challenge.example.com", type: "CNAME", ttl: 60, values: ["v.example.com"] });
    const start = await delegationOf(world.resolver, "example.com");
    const { resolver, said } = patient(failing(2 * start.servers.length));
    const place = await locateChallenge(resolver, "example.com", { start, random: () => "random" });
    expect(place.name).toBe("v.example.com");
    expect(said).toEqual([
      expect.stringMatching(/^no name server gives an answer for \S+ CNAME: \S+ \(\S+\) answers SERVFAIL/),
    ]);
  });

  it("are asked again before they count as lame", async () => {
    const delegation = await delegationOf(world.resolver, "example.com");
    const provider = { id: "Z1", name: "example.com", isPrivate: false, nameServers: zone.nameServers };
    const { resolver } = patient(failing(delegation.servers.length));
    expect(await delegationProblem(resolver, delegation, provider)).toBeUndefined();
  });

  it("and go on doing so cost the patience once, not once for each question", async () => {
    const start = await delegationOf(world.resolver, "example.com");
    const { resolver, said } = patient(failing(Number.POSITIVE_INFINITY), 300);
    const began = performance.now();
    for (const name of ["example.com", "a.example.com", "b.example.com"]) {
      const place = await locateChallenge(resolver, name, { start, random: () => "random" });
      expect(place.note).toContain("no server of example.com can be asked from here");
    }
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(said).toHaveLength(1);
  });
});
