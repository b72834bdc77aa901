import { expect, it } from "vitest";
import { commonNamesFit } from "../../src/checks/cert-manager/common-names.ts";
import { certManagerChecks } from "../../src/checks/cert-manager/index.ts";
import { issuancePossible } from "../../src/checks/cert-manager/issuance.ts";
import { weekHasRoom } from "../../src/checks/cert-manager/week.ts";
import { dnsOf } from "./dns.ts";
import { configMap, findingOf, KNATIVE, object } from "./scene.ts";

const network = configMap("config-network", { "external-domain-tls": "Enabled" });
const LONG = `${"a".repeat(40)}.${"b".repeat(40)}.example.com`;
const wanted = (spec: object, ready = "Unknown", owner = "Route") =>
  object(
    "Certificate.networking.internal.knative.dev/v1alpha1",
    "default/route-1",
    { spec, status: { conditions: [{ type: "Ready", status: ready }] } },
    { ownerReferences: [{ kind: owner, name: "x" }] },
  );

it.each([
  ["a short name", wanted({ dnsNames: ["hello.example.com"] }), "ok"],
  ["a long name of a short domain", wanted({ dnsNames: [LONG], domain: "example.com" }), "ok"],
  ["a long name of a long domain", wanted({ dnsNames: [LONG], domain: `${"b".repeat(62)}` }), "fail"],
  ["a long name of before the domain was told", wanted({ dnsNames: [LONG] }), "fail"],
  ["a long name that was issued all the same", wanted({ dnsNames: [LONG] }, "True"), "ok"],
  ["a long name of a DomainMapping", wanted({ dnsNames: [LONG], domain: LONG }, "False", "DomainMapping"), "fail"],
])("judges %s as a certificate's common name", async (_what, certificate, status) => {
  expect(await findingOf({ objects: [...KNATIVE, network, certificate] }, commonNamesFit)).toMatchObject({ status });
});

const NAMES = { dnsNames: ["hello-default.apps.example.com"] };
const DIRECTORY = "https://ca.example.net/directory";
const issuer = (status: object = { acme: { uri: `${DIRECTORY}/acct/1` } }) =>
  object("ClusterIssuer.cert-manager.io/v1", "letsencrypt", {
    spec: { acme: { server: DIRECTORY, solvers: [{ dns01: { route53: {} } }] } },
    status,
  });
const settings = configMap("config-certmanager", { issuerRef: "kind: ClusterIssuer\nname: letsencrypt\n" });

it.each([
  ["none", [], issuer(), "ok"],
  ["the issuer's CA", ['@ CAA 0 issue "ca.example.net"'], issuer(), "ok"],
  ["its account", [`@ CAA 0 issue "ca.example.net; accounturi=${DIRECTORY}/acct/1"`], issuer(), "ok"],
  ["another account", [`@ CAA 0 issue "ca.example.net; accounturi=${DIRECTORY}/acct/2"`], issuer(), "fail"],
  ["another CA", ['@ CAA 0 issue "other.example.net"'], issuer(), "fail"],
  ["another CA, and the issuer has no account yet", ['@ CAA 0 issue "other.example.net"'], issuer({}), "skipped"],
  [
    "nothing, and the challenge leads nowhere",
    ["_acme-challenge.hello-default.apps CNAME x.gone.com"],
    issuer(),
    "fail",
  ],
])("looks whether cert-manager's CA may issue, where CAA names %s", async (_what, records, made, status) => {
  const zone = { name: "example.com", servers: { "ns1.example.net": "192.0.2.1" } };
  const scene = {
    objects: [...KNATIVE, network, settings, made, wanted(NAMES)],
    dns: dnsOf([{ ...zone, records: ["*.apps A 203.0.113.7", ...records] }]),
    authority: {
      answer: {
        caaIdentities: ["ca.example.net"],
        externalAccountRequired: false,
        profiles: {},
        hasRenewalInfo: false,
      },
    },
  };
  expect(await findingOf(scene, issuancePossible)).toMatchObject({ status });
});

it("counts what is asked for in a week", async () => {
  const many = (count: number, created: string) =>
    Array.from({ length: count }, (_one, index) => {
      const one = wanted({ ...NAMES, domain: "apps.example.com" }, "True");
      return { ...one, metadata: { ...one.metadata, name: `route-${index}-${created}`, creationTimestamp: created } };
    });
  const at = (server: string) => {
    const one = issuer();
    return { ...one, spec: { acme: { server } } };
  };
  const find = (server: string, ...certificates: ReturnType<typeof many>) =>
    findingOf({ objects: [...KNATIVE, network, settings, at(server), ...certificates] }, weekHasRoom);
  const [real, staging] = ["acme-v02", "acme-staging-v02"].map(
    (host) => `https://${host}.api.letsencrypt.org/directory`,
  );
  const [now, before] = ["2026-11-28T00:00:00Z", "2026-11-01T00:00:00Z"];
  expect(await find(real ?? "", ...many(39, now), ...many(40, before))).toMatchObject({ status: "ok" });
  expect(await find(real ?? "", ...many(40, now))).toMatchObject({
    status: "warn",
    summary: "40 of 50 new certificates in seven days for apps.example.com",
  });
  expect(await find(staging ?? "", ...many(60, now))).toMatchObject({ status: "skipped" });
  expect(await find("", ...many(60, now))).toMatchObject({ status: "skipped" });
});

it("waits for the CA's limit, and starts nothing anew before", async () => {
  const check = certManagerChecks.find(({ id }) => id === "cert-manager.certificates");
  if (!check) throw new Error("there is no such check");
  const certificate = object(
    "Certificate.cert-manager.io/v1",
    "default/route-1",
    {
      status: {
        failedIssuanceAttempts: 2,
        lastFailureTime: "2026-11-30T11:30:00Z",
        conditions: [
          {
            type: "Issuing",
            status: "False",
            message:
              "The certificate request has failed to complete: 429 urn:ietf:params:acme:error:rateLimited: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-12-01 10:00:00 UTC",
          },
        ],
      },
    },
    { uid: "c" },
  );
  const finding = await findingOf({ objects: [...KNATIVE, network, settings, wanted(NAMES), certificate] }, check);
  expect(finding).toMatchObject({
    status: "fail",
    remedy: {
      text: expect.stringContaining("until 2026-12-01 10:00:00 UTC"),
      command: expect.not.stringContaining("delete"),
    },
  });
});
