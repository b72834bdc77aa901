import { describe, expect, it } from "vitest";
import { withoutManifests } from "../../src/app/prepare.ts";
import { complete, type Written } from "../../src/config/complete.ts";
import { status } from "../../src/steps/gateway-certificate/status.ts";
import { PARTS, type PartId } from "../../src/steps/index.ts";
import type { NextTools } from "../../src/steps/part.ts";

/** Of parts that ask no cluster. */
const next = async (id: PartId, written: Written) => {
  const install = withoutManifests(complete(written, { env: {}, terminal: false }));
  const part = PARTS.find((one) => one.id === id);
  return (await part?.next?.(install, {} as NextTools)) ?? [];
};

const OWN: Written = { domain: "apps.example.com", dns: "route53" };

describe("the last screen", () => {
  it("says of a certificate for trying out that browsers do not trust it, and how the real one comes", async () => {
    const [said, ...others] = await next("gateway-certificate", { ...OWN, tls: "letsencrypt-staging" });
    expect(others).toEqual([]);
    expect(said?.text).toMatch(/^Browsers do not trust the certificate/);
    expect(said?.command).toBe("kn-bootstrap install --tls letsencrypt");
    expect(await next("gateway-certificate", { ...OWN, tls: "letsencrypt" })).toEqual([]);
  });

  it("leads to the dashboard of what is measured, for the gateway that was chosen", async () => {
    const commands = async (written: Written) => (await next("metrics", written)).map(({ command }) => command);
    expect(await commands({})).toEqual([]);
    expect(await commands({ metrics: "prometheus" })).toEqual(["kn-bootstrap metrics dashboard > knative.json"]);
    expect(await commands({ metrics: "prometheus", ingress: "istio", context: "prod" })).toEqual([
      "kn-bootstrap metrics dashboard --ingress istio > knative.json",
    ]);
  });
});

describe("status", () => {
  const certificate = {
    names: ["*.apps.example.com"],
    notAfter: "2026-03-01T00:00:00Z",
    daysLeft: 89,
    issuer: "CN=E7",
  };

  it("says of a certificate whether browsers trust it not", () => {
    expect(status.rows({ certificate })).toEqual([
      ["Certificate", "*.apps.example.com; 89 days left (until 2026-03-01), by CN=E7"],
    ]);
    expect(status.rows({ certificate: { ...certificate, forTrials: true } })[0]?.[1]).toMatch(
      /by CN=E7; browsers do not trust it: kn-bootstrap install --tls letsencrypt takes the real one$/,
    );
  });
});
