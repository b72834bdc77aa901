import { describe, expect, it } from "vitest";
import { iamPolicy } from "../../src/dns/route53/policy.ts";

const policy = iamPolicy({
  zones: [{ id: "Z1", name: "Example.com.", names: ["*.apps.example.com", "_acme-challenge.Apps", "@", "*.apps"] }],
});

describe("the AWS policy", () => {
  it("allows changes at exactly the records' names, in IAM's spelling", () => {
    const change = policy.Statement.find(({ Action }) => Action.includes("route53:ChangeResourceRecordSets"));
    expect(change?.Resource).toBe("arn:aws:route53:::hostedzone/Z1");
    expect(change?.Condition).toEqual({
      "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
          "\\052.apps.example.com",
          "_acme-challenge.apps.example.com",
          "example.com",
        ],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "TXT"],
        "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
      },
    });
  });

  it("allows every operation that the provider uses, and no other", () => {
    expect(policy.Statement.flatMap(({ Action }) => Action).sort()).toEqual([
      "route53:ChangeResourceRecordSets",
      "route53:GetChange",
      "route53:GetHostedZone",
      "route53:ListHostedZonesByName",
      "route53:ListResourceRecordSets",
    ]);
  });

  it("is for one zone, but for listing, which knows no resource", () => {
    const wide = policy.Statement.filter(({ Resource }) => Resource === "*").flatMap(({ Action }) => Action);
    expect(wide).toEqual(["route53:ListHostedZonesByName"]);
  });
});
