import { type Change, GetChangeCommand } from "@aws-sdk/client-route-53";
import { describe, expect, it } from "vitest";
import { ask } from "../../src/sandbox/dns/ask.ts";
import { LB, LB_ZONE, useAccount, writing } from "./route53-account.ts";

const account = useAccount();
const { one, change, refused, stored } = writing(account);

describe("a change batch", () => {
  it("is answered by the name servers, wildcards and aliases too", async () => {
    const alias = { HostedZoneId: LB_ZONE, DNSName: `dualstack.${LB}.`, EvaluateTargetHealth: false };
    await change(
      one("CREATE", "*.apps", "A", { AliasTarget: alias }),
      one("CREATE", "t", "TXT", { values: ['"a" "b\\052"'] }),
    );
    const server = account.dns.endpoint(account.zone.nameServers[0] ?? "");
    expect((await ask(server, 1, `x.apps.${account.zone.name}`, "A"))?.answers.map(({ value }) => value)).toEqual([
      "203.0.113.200",
    ]);
    expect((await ask(server, 1, `t.${account.zone.name}`, "TXT"))?.answers.map(({ value }) => value)).toEqual([
      '"a" "b*"',
    ]);
  });

  it("keeps a backslash that is escaped before digits, as a value and back", async () => {
    const values = ['"\\\\052 \\052 \\\\\\052 \\"052"'];
    await change(one("CREATE", "t", "TXT", { values }));
    const server = account.dns.endpoint(account.zone.nameServers[0] ?? "");
    expect((await ask(server, 1, `t.${account.zone.name}`, "TXT"))?.answers.map(({ value }) => value)).toEqual([
      '"\\\\052 * \\\\* \\"052"',
    ]);
    await change(one("DELETE", "t", "TXT", { values }));
    expect(stored()).toEqual([]);
  });

  it("is all or nothing, with every reason", async () => {
    await change(one("CREATE", "a", "A", { values: ["192.0.2.1"] }));
    const message = await refused(
      one("CREATE", "new", "A", { values: ["192.0.2.2"] }),
      one("CREATE", "a", "A", { values: ["192.0.2.3"] }),
      one("DELETE", "*.b", "TXT", { values: ['"x"'] }),
    );
    expect(message).toBe(
      "InvalidChangeBatch: [Tried to create resource record set [name='a.ZONE.', type='A'] but it already exists, " +
        "Tried to delete resource record set [name='\\052.b.ZONE.', type='TXT'] but it was not found]",
    );
    expect(stored()).toEqual(["a A 192.0.2.1"]);
  });

  it("replaces by an exact DELETE and a CREATE, in this order", async () => {
    await change(one("CREATE", "a", "A", { values: ["192.0.2.1", "192.0.2.2"] }));
    const stale = "but the values provided do not match the current values";
    const cname = one("CREATE", "a", "CNAME", { values: [`${LB}.`] });
    expect(await refused(one("DELETE", "a", "A", { values: ["192.0.2.1"] }), cname)).toContain(stale);
    const other = { values: ["192.0.2.2", "192.0.2.1"], TTL: 61 };
    expect(await refused(one("DELETE", "a", "A", other), cname)).toContain(stale);
    const right = one("DELETE", "a", "A", { values: ["192.0.2.2", "192.0.2.1"] });
    expect(await refused(cname, right)).toContain("is not permitted as it conflicts with other records");
    await change(right, cname);
    expect(stored()).toEqual([`a CNAME ${LB}.`]);
  });

  it.each<[string, RegExp, () => readonly Change[]]>([
    [
      "an unquoted TXT",
      /InvalidCharacterString \(Value should be enclosed in quotation marks\) encountered with 'x'/,
      () => [one("CREATE", "t", "TXT", { values: ["x"] })],
    ],
    ["a long TXT", /CharacterStringTooLong/, () => [one("CREATE", "t", "TXT", { values: [`"${"x".repeat(256)}"`] })]],
    ["an address that is none", /ARRDATAIllegalIPv4Address/, () => [one("CREATE", "a", "A", { values: ["host"] })]],
    [
      "a CNAME at the apex",
      /not permitted at apex in zone ZONE\./,
      () => [one("CREATE", "@", "CNAME", { values: ["x.org"] })],
    ],
    [
      "a record beside a CNAME",
      /type TXT with DNS name c\.ZONE\. is not permitted because a conflicting RRSet of type CNAME/,
      () => [one("CREATE", "c", "CNAME", { values: ["x.org"] }), one("CREATE", "c", "TXT", { values: ['"x"'] })],
    ],
    [
      "the same set twice",
      /invalid set of changes for a resource record set 'TXT t\.ZONE\.'/,
      () => [one("CREATE", "t", "TXT", { values: ['"x"'] }), one("UPSERT", "t", "TXT", { values: ['"y"'] })],
    ],
    [
      "multivalue beside simple",
      /type TXT, SetIdentifier "x" cannot be created because a non multivalue answer rrset exists/,
      () => [
        one("CREATE", "t", "TXT", { values: ['"x"'] }),
        one("CREATE", "t", "TXT", { values: ['"y"'], SetIdentifier: "x", MultiValueAnswer: true }),
      ],
    ],
    [
      "simple beside weighted",
      /cannot be created as other RRSets exist/,
      () => [
        one("CREATE", "t", "A", { values: ["192.0.2.1"], SetIdentifier: "x", Weight: 1 }),
        one("CREATE", "t", "A", { values: ["192.0.2.2"] }),
      ],
    ],
    [
      "an alias to nowhere",
      /alias target name does not lie within the target zone/,
      () => [
        one("CREATE", "a", "A", {
          AliasTarget: { HostedZoneId: "Z1", DNSName: "gone.elb.amazonaws.com", EvaluateTargetHealth: false },
        }),
      ],
    ],
    [
      "an alias that names another hosted zone than its target's",
      /alias target name does not lie within the target zone/,
      () => [
        one("CREATE", "a", "A", { AliasTarget: { HostedZoneId: "Z1", DNSName: LB, EvaluateTargetHealth: false } }),
      ],
    ],
    [
      "a set without values",
      /InvalidInput: .*found none in Change with \[Action=DELETE, Name=a\.ZONE\., Type=A, SetIdentifier=null\]/,
      () => [one("DELETE", "a", "A", {})],
    ],
    [
      "another zone's name",
      /RRSet with DNS name elsewhere\.org\. is not permitted in zone ZONE\./,
      () => [
        {
          Action: "CREATE",
          ResourceRecordSet: { Name: "elsewhere.org", Type: "A", TTL: 1, ResourceRecords: [{ Value: "192.0.2.1" }] },
        },
      ],
    ],
  ])("refuses %s", async (_, message, changes) => {
    expect(await refused(...changes())).toMatch(message);
    expect(stored()).toEqual([]);
  });

  it("is PENDING until the last server has it", async () => {
    account.delay = 60_000;
    const { ChangeInfo } = await change(one("CREATE", "a", "A", { values: ["192.0.2.1"] }));
    const state = async (): Promise<readonly (string | undefined)[]> => [
      (await account.client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status,
      ...(await Promise.all(
        account.zone.nameServers.map(
          async (server) => (await ask(account.dns.endpoint(server), 1, `a.${account.zone.name}`, "A"))?.rcode,
        ),
      )),
    ];
    expect(ChangeInfo?.Status).toBe("PENDING");
    expect(await state()).toEqual(["PENDING", "NXDOMAIN", "NXDOMAIN"]);
    account.time += 30_000;
    expect(await state()).toEqual(["PENDING", "NOERROR", "NXDOMAIN"]);
    account.time += 30_000;
    expect(await state()).toEqual(["INSYNC", "NOERROR", "NOERROR"]);
  });
});
