import { expect, it } from "vitest";
import { commonNamesFit } from "../../src/checks/cert-manager/common-names.ts";
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
