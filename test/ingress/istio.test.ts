import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { istio } from "../../src/ingress/istio/index.ts";
import { settingsFor } from "../../src/ingress/istio/leading.ts";
import { mountedBy } from "../../src/ingress/istio/mounted.ts";
import { serveFrom } from "../../src/ingress/istio/serve.ts";
import { readSettings } from "../../src/ingress/istio/settings.ts";
import { at, type KubeObject } from "../../src/ports/object.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { matches } from "../../src/sandbox/istio/servers.ts";
import { gatewayRefusal } from "../../src/sandbox/istio/validation.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";
import type { Obj } from "../../src/sandbox/types.ts";

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

describe("a Secret that the gateway's pods have as files", () => {
  const [workload] = parseManifest(standIn("istio", "1.29.2", "istio.yaml"), "istio.yaml").filter(
    ({ kind, metadata }) => kind === "Deployment" && metadata.name === "istio-ingressgateway",
  );
  const mounted = mountedBy(workload as KubeObject);
  const serve = serveFrom({ namespace: "istio-system", mounted });

  it("is served from the files, and no name of a Secret stands beside them", () => {
    expect(mounted.get("istio-ingressgateway-certs")).toBe("/etc/istio/ingressgateway-certs");
    const { objects } = serve(
      { ...want, secret: { namespace: "istio-system", name: "istio-ingressgateway-certs" } },
      release,
    );
    expect(at(serversIn(objects), 1, "tls")).toEqual({
      mode: "SIMPLE",
      serverCertificate: "/etc/istio/ingressgateway-certs/tls.crt",
      privateKey: "/etc/istio/ingressgateway-certs/tls.key",
    });
  });

  it("is none of that name in another namespace", () => {
    const { objects } = serve({ ...want, secret: { namespace: "web", name: "istio-ingressgateway-certs" } }, release);
    expect(at(serversIn(objects), 1, "tls")).toEqual({ mode: "SIMPLE", credentialName: "kn-bootstrap-tls" });
  });
});

describe("what leads Knative to somebody else's gateway", () => {
  const service = { apiVersion: "v1", kind: "Service", metadata: { name: "door" } };
  const gateway = { namespace: "edge", service };
  const OUT = "door.edge.svc.cluster.local";
  const IN = "knative-local-gateway.edge.svc.cluster.local";

  it("is lists, as every net-istio reads them that is installed", () => {
    const { gateways, trouble } = readSettings(settingsFor(gateway, {}), "1.14.2");
    expect(trouble).toBeUndefined();
    expect(gateways.map(({ name, service: host, key }) => [key, name, host])).toEqual([
      ["external-gateways", "knative-ingress-gateway", OUT],
      ["local-gateways", "knative-local-gateway", IN],
    ]);
  });

  it("is keys of the old form where some stand there, long or short: never both", () => {
    const long = { "gateway.knative-serving.knative-ingress-gateway": "other.edge.svc.cluster.local" };
    expect(settingsFor(gateway, long)).toEqual({
      "gateway.knative-serving.knative-ingress-gateway": OUT,
      "local-gateway.knative-serving.knative-local-gateway": IN,
    });
    const short = { "local-gateway.knative-local-gateway": "mesh" };
    const written = { ...short, ...settingsFor(gateway, short) };
    expect(written).toEqual({
      "gateway.knative-serving.knative-ingress-gateway": OUT,
      "local-gateway.knative-local-gateway": IN,
    });
    expect(readSettings(written, "1.23.0").trouble).toBeUndefined();
  });
});

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.array(label, { minLength: 2, maxLength: 5 }).map((labels) => labels.join("."));
const version = fc.constantFrom("1.14.2", "1.17.0", "1.20.4", "1.23.0");
const bundle = new Map<string, readonly KubeObject[]>();
const objectsOf = (of: string): readonly KubeObject[] => {
  const known = bundle.get(of) ?? parseManifest(standIn("net-istio", of, "net-istio.yaml"), "net-istio.yaml");
  bundle.set(of, known);
  return known;
};

describe("whatever is chosen", () => {
  it("no Route's name is without a server at 443 as soon as there is one, and its Secret comes first or is there", () => {
    const choice = fc.record({
      of: version,
      source: fc.record({
        namespace: fc.constantFrom("istio-system", "edge"),
        mounted: fc.constantFrom(new Map(), new Map([["mine", "/etc/istio/ingressgateway-certs"]])),
      }),
      secret: fc.record({ namespace: fc.constantFrom("kn-bootstrap", "istio-system", "edge", "web"), name: label }),
      isMine: fc.boolean(),
      http: fc.constantFrom("redirect" as const, "enabled" as const),
      hosts: fc.array(host, { minLength: 1, maxLength: 5 }),
    });
    fc.assert(
      fc.property(choice, ({ of, source, secret, isMine, http, hosts }) => {
        const chosen = { ...secret, ...(isMine ? { name: "mine" } : {}) };
        const { objects } = serveFrom(source)(
          { ...want, secret: chosen, http },
          { ...release, ingress: objectsOf(of) },
        );
        const gateway = objects.at(-1) as Obj;
        const servers = gateway.spec.servers as Obj[];
        const tls = servers.filter(({ port }) => port.number === 443);
        expect(tls).toHaveLength(1);
        for (const name of hosts) expect(tls[0]?.hosts.some((pattern: string) => matches(pattern, name))).toBe(true);
        // Istio's own webhook takes it, the strictest one too.
        expect(gatewayRefusal(gateway, Number.POSITIVE_INFINITY)).toBeUndefined();
        const { credentialName, serverCertificate } = tls[0]?.tls ?? {};
        const copy = objects.slice(0, -1).find(({ kind }) => kind === "Secret");
        if (serverCertificate) expect(chosen).toEqual({ namespace: source.namespace, name: "mine" });
        else if (chosen.namespace === source.namespace) expect(credentialName).toBe(chosen.name);
        else expect(copy?.metadata).toMatchObject({ namespace: source.namespace, name: credentialName });
      }),
    );
  });

  it("without a certificate the Gateway is as the release has it", () => {
    fc.assert(
      fc.property(version, (of) => {
        const ingress = objectsOf(of);
        const own = ingress.filter(
          ({ kind, metadata }) => kind === "Gateway" && metadata.name === "knative-ingress-gateway",
        );
        expect(istio.serve(undefined, { ...release, ingress }).objects).toEqual(own);
      }),
    );
  });
});
