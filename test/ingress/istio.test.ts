import { describe, expect, it } from "vitest";
import { istio } from "../../src/ingress/istio/index.ts";
import { at, type KubeObject } from "../../src/ports/object.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";

const released = parseManifest(standIn("net-istio", "1.23.0", "net-istio.yaml"), "net-istio.yaml");
const release = { setting: () => ({ configMap: "" }), ingress: released };
const want = {
  secret: { namespace: "kn-bootstrap", name: "wildcard-tls" },
  fingerprint: "f",
  data: { "tls.crt": "Yw==", "tls.key": "aw==" },
  http: "redirect" as const,
};
const serversIn = (objects: readonly KubeObject[]): unknown =>
  at(
    objects.find(({ kind }) => kind === "Gateway"),
    "spec",
    "servers",
  );

describe("what makes Istio serve a certificate", () => {
  it("is one server on 443 for all names, so that no Route waits for one, and the redirect beside it", () => {
    const { objects, network } = istio.serve(want, release);
    expect(serversIn(objects)).toEqual([
      { hosts: ["*"], port: { number: 80, name: "http", protocol: "HTTP" }, tls: { httpsRedirect: true } },
      {
        hosts: ["*"],
        port: { number: 443, name: "https", protocol: "HTTPS" },
        tls: { mode: "SIMPLE", credentialName: "kn-bootstrap-tls" },
      },
    ]);
    // `http-protocol` would take each Route away from the Gateway that has the certificate.
    expect(network).toEqual({});
  });

  it("is a copy of the Secret where the gateway's pods are, and none where it is there already", () => {
    expect(istio.serve(want, release).objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`)).toEqual([
      "Secret istio-system",
      "Gateway knative-serving",
    ]);
    const beside = istio.serve({ ...want, secret: { namespace: "istio-system", name: "mine" } }, release).objects;
    expect(beside.map(({ kind }) => kind)).toEqual(["Gateway"]);
    expect(JSON.stringify(beside)).toContain('"credentialName":"mine"');
  });

  it("is the release's own form when it is taken back", () => {
    const plain = [{ hosts: ["*"], port: { number: 80, name: "http", protocol: "HTTP" } }];
    expect(serversIn(istio.serve(undefined, release).objects)).toEqual(plain);
  });
});
