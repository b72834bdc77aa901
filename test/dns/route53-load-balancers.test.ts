import { describe, expect, it } from "vitest";
import { aliasZoneOf } from "../../src/dns/route53/load-balancers.ts";

describe("the hosted zone of an AWS load balancer", () => {
  it.each([
    ["a1b2c3-1234567890.eu-central-1.elb.amazonaws.com", "Z215JYRZR1TBD5"],
    ["internal-a1b2c3-1234567890.us-east-1.elb.amazonaws.com", "Z35SXDOTRQ7X7K"],
    ["dualstack.a1b2c3-1234567890.us-east-1.elb.amazonaws.com.", "Z35SXDOTRQ7X7K"],
    ["a1b2c3-0123456789abcdef.elb.us-east-1.amazonaws.com", "Z26RNL4JYFTOTI"],
    ["A1B2C3-0123456789abcdef.elb.eu-central-1.amazonaws.com", "Z3F0SRJ5LGBH90"],
    ["k8s-default-0123456789abcdef.elb.ap-southeast-7.amazonaws.com", "Z054363131YWATEMWRG5L"],
  ])("of %s is %s", (hostname, zone) => {
    expect(aliasZoneOf(hostname)).toBe(zone);
  });

  it.each([
    "lb.example.com",
    "203.0.113.7",
    "a1b2c3-1234567890.xx-nowhere-1.elb.amazonaws.com",
    "a1b2c3-1234567890.us-gov-west-1.elb.amazonaws.com",
    "a1b2c3-1234567890.cn-north-1.elb.amazonaws.com.cn",
    "elb.us-east-1.amazonaws.com",
    "us-east-1.elb.amazonaws.com.example.com",
    "",
  ])("is unknown for %j: a CNAME it is", (hostname) => {
    expect(aliasZoneOf(hostname)).toBeUndefined();
  });
});
