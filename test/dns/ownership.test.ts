import { describe, expect, it } from "vitest";
import { markerName, markerValue, ownerWords, parseMarker, recordOwner } from "../../src/dns/ownership.ts";
import type { RecordSet } from "../../src/ports/zones.ts";

const OURS = "0f4c7e0a-0000-4000-8000-000000000001";
const THEIRS = "0f4c7e0a-0000-4000-8000-000000000002";
const set = (type: RecordSet["type"], name: string, ...values: readonly string[]): RecordSet => ({
  name,
  type,
  ttl: 300,
  values,
});
const external = (owner: string, resource?: string): string =>
  `heritage=external-dns,external-dns/owner=${owner}${resource ? `,external-dns/resource=${resource}` : ""}`;

describe("our marker", () => {
  it("stands beside the domain, never at the wildcard (rule 19)", () => {
    expect(markerName("apps.example.com")).toBe("_kn-bootstrap.apps.example.com");
    expect(markerName("*.apps")).toBe("_kn-bootstrap.apps");
    expect([markerName("*"), markerName("@")]).toEqual(["_kn-bootstrap", "_kn-bootstrap"]);
  });

  it("says whose it is, and nobody else's is taken for one", () => {
    expect(parseMarker(markerValue(OURS))).toEqual({ id: OURS });
    expect(parseMarker(`"${markerValue(OURS)}"`)).toEqual({ id: OURS });
    expect(parseMarker(`${markerValue(OURS)},later=more`)).toEqual({ id: OURS });
    for (const other of ["", "heritage=kn-bootstrap", `id=${OURS}`, external("prod"), "v=spf1 -all"])
      expect(parseMarker(other)).toBeUndefined();
  });
});

describe("who keeps a record set", () => {
  const wildcard = set("A", "*.apps", "203.0.113.1");
  const ask = (name: string, ...texts: readonly RecordSet[]) => recordOwner([wildcard, ...texts], name, OURS);

  it("is us, another cluster, or nobody known, by the marker of exactly that domain", () => {
    expect(ask("*.apps", set("TXT", "_kn-bootstrap.apps", markerValue(OURS)))).toEqual({ kind: "ours" });
    const both = set("TXT", "_kn-bootstrap.apps", markerValue(THEIRS), markerValue(OURS));
    expect(ask("*.apps", both)).toEqual({ kind: "ours" });
    const theirs = set("TXT", "_kn-bootstrap.apps", markerValue(THEIRS));
    expect(ask("*.apps", theirs)).toEqual({ kind: "cluster", id: THEIRS });
    expect(ask("_kn-bootstrap.apps", theirs)).toEqual({ kind: "cluster", id: THEIRS });
    expect(ask("*.apps", set("TXT", "_kn-bootstrap", markerValue(OURS)))).toEqual({ kind: "nobody" });
    expect(ask("www.apps", set("TXT", "_kn-bootstrap.apps", markerValue(OURS)))).toEqual({ kind: "nobody" });
  });

  it.each([
    ["its old form, at the name itself", "*.apps"],
    ["the record type before the first label", "a-*.apps"],
    ["an alias, which it takes for a CNAME", "cname-*.apps"],
    ["a prefix of the user's", "extdns-a-*.apps"],
    ["a prefix that ends in a dot", "extdns.a.*.apps"],
    ["a suffix", "*-extdns.apps"],
    ["a word instead of the wildcard", "a-any.apps"],
  ])("is external-dns, by its registry: %s", (_form, name) => {
    expect(ask("*.apps", set("TXT", name, external("prod", "ingress/default/shop")))).toEqual({
      kind: "external-dns",
      owner: "prod",
      resource: "ingress/default/shop",
    });
  });

  it("is not external-dns because of a neighbour's marker", () => {
    const neighbours = [
      set("A", "my-api", "203.0.113.2"),
      set("A", "api", "203.0.113.3"),
      set("TXT", "my-api", external("prod")),
      set("TXT", "cname-my-api", external("prod")),
    ];
    expect(recordOwner(neighbours, "api", OURS)).toEqual({ kind: "nobody" });
    expect(recordOwner(neighbours, "my-api", OURS)).toMatchObject({ kind: "external-dns" });
    expect(ask("*.apps", set("A", "www.apps", "203.0.113.4"), set("TXT", "a-www.apps", external("prod")))).toEqual({
      kind: "nobody",
    });
    expect(ask("*.apps", set("TXT", "a-*.web", external("prod")))).toEqual({ kind: "nobody" });
  });

  it("is said in words", () => {
    expect(ownerWords({ kind: "external-dns", owner: "prod", resource: "ingress/default/shop" })).toBe(
      'external-dns "prod" (ingress/default/shop)',
    );
    expect(ownerWords({ kind: "cluster", id: THEIRS })).toContain(THEIRS);
  });
});
