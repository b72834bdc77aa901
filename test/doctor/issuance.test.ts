import { describe, expect, it } from "vitest";
import { challengeReachable } from "../../src/checks/challenge.ts";
import { renewalChecks } from "../../src/checks/renewal.ts";
import { make } from "../certificates/provided-pki.ts";
import { dnsOf, type SceneZone } from "./dns.ts";
import { findingOf, object, type Scene } from "./scene.ts";

const DIRECTORY = "https://ca.example.net/directory";
const choices = JSON.stringify({ tls: "acme", "acme-directory": DIRECTORY });
const state = object("ConfigMap", "kn-bootstrap/state", { data: { choices } });
const { pem, key } = await make({ subject: "CN=leaf", names: ["*.apps.example.com"] });
const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret = object("Secret", "kn-bootstrap/wildcard-tls", {
  data: { "tls.crt": base64(pem), "tls.key": base64(key) },
});
const authority = {
  answer: { caaIdentities: ["ca.example.net"], externalAccountRequired: false, profiles: {}, hasRenewalInfo: false },
};
const EXAMPLE: SceneZone = { name: "example.com", servers: { "ns1.example.net": "192.0.2.1" } };
const scene = (records: readonly string[], ...others: readonly SceneZone[]): Scene => ({
  objects: [state, secret],
  authority,
  dns: dnsOf([{ ...EXAMPLE, records: ["*.apps A 203.0.113.7", ...records] }, ...others]),
});

describe("the place of the challenge", () => {
  const ACME: SceneZone = { name: "acme.com", servers: { "ns.acme.com": "192.0.2.9" } };
  const many = (count: number) => Array.from({ length: count }, (_, index) => `_acme-challenge.apps TXT "${index}"`);
  it.each([
    ["in the zone", [], [], "ok", /_acme-challenge\.apps\.example\.com in zone example\.com/],
    [
      "where a CNAME leads",
      ["_acme-challenge.apps CNAME x.acme.com"],
      [ACME],
      "ok",
      /^x\.acme\.com, where .* in zone acme\.com/,
    ],
    [
      "where nobody answers",
      ["_acme-challenge.apps CNAME x.gone.com"],
      [],
      "fail",
      /at x\.gone\.com, and no zone there/,
    ],
    ["in a circle", ["_acme-challenge.apps CNAME _acme-challenge.apps.example.com"], [], "fail", /circle/],
    ["with a few values left", many(2), [], "ok", /2 values stand there/],
    ["with many values left", many(9), [], "warn", /9 values of earlier challenges/],
  ])("%s", async (_what, records, zones, status, summary) => {
    expect(await findingOf(scene(records, ...zones), challengeReachable)).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
    });
  });
});

describe("CAA, without credentials for the zone", () => {
  const caa = renewalChecks.find(({ id }) => id === "renew.caa");
  it.each([
    ["none", [], "ok"],
    ["of the CA", ['@ CAA 0 issue "ca.example.net"'], "ok"],
    ["of another CA", ['@ CAA 0 issue "other.example.net"'], "fail"],
    ["of another account", ['apps CAA 0 issue "ca.example.net; accounturi=https://ca.example.net/acct/1"'], "fail"],
  ])("%s", async (_what, records, status) => {
    if (!caa) throw new Error("there is no such check");
    expect(await findingOf(scene(records), caa)).toMatchObject({ status });
  });
});
