import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { iamPolicy } from "../../src/dns/route53/policy.ts";
import type { Route53Set } from "../../src/dns/route53/record-sets.ts";
import type { RecordType } from "../../src/ports/dns.ts";
import { absolute, type RecordSet } from "../../src/ports/zones.ts";
import { startDns } from "../../src/sandbox/dns/index.ts";
import { type Route53, startRoute53 } from "../../src/sandbox/route53/index.ts";
import { ask } from "./ask.ts";
import { BALANCER } from "./record-kinds.ts";
import { type ZonesFixture, zonesContract } from "./zones.ts";

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** The rehearsal's Route 53 in small pages, spoken to by the real SDK; changes take a moment to reach the servers. */
const open = async (): Promise<ZonesFixture & { readonly api: Route53 }> => {
  const dns = await startDns({ hosts: new Map([[BALANCER.target, [BALANCER.address]]]) });
  const name = "apps.example.com";
  const parent = await dns.addZone({ name: "example.com" });
  const zone = await dns.addZone({ name });
  const twin = await dns.addZone({ name, delegated: false });
  const hidden = await dns.addZone({ name, isPrivate: true });
  const api = await startRoute53({ dns, delay: 20, pageLimit: 3 });
  const zones = await openRoute53(
    {
      env: api.env,
      signal: new AbortController().signal,
      onTrouble: () => undefined,
    },
    { pollMs: [10] },
  );
  const portOf = ({ id, isPrivate, nameServers }: typeof zone) => ({ id, name, isPrivate, nameServers });
  const tamper = async ({ from, to }: { readonly from?: Route53Set; readonly to?: Route53Set }): Promise<void> =>
    zone.records.edit((draft) => {
      if (from) draft.remove(absolute(zone, from.name), from.type, from.routing?.id);
      if (to) draft.put(foreign(to));
    });
  const foreign = ({ alias: _, routing, ...set }: Route53Set): Parameters<typeof zone.records.set>[0] => ({
    ...set,
    name: absolute(zone, set.name),
    values: set.type === "TXT" ? set.values.map(quoted) : set.values,
    ...(routing ? { routing: { id: routing.id, multivalue: true } } : {}),
  });
  return {
    api,
    zones,
    zone: portOf(zone),
    others: [portOf(twin), portOf(hidden), { ...portOf(parent), name: parent.name }],
    tamper,
    lookup: (asked: string, type: RecordType) =>
      Promise.all(zone.nameServers.map((server) => ask(dns.endpoint(server), asked, type))),
    close: async () => {
      zones.close();
      await api.close();
      await dns.close();
    },
  };
};

describe("route53", () => {
  zonesContract("keeps the contract of a zone provider", { open, routing: true, alias: true, lists: true });
});

describe("the policy of iam-policy and the rights that route53 uses", () => {
  const record: RecordSet = { name: "*", type: "A", ttl: 60, values: ["192.0.2.1"] };
  let fixture: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    fixture = await open();
  });
  afterAll(() => fixture?.close());

  const everything = async (): Promise<void> => {
    const { zones, zone } = fixture;
    await zones.find(zone.name);
    const found = await zones.get(zone, record.name, record.type);
    await zones.list(zone, "@");
    await zones.change(zone, found.length === 0 ? [{ to: record }] : found.map((from) => ({ from })));
  };
  const actionsOf = ({ id, name }: ZonesFixture["zone"]): readonly string[] =>
    iamPolicy({ zones: [{ id, name, names: ["*"] }] })
      .Statement.flatMap(({ Action }) => Action)
      .sort();

  it("are the same", async () => {
    await everything();
    expect([...new Set(fixture.api.requests.map(({ action }) => `route53:${action}`))].sort()).toEqual(
      actionsOf(fixture.zone),
    );
  });

  it("are missed by name, each of them", async () => {
    for (const action of actionsOf(fixture.zone)) {
      const allow = fixture.api.deny(action.replace("route53:", ""));
      await expect(everything()).rejects.toMatchObject({
        id: "dns.route53.denied",
        message: expect.stringContaining(`AWS does not allow ${action}`),
        kind: "input",
        remedy: { command: "kn-bootstrap iam-policy --domain apps.example.com" },
      });
      allow();
    }
  });

  it("survives throttling and a zone that is busy", async () => {
    fixture.api.refuseNext(1, "Throttling");
    fixture.api.refuseNext(1, "PriorRequestNotComplete", "ChangeResourceRecordSets");
    await everything();
  });
});
