import { escapeName } from "./route53/names.ts";

export interface PolicyQuestion {
  /** Of the hosted zone: `Z0123456789ABCDEFGHIJ`. */
  readonly zoneId: string;
  readonly zoneName: string;
  /** Every name at which records are written, absolute or relative to the zone: `*.apps`, `_acme-challenge.apps`, `@`. */
  readonly names: readonly string[];
  /** Of those records. Default: what the product writes. */
  readonly types?: readonly string[];
  /** `aws`, `aws-cn`, `aws-us-gov`. Default `aws`. */
  readonly partition?: string;
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

const TYPES = ["A", "AAAA", "CNAME", "TXT"];

const absoluteName = (zoneName: string, name: string): string => {
  if (name === "@") return zoneName;
  const bare = name.replace(/\.$/, "").toLowerCase();
  return bare === zoneName || bare.endsWith(`.${zoneName}`) ? bare : `${bare}.${zoneName}`;
};

/**
 * The least AWS policy under which the route53 provider can keep these records: it reads one zone, and creates and deletes at
 * exactly these names. Sources: Route 53 Developer Guide, "Using IAM policy conditions for fine-grained access control"
 * (normalised names: lower case, no trailing dot, `\052` for `*`); Service Authorization Reference, "Amazon Route 53" (listing
 * zones knows no resource).
 */
export const iamPolicy = ({ zoneId, zoneName, names, types = TYPES, partition = "aws" }: PolicyQuestion): Policy => {
  const zone = zoneName.replace(/\.$/, "").toLowerCase();
  const arn = (resource: string): string => `arn:${partition}:route53:::${resource}`;
  const allowed = [...new Set(names.map((name) => escapeName(absoluteName(zone, name))))].sort();
  return {
    Version: "2012-10-17",
    Statement: [
      { Sid: "FindTheZone", Effect: "Allow", Action: ["route53:ListHostedZonesByName"], Resource: "*" },
      {
        Sid: "ReadTheZone",
        Effect: "Allow",
        Action: ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
        Resource: arn(`hostedzone/${zoneId}`),
      },
      { Sid: "FollowChanges", Effect: "Allow", Action: ["route53:GetChange"], Resource: arn("change/*") },
      {
        Sid: "ChangeTheseRecords",
        Effect: "Allow",
        Action: ["route53:ChangeResourceRecordSets"],
        Resource: arn(`hostedzone/${zoneId}`),
        // One statement for all names and types: a batch is allowed by one statement as a whole or not at all.
        Condition: {
          "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": allowed,
            "route53:ChangeResourceRecordSetsRecordTypes": types,
            "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
          },
        },
      },
    ],
  };
};
