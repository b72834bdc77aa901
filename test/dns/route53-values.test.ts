import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeName, normalName } from "../../src/dns/route53/names.ts";
import { readValue, writeValue } from "../../src/dns/route53/rdata.ts";
import { normalSet, type Route53Set, readSet, writeSet } from "../../src/dns/route53/record-sets.ts";
import type { Zone } from "../../src/ports/zones.ts";

const zone: Zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: [] };

describe("names as Route 53 writes them", () => {
  it.each([
    ["*.apps.example.com", "\\052.apps.example.com"],
    ["_acme-challenge.example.com", "_acme-challenge.example.com"],
    ["0/25.2.0.192.in-addr.arpa", "0\\05725.2.0.192.in-addr.arpa"],
  ])("%s is %s", (name, escaped) => {
    expect(escapeName(name)).toBe(escaped);
    expect(normalName(`${escaped}.`)).toBe(name);
  });

  it("leaves a dot inside a label escaped, because it is another name without", () => {
    expect(normalName("a\\056b.example.com.")).toBe("a\\056b.example.com");
    expect(escapeName("a\\056b.example.com")).toBe("a\\056b.example.com");
  });
});

describe("values as Route 53 writes them", () => {
  it.each([
    ["TXT", '"one" "two"', "onetwo"],
    ["TXT", '"say \\"no\\" \\\\ \\052"', 'say "no" \\ *'],
    ["TXT", '"gr\\303\\274n"', "grün"],
    ["CNAME", "LB.Example.NET.", "lb.example.net"],
    ["NS", "ns-1.example.net.", "ns-1.example.net"],
    ["AAAA", "2001:DB8:0:0::7", "2001:db8::7"],
    ["CAA", '0 issue "ca.example"', '0 issue "ca.example"'],
    ["SOA", "ns-1.example.net. admin.example.net. 1 2 3 4 5", "ns-1.example.net admin.example.net 1 2 3 4 5"],
    ["MX", "10 mail.example.net.", "10 mail.example.net."],
  ])("%s %s reads as %s", (type, theirs, ours) => {
    expect(readValue(type, theirs)).toBe(ours);
  });

  it("splits a TXT into character-strings of 255 bytes", () => {
    const parts = writeValue("TXT", "x".repeat(600)).split(" ");
    expect(parts.map(({ length }) => length - 2)).toEqual([255, 255, 90]);
  });

  it("reads back every text that it wrote", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 600 }), (text) => {
        const written = writeValue("TXT", text);
        expect(written).toMatch(/^[ -~]+$/);
        expect(readValue("TXT", written)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});

describe("record sets", () => {
  it.each<readonly [string, Route53Set]>([
    ["the apex", { name: "@", type: "A", ttl: 60, values: ["192.0.2.1"] }],
    ["a wildcard", { name: "*.apps", type: "TXT", ttl: 60, values: ['"', "b c"] }],
    ["an alias", { name: "*", type: "A", values: [], alias: { zone: "Z26RNL4JYFTOTI", target: "lb.example.net" } }],
    ["multivalue", { name: "m", type: "TXT", ttl: 1, values: ["x"], routing: { policy: "multivalue", id: "a" } }],
  ])("%s reads as it was written", (_, set) => {
    expect(readSet(zone, writeSet(zone, set))).toEqual(set);
  });

  it.each([
    ["weighted", { Weight: 0 }],
    ["latency", { Region: "eu-west-1" as const }],
    ["failover", { Failover: "PRIMARY" as const }],
    ["geolocation", { GeoLocation: { CountryCode: "*" } }],
    ["traffic-policy", { TrafficPolicyInstanceId: "t", SetIdentifier: undefined }],
  ])("tells a %s set, and does not write one", (policy, field) => {
    const raw = { Name: "w.example.com.", Type: "A" as const, TTL: 60, SetIdentifier: "id", ...field };
    const set = readSet(zone, raw);
    expect(set.routing?.policy).toBe(policy);
    expect(() => writeSet(zone, set)).toThrow(/not ours/);
  });

  it("gives what people write the one spelling in which sets are compared", () => {
    expect(normalSet({ name: "*.Apps", type: "CNAME", ttl: 60, values: ["LB.Example.NET."] })).toEqual({
      name: "*.apps",
      type: "CNAME",
      ttl: 60,
      values: ["lb.example.net"],
    });
  });
});
