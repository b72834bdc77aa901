import { describe, expect, it } from "vitest";
import { lookup } from "../../src/sandbox/dns/lookup.ts";
import { createVersions, type RecordSet } from "../../src/sandbox/dns/zone.ts";
import { busyZone, exampleZone } from "./rfc4592.ts";

const ask =
  (apex: string, sets: readonly RecordSet[], hosts: ReadonlyMap<string, readonly string[]> = new Map(), random = 0) =>
  (name: string, type: string): string => {
    const content = createVersions(apex, sets, () => 0).seenBy("any", 0);
    const found = lookup(content, apex, name, type, { hosts, random: () => random });
    const answers = found.answers.map((record) => `${record.name} ${record.type} ${record.value}`);
    if (!found.authoritative) return `referral to ${found.authority[0]?.name}`;
    return answers.length > 0 && found.rcode === "NOERROR"
      ? answers.join(", ")
      : [...answers, found.rcode === "NOERROR" ? "no data" : "no such name"].join(", ");
  };

describe("a name in a zone", () => {
  it.each([
    ["host3.example", "MX", "host3.example MX 10 host1.example"],
    ["host3.example", "A", "no data"],
    ["foo.bar.example", "TXT", 'foo.bar.example TXT "this is a wildcard"'],
    ["host1.example", "MX", "no data"],
    ["sub.*.example", "MX", "no data"],
    ["_telnet._tcp.host1.example", "SRV", "no such name"],
    ["host.subdel.example", "A", "referral to subdel.example"],
    ["ghost.*.example", "MX", "no such name"],
  ])("answers %s %s as RFC 4592 §2.2.1 does: %s", (name, type, expected) => {
    expect(ask("example", exampleZone)(name, type)).toBe(expected);
  });

  it.each([
    ["svc.ns.busy.test", "A", "no such name"],
    ["ns.busy.test", "A", "no data"],
    ["other.busy.test", "A", /^other\.busy\.test CNAME gateway\.busy\.test, gateway\.busy\.test A 192\.0\.2\.20/],
    ["a.b.other.busy.test", "AAAA", /gateway\.busy\.test AAAA 2001:db8::20$/],
    ["x.team.busy.test", "A", "x.team.busy.test A 192.0.2.30"],
    ["x.down.team.busy.test", "A", "no such name"],
    ["team.busy.test", "A", "no data"],
    ["away.busy.test", "A", "away.busy.test CNAME gateway.example.org"],
    ["broken.busy.test", "A", "broken.busy.test CNAME nothing.ns.busy.test, no such name"],
    ["child.busy.test", "DS", "no data"],
  ])("closest encloser: %s %s", (name, type, expected) => {
    expect(ask("busy.test", busyZone)(name, type)).toEqual(
      typeof expected === "string" ? expected : expect.stringMatching(expected),
    );
  });

  it("is looked up elsewhere below a DNAME, whose owner itself is not (RFC 6672)", () => {
    const moved: RecordSet = { name: "old.example", type: "DNAME", ttl: 1, values: ["subtree.example"] };
    const there: RecordSet = { name: "a.subtree.example", type: "A", ttl: 1, values: ["192.0.2.1"] };
    const asking = ask("example", [...exampleZone, moved, there, { ...there, name: "a.old.example" }]);
    expect(asking("a.old.example", "A")).toBe(
      "old.example DNAME subtree.example, a.old.example CNAME a.subtree.example, a.subtree.example A 192.0.2.1",
    );
    expect(asking("b.c.old.example", "CNAME")).toContain("b.c.old.example CNAME b.c.subtree.example");
    expect(asking("old.example", "A")).toBe("no data");
  });

  it("ends at a CNAME that leads back to itself", () => {
    const loop = ["a", "b"].map((label, index, all) => ({
      name: `${label}.example`,
      type: "CNAME",
      ttl: 1,
      values: [`${all[1 - index]}.example`],
    }));
    expect(ask("example", [...exampleZone, ...loop])("a.example", "A")).toBe(
      "a.example CNAME b.example, b.example CNAME a.example",
    );
  });

  it("answers an alias with the addresses of its target", () => {
    const alias = { target: "dualstack.lb.elb.amazonaws.com.", zone: "ZLB", evaluateTargetHealth: false };
    const sets: readonly RecordSet[] = [
      { name: "*.example", type: "A", values: [], alias },
      { name: "www.example", type: "A", values: [], alias: { ...alias, target: "host1.example" } },
      { name: "l.example", type: "A", values: [], alias: { ...alias, target: "r.example" } },
      { name: "r.example", type: "A", values: [], alias: { ...alias, target: "l.example" } },
    ];
    const at = ask(
      "example",
      [...exampleZone, ...sets],
      new Map([["lb.elb.amazonaws.com", ["192.0.2.9", "2001:db8::9"]]]),
    );
    expect(at("any.example", "A")).toBe("any.example A 192.0.2.9");
    expect(at("any.example", "AAAA")).toBe("no data");
    expect(at("l.example", "A")).toBe("no data");
    expect(at("www.example", "A")).toBe("www.example A 192.0.2.1");
  });

  it("chooses among weighted sets and joins multivalue ones", () => {
    const weighted = [1, 3].map((weight) => ({
      name: "w.example",
      type: "A",
      ttl: 1,
      values: [`192.0.2.${weight}`],
      routing: { id: `${weight}`, weight },
    }));
    const multi = Array.from({ length: 9 }, (_, index) => ({
      name: "m.example",
      type: "A",
      ttl: 1,
      values: [`192.0.2.${index}`],
      routing: { id: `${index}`, multivalue: true },
    }));
    const sets = [...exampleZone, ...weighted, ...multi];
    expect(ask("example", sets, undefined, 0.2)("w.example", "A")).toBe("w.example A 192.0.2.1");
    expect(ask("example", sets, undefined, 0.3)("w.example", "A")).toBe("w.example A 192.0.2.3");
    expect(ask("example", sets)("m.example", "A").split(", ")).toHaveLength(8);
  });
});

describe("the versions of a zone", () => {
  it("let each server see a change in its own time, and a failed edit never", () => {
    let time = 0;
    const { records, seenBy } = createVersions("example", exampleZone, () => time);
    const serial = (server: string): string | undefined =>
      seenBy(server, 0)
        .get("example")
        ?.find(({ type }) => type === "SOA")
        ?.values[0]?.split(" ")[2];
    records.set({ name: "new.example", type: "A", ttl: 1, values: ["192.0.2.7"] }, (server) =>
      server === "slow" ? 50 : 0,
    );
    expect([serial("fast"), serial("slow")]).toEqual(["2", "1"]);
    time = 50;
    expect(serial("slow")).toBe("2");
    expect(() =>
      records.edit((draft) => {
        draft.remove("new.example", "A");
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(() => records.set({ name: "elsewhere.org", type: "A", ttl: 1, values: ["192.0.2.7"] })).toThrow(
      /not in the zone/,
    );
    expect(() => records.set({ name: "x.example", type: "A", ttl: 1, values: ["nonsense"] })).toThrow(/not an IPv4/);
    expect(records.get("new.example", "A")?.values).toEqual(["192.0.2.7"]);
    expect(serial("fast")).toBe("2");
  });
});
