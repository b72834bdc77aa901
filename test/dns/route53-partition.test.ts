import { afterEach, describe, expect, it } from "vitest";
import { dnsProvider } from "../../src/dns/index.ts";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { partitionOf } from "../../src/dns/route53/partition.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { kn } from "../engine/cli.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "words" };
const PARTITIONS = ["aws", "aws-cn", "aws-us-gov"] as const;

describe.each(PARTITIONS)("in the partition %s", (partition) => {
  let internet: Internet | undefined;
  afterEach(() => internet?.close());

  it("Route 53 is asked with a signature for its own region, and named rights are of the partition", async () => {
    internet = await startInternet({ zones: ["example.com"], route53: { partition } });
    const { env, deny } = internet.route53;
    const options = { env, signal: new AbortController().signal, onTrouble: () => undefined };
    const zones = await openRoute53(options, { maxAttempts: 1 });
    const [zone] = await zones.find("apps.example.com");
    expect(zone?.id).toBe(internet.zones[0]?.id);
    deny("ListResourceRecordSets");
    await expect(zone && zones.get(zone, "x", "A")).rejects.toMatchObject({
      id: "dns.route53.denied",
      message: expect.stringContaining(`on arn:${partition}:route53:::hostedzone/${zone?.id}`),
    });
    zones.close();
  });

  it("iam-policy names the zone as it is named there, with and without its id", async () => {
    internet = await startInternet({ zones: ["example.com"], route53: { partition } });
    const id = internet.zones[0]?.id;
    for (const more of [[], ["--dns-zone-id", id ?? ""]]) {
      const { code, stdout, stderr } = await kn({ kubeconfig: "/nowhere", internet }, [
        ...["iam-policy", "--domain", "apps.example.com", ...more],
      ]);
      expect(code, stderr).toBe(0);
      const resources = (JSON.parse(stdout) as { Statement: { Resource: string }[] }).Statement.map(
        ({ Resource }) => Resource,
      );
      expect(resources.filter((one) => one !== "*")).toEqual([
        `arn:${partition}:route53:::hostedzone/${id}`,
        `arn:${partition}:route53:::change/*`,
        `arn:${partition}:route53:::hostedzone/${id}`,
      ]);
    }
  });
});

it.each([
  ["us-gov-east-1", "aws-us-gov", "us-gov-west-1", "route53.us-gov.amazonaws.com"],
  ["cn-north-1", "aws-cn", "cn-northwest-1", "route53.amazonaws.com.cn"],
  ["eu-central-1", "aws", "us-east-1", "route53.amazonaws.com"],
])("AWS_REGION=%s is of %s: signed for %s, asked at %s", async (region, id, signingRegion, host) => {
  const env = { ...KEYS, AWS_REGION: region };
  expect(await partitionOf(env)).toEqual({ id, signingRegion });
  const { openClient } = await import("../../src/dns/route53/client.ts");
  const client = await openClient({ env, maxAttempts: 1, onFailedTry: () => undefined });
  expect(await client.config.region()).toBe(signingRegion);
  const { url } = client.config.endpointProvider({ Region: signingRegion, UseFIPS: false, UseDualStack: false });
  expect(url.hostname).toBe(host);
  client.destroy();
  const solver = await dnsProvider("route53")?.solver?.(env, "Z1");
  expect(solver?.dns01("key")).toMatchObject({ route53: { region: signingRegion } });
});
