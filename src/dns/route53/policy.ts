import { escapeName } from "./names.ts";

/** One hosted zone and what is written there. */
export interface PolicyZone {
  /** `Z0123456789ABCDEFGHIJ`. */
  readonly id: string;
  readonly name: string;
  /** Every name at which records are written, absolute or relative to the zone: `*.apps`, `_acme-challenge.apps`, `@`. */
  readonly names: readonly string[];
  /** Of those records. Default: what the product writes. */
  readonly types?: readonly string[];
}

export interface PolicyQuestion {
  /** The domain's own, and others to which CNAMEs or delegations lead its challenges. */
  readonly zones: readonly PolicyZone[];
  /** `aws`, `aws-cn`, `aws-us-gov`. Default `aws`. */
  readonly partition?: string;
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
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
 * The least AWS policy under which the route53 provider can keep these records: it reads these zones, and creates and deletes at
 * exactly these names. Sources: Route 53 Developer Guide, "Using IAM policy conditions for fine-grained access control"
 * (normalised names: lower case, no trailing dot, `\052` for `*`); Service Authorization Reference, "Amazon Route 53" (listing
 * zones knows no resource).
 */
export const iamPolicy = ({ zones, partition = "aws" }: PolicyQuestion): Policy => {
  const arn = (resource: string): string => `arn:${partition}:route53:::${resource}`;
  const arns = zones.map(({ id }) => arn(`hostedzone/${id}`));
  return {
    Version: "2012-10-17",
    Statement: [
      { Sid: "FindTheZone", Effect: "Allow", Action: ["route53:ListHostedZonesByName"], Resource: "*" },
      {
        Sid: "ReadTheZone",
        Effect: "Allow",
        Action: ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
        Resource: arns.length === 1 ? (arns[0] ?? "") : arns,
      },
      { Sid: "FollowChanges", Effect: "Allow", Action: ["route53:GetChange"], Resource: arn("change/*") },
      ...zones.map((zone, index) => changing(zone, arns[index] ?? "", index === 0 ? "" : `In${zone.id}`)),
    ],
  };
};

const changing = ({ name, names, types = TYPES }: PolicyZone, arn: string, suffix: string): PolicyStatement => {
  const zone = name.replace(/\.$/, "").toLowerCase();
  return {
    Sid: `ChangeTheseRecords${suffix}`,
    Effect: "Allow",
    Action: ["route53:ChangeResourceRecordSets"],
    Resource: arn,
    // One statement for all names and types of a zone: a batch is allowed by one statement as a whole or not at all.
    Condition: {
      "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
          ...new Set(names.map((each) => escapeName(absoluteName(zone, each)))),
        ].sort(),
        "route53:ChangeResourceRecordSetsRecordTypes": types,
        "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
      },
    },
  };
};
