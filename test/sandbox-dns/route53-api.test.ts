import {
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandOutput,
} from "@aws-sdk/client-route-53";
import { describe, expect, it } from "vitest";
import { batchIn } from "../../src/sandbox/route53/index.ts";
import { useAccount, writing } from "./route53-account.ts";

const account = useAccount();
const { one, change, refused, stored } = writing(account);

describe("what the API lists", () => {
  it("record sets by reversed labels, page by page, with octal codes", async () => {
    await change(
      one("CREATE", "*.apps", "A", { values: ["192.0.2.1"] }),
      one("CREATE", "b.apps", "A", { values: ["192.0.2.1"] }),
      one("CREATE", "apps", "TXT", { values: ['"x"'] }),
      ...["1", "2", "3"].map((id) =>
        one("CREATE", "m", "TXT", { values: [`"${id}"`], SetIdentifier: id, MultiValueAnswer: true }),
      ),
    );
    const listed: string[] = [];
    let page: ListResourceRecordSetsCommandOutput | undefined;
    do {
      page = await account.client.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: account.zone.id,
          StartRecordName: page?.NextRecordName,
          StartRecordType: page?.NextRecordType,
          StartRecordIdentifier: page?.NextRecordIdentifier,
        }),
      );
      for (const set of page.ResourceRecordSets ?? [])
        listed.push(`${set.Name} ${set.Type} ${set.SetIdentifier ?? "-"}`);
    } while (page.IsTruncated);
    expect(listed.map((line) => line.replace(account.zone.name, "ZONE"))).toEqual([
      "ZONE. NS -",
      "ZONE. SOA -",
      "apps.ZONE. TXT -",
      "\\052.apps.ZONE. A -",
      "b.apps.ZONE. A -",
      "m.ZONE. TXT 1",
      "m.ZONE. TXT 2",
      "m.ZONE. TXT 3",
    ]);
    const from = new ListResourceRecordSetsCommand({
      HostedZoneId: account.zone.id,
      StartRecordName: `*.apps.${account.zone.name}`,
      StartRecordType: "A",
      MaxItems: 1,
    });
    expect((await account.client.send(from)).ResourceRecordSets?.[0]?.Name).toBe(`\\052.apps.${account.zone.name}.`);
  });

  it("hosted zones, twins and private ones, and whose servers they are", async () => {
    const twin = await account.dns.addZone({ name: account.zone.name, delegated: false });
    const secret = await account.dns.addZone({ name: account.zone.name, isPrivate: true });
    const found = await account.client.send(
      new ListHostedZonesByNameCommand({ DNSName: account.zone.name, MaxItems: 3 }),
    );
    expect(found.HostedZones?.map(({ Id, Name, Config }) => [Id, Name, Config?.PrivateZone])).toEqual(
      [account.zone, twin, secret].map(({ id, name, isPrivate }) => [`/hostedzone/${id}`, `${name}.`, isPrivate]),
    );
    const { DelegationSet, HostedZone } = await account.client.send(new GetHostedZoneCommand({ Id: twin.id }));
    expect(DelegationSet?.NameServers).toEqual(twin.nameServers);
    expect(HostedZone?.ResourceRecordSetCount).toBe(2);
    const all: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await account.client.send(new ListHostedZonesCommand({ Marker }));
      all.push(...(page.HostedZones ?? []).map(({ Id }) => Id));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    const mine = account.dns.zones().filter(({ isAutomatic }) => !isAutomatic);
    expect(all).toEqual(mine.map(({ id }) => `/hostedzone/${id}`).sort());
  });
});

describe("the API in a bad mood", () => {
  const status = (): Promise<string> =>
    account.client.send(new GetHostedZoneCommand({ Id: account.zone.id })).then(
      () => "fine",
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it("throttles, denies by name, and knows no foreign zone", async () => {
    account.api.refuseNext(1, "Throttling", "GetHostedZone");
    account.api.refuseNext(1, "PriorRequestNotComplete", "ChangeResourceRecordSets");
    expect([await status(), await status()]).toEqual(["Throttling: Rate exceeded", "fine"]);
    const record = one("CREATE", "a", "A", { values: ["192.0.2.1"] });
    expect(await refused(record)).toContain("PriorRequestNotComplete: The request was rejected because");
    const allow = account.api.deny("ChangeResourceRecordSets");
    expect(await refused(record)).toBe(
      "AccessDenied: User: arn:aws:iam::123456789012:user/rehearsal is not authorized to perform: route53:ChangeResourceRecordSets " +
        `on resource: arn:aws:route53:::hostedzone/${account.zone.id} because no identity-based policy allows the route53:ChangeResourceRecordSets action`,
    );
    allow();
    expect(await refused(record)).toBe("accepted");
    const { id } = account.zone;
    account.zone = { ...account.zone, id: "ZNONE" };
    expect(await status()).toBe("NoSuchHostedZone: No hosted zone found with ID: ZNONE");
    expect(account.api.requests.filter((request) => request.id === id && request.isWrite)).toHaveLength(3);
  });

  it("loses an answer after it has written", async () => {
    account.onHandled = ({ isWrite }) => {
      if (isWrite) throw new Error("the line is cut");
    };
    const before = account.api.calls("ChangeResourceRecordSets");
    expect(await refused(one("CREATE", "a", "A", { values: ["192.0.2.1"] }))).not.toBe("accepted");
    expect(stored()).toEqual(["a A 192.0.2.1"]);
    expect(account.api.calls("ChangeResourceRecordSets")).toBe(before + 1);
  });

  it("dies before it has written, or lets somebody else answer", async () => {
    account.onRequest = ({ action }) =>
      action === "GetHostedZone" ? { status: 503, body: "" } : Promise.reject(new Error("the server is gone"));
    expect(await refused(one("CREATE", "a", "A", { values: ["192.0.2.1"] }))).not.toBe("accepted");
    expect(await status()).not.toBe("fine");
    expect(stored()).toEqual([]);
    const changes = batchIn(account.api.requests.findLast(({ isWrite }) => isWrite)?.body ?? "").changes;
    expect(changes.map(({ action, set }) => [action, set.name])).toEqual([["CREATE", `a.${account.zone.name}`]]);
  });

  it("wants a signature", async () => {
    const response = await fetch(`${account.api.endpoint}/2013-04-01/hostedzone`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("<Code>MissingAuthenticationToken</Code>");
  });
});
