type Environment = Readonly<Record<string, string | undefined>>;

/** A part of AWS with accounts, endpoints and a Route 53 of its own. */
export interface Partition {
  /** As ARNs begin with it: `aws`, `aws-cn`. */
  readonly id: string;
  /** What its Route 53 wants requests to be signed for; the SDK finds the endpoint by it. */
  readonly signingRegion: string;
}

const AWS: Partition = { id: "aws", signingRegion: "us-east-1" };

/** "Amazon Route 53 endpoints and quotas" in the AWS General Reference, by how the names of the regions begin. */
const OTHERS: readonly (Partition & { readonly regions: string })[] = [
  { regions: "cn-", id: "aws-cn", signingRegion: "cn-northwest-1" },
  { regions: "us-gov-", id: "aws-us-gov", signingRegion: "us-gov-west-1" },
  { regions: "eusc-", id: "aws-eusc", signingRegion: "eusc-de-east-1" },
];

/**
 * By AWS_REGION or AWS_DEFAULT_REGION, else by the region of the profile, which the SDK reads from the shared files. No region at all is
 * the common partition.
 */
export const partitionOf = async (env: Environment): Promise<Partition> => {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || (await profileRegion(env)) || "";
  const found = OTHERS.find(({ regions }) => region.startsWith(regions));
  return found ? { id: found.id, signingRegion: found.signingRegion } : AWS;
};

const profileRegion = async ({ AWS_PROFILE }: Environment): Promise<string | undefined> => {
  const { Route53 } = await import("./sdk.ts");
  const client = new Route53(AWS_PROFILE ? { profile: AWS_PROFILE } : {});
  try {
    return await client.config.region();
  } catch {
    // The profile names no region.
    return undefined;
  } finally {
    client.destroy();
  }
};
