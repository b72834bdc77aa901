import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { gatewayCertificateUsable } from "../../src/checks/certificate.ts";
import { hostsCovered } from "../../src/checks/hosts/covered.ts";
import { certificateRenewed } from "../../src/checks/renewed-certificate.ts";
import { certificateReal } from "../../src/checks/served-certificate.ts";
import { certificateServed } from "../../src/checks/served-now.ts";
import { make } from "../certificates/provided-pki.ts";
import { configMap, findingOf, KNATIVE, object, type Scene } from "./scene.ts";

/** Data of a Secret. */
const makeCertificate = async ({
  names,
  issuer,
  from = "2026-11-01",
  until = "2027-01-30",
}: {
  readonly names: readonly string[];
  readonly issuer?: string;
  readonly from?: string;
  readonly until?: string;
}): Promise<{ readonly "tls.crt": string; readonly "tls.key": string }> => {
  const root = issuer === undefined ? undefined : await make({ subject: issuer });
  const dates = { from: new Date(from), to: new Date(until) };
  const { pem, key } = await make({ subject: "CN=leaf", names, ...dates, ...(root ? { issuer: root } : {}) });
  return { "tls.crt": Buffer.from(pem).toString("base64"), "tls.key": Buffer.from(key).toString("base64") };
};

const KOURIER = { "ingress-class": "kourier.ingress.networking.knative.dev" };
const network = configMap("config-network", KOURIER);
const settings = configMap("config-kourier", { "certs-secret-namespace": "certs", "certs-secret-name": "wildcard" });
const secret = (data: object) => object("Secret", "certs/wildcard", { type: "kubernetes.io/tls", data });
const service = (host: string) =>
  object("Service.serving.knative.dev/v1", "default/hello", { status: { url: `https://${host}` } });

describe("the certificate that a Kourier of others serves", async () => {
  const good = await makeCertificate({ names: ["*.apps.example.com"] });
  const scene = (...more: ReturnType<typeof object>[]) => ({ objects: [...KNATIVE, network, settings, ...more] });

  it("is usable when its key is its own, and named where it is missing", async () => {
    expect(await findingOf(scene(secret(good)), gatewayCertificateUsable)).toMatchObject({ status: "ok" });
    const missing = await findingOf(scene(), gatewayCertificateUsable);
    expect(missing).toMatchObject({ status: "fail" });
    expect(missing.summary).toMatch(/Secret certs\/wildcard, which the gateway is to serve, does not exist/);
    const other = await makeCertificate({ names: ["*.apps.example.com"] });
    const swapped = secret({ ...good, "tls.key": other["tls.key"] });
    expect((await findingOf(scene(swapped), gatewayCertificateUsable)).summary).toMatch(/key of another certificate/);
  });

  it("is looked for in the controller's environment before 1.19", async () => {
    const env = [
      { name: "CERTS_SECRET_NAMESPACE", value: "certs" },
      { name: "CERTS_SECRET_NAME", value: "wildcard" },
    ];
    const controller = object("Deployment.apps/v1", "knative-serving/net-kourier-controller", {
      spec: { template: { spec: { containers: [{ name: "controller", env }] } } },
    });
    const objects = [network, controller];
    expect((await findingOf({ objects }, gatewayCertificateUsable)).summary).toMatch(
      /certs\/wildcard.* does not exist/,
    );
  });

  it("covers each host one label below its wildcard", async () => {
    expect(await findingOf(scene(secret(good), service("hello-default.apps.example.com")), hostsCovered)).toMatchObject(
      { status: "ok" },
    );
    const bare = await findingOf(scene(secret(good), service("hello.default.apps.example.com")), hostsCovered);
    expect(bare).toMatchObject({ status: "fail" });
    expect(bare.summary).toMatch(/\*\.apps\.example\.com, and not for hello\.default\.apps\.example\.com/);
  });

  it("is to be another one where the template is flat already, or the domain is another", async () => {
    const flat = configMap("config-network", { ...KOURIER, "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}" });
    const other = { objects: [...KNATIVE, flat, settings, secret(good), service("hello-default.apps.example.net")] };
    expect(await findingOf(other, hostsCovered)).toMatchObject({
      summary: "the certificate is for *.apps.example.com, and not for hello-default.apps.example.net",
      remedy: {
        text: expect.stringContaining("a certificate for *.apps.example.net into Secret certs/wildcard"),
        command: expect.stringMatching(/^kubectl create secret tls wildcard -n certs .* \| kubectl apply -f -$/),
      },
    });
    const nameless = secret(await makeCertificate({ names: [] }));
    expect(await findingOf(scene(nameless, service("hello.default.apps.example.com")), hostsCovered)).toMatchObject({
      summary: "the certificate has no names (SAN), and is not for hello.default.apps.example.com",
      remedy: { text: expect.stringContaining("*.default.apps.example.com") },
    });
  });

  it("covers the hosts of tags and of DomainMappings that have no certificate of their own", async () => {
    const fine = service("hello-default.apps.example.com");
    const tagged = (host: string) => {
      const traffic = [{ tag: "blue", url: `https://${host}` }];
      return { ...fine, status: { ...(fine.status as object), traffic } };
    };
    expect(
      await findingOf(scene(secret(good), tagged("blue-hello-default.apps.example.com")), hostsCovered),
    ).toMatchObject({ status: "ok" });
    expect(
      await findingOf(scene(secret(good), tagged("blue.hello-default.apps.example.com")), hostsCovered),
    ).toMatchObject({ status: "fail", remedy: { command: expect.stringContaining("tag-template") } });
    const mapping = (fields: Readonly<Record<string, unknown>>) =>
      object("DomainMapping.serving.knative.dev/v1beta1", "web/www.example.net", fields);
    const url = "https://www.example.net";
    for (const [fields, status] of [
      [{ status: { url } }, "warn"],
      [{ status: { url: url.replace("https", "http") } }, "ok"],
      [{ spec: { tls: { secretName: "own" } }, status: { url } }, "ok"],
      [{ status: { url, conditions: [{ type: "CertificateProvisioned", status: "True" }] } }, "ok"],
      [
        { status: { url, conditions: [{ type: "CertificateProvisioned", status: "True", reason: "TLSNotEnabled" }] } },
        "warn",
      ],
    ] as const)
      expect(await findingOf(scene(secret(good), fine, mapping(fields)), hostsCovered)).toMatchObject({ status });
  });

  it("is not for hosts that have one each", async () => {
    const each = configMap("config-network", { ...KOURIER, "external-domain-tls": "Enabled" });
    const objects = [...KNATIVE, each, settings, secret(good), service("www.example.net")];
    expect(await findingOf({ objects }, hostsCovered)).toMatchObject({ status: "skipped" });
  });

  it("is warned of when it is Let's Encrypt's staging one", async () => {
    const staging = await makeCertificate({
      names: ["*.apps.example.com"],
      issuer: "CN=(STAGING) Wannabe Watercress R11",
    });
    expect(await findingOf(scene(secret(good)), certificateReal)).toMatchObject({ status: "ok" });
    expect(await findingOf(scene(secret(staging)), certificateReal)).toMatchObject({ status: "warn" });
  });

  it.each([
    ["2026-10-01T00:00:00Z", "ok"],
    ["2026-11-05T00:00:00Z", "warn"],
    ["2026-11-20T00:00:00Z", "fail"],
  ])("at %s, of 90 days that end in December: %s", async (now, status) => {
    const aging = await makeCertificate({ names: ["*.a"], from: "2026-09-01", until: "2026-11-30" });
    expect(await findingOf({ ...scene(secret(aging)), now }, certificateRenewed)).toMatchObject({ status });
  });
});

describe("what the gateway shows", async () => {
  const good = await makeCertificate({ names: ["*.apps.example.com"] });
  const gateway = object("Service", "kourier-system/kourier", {
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } },
  });
  const ready = object("Service.serving.knative.dev/v1", "default/hello", {
    status: { url: "https://hello-default.apps.example.com", conditions: [{ type: "Ready", status: "True" }] },
  });
  const scene = (probe: NonNullable<Scene["probe"]>): Scene => ({
    objects: [...KNATIVE, network, settings, secret(good), gateway, ready],
    probe,
  });
  it("is not asked for where no Service is ready: Kourier listens for TLS only then", async () => {
    const { objects } = scene(() => ({ status: 404, headers: {}, body: "" }));
    const idle = { objects: objects.filter((one) => one !== ready) };
    expect(await findingOf(idle, certificateServed)).toMatchObject({ status: "skipped" });
  });
  const serial = new X509Certificate(Buffer.from(good["tls.crt"], "base64")).serialNumber;
  const shown = (of: string) => ({
    status: 404,
    headers: {},
    body: "",
    certificate: { subject: "", serial: of, names: ["*.apps.example.com"], notAfter: "2026-12-01" },
  });
  const refusing =
    (https: string, http?: string): NonNullable<Scene["probe"]> =>
    ({ scheme }) => {
      if (scheme === "http" && http === undefined) return { status: 404, headers: {}, body: "" };
      throw new Error(scheme === "http" ? http : https);
    };
  it.each([
    ["the one of the Secret", () => shown(serial), "ok", /at 203\.0\.113\.7:443/],
    ["an older one", () => shown("ABCD"), "fail", /serves the certificate ABCD until 2026-12-01, and /],
    ["somebody else's", refusing("unable to verify the first certificate"), "fail", /another certificate/],
    ["none", refusing("read ECONNRESET"), "fail", /answers http, and no handshake: read ECONNRESET/],
    [
      "nothing, as it is not reached from here",
      refusing("connect ETIMEDOUT", "connect ETIMEDOUT"),
      "skipped",
      /from here/,
    ],
  ])("%s", async (_what, probe, status, summary) => {
    expect(await findingOf(scene(probe), certificateServed)).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
    });
  });

  it("is asked for under a name that no Service has", async () => {
    const hosts: string[] = [];
    await findingOf(
      scene(({ host }) => {
        hosts.push(host);
        return shown(serial);
      }),
      certificateServed,
    );
    expect(hosts).toEqual(["kn-bootstrap-nobody-has-this.apps.example.com"]);
  });
});

describe("a certificate whose CA wants it replaced", () => {
  it.each([
    ["2026-11-20", "2026-11-25", "fail"],
    ["2026-11-28", "2026-12-02", "ok"],
  ])("between %s and %s", async (start, end, status) => {
    const aging = await makeCertificate({ names: ["*.a"], from: "2026-11-01", until: "2027-01-30" });
    const choices = { tls: "acme", "acme-directory": "https://ca.example/directory" };
    const state = object("ConfigMap", "kn-bootstrap/state", { data: { choices: JSON.stringify(choices) } });
    const held = { ...secret(aging), metadata: { namespace: "kn-bootstrap", name: "wildcard-tls" } };
    const authority = {
      answer: { caaIdentities: [], externalAccountRequired: false, profiles: {}, hasRenewalInfo: true },
      window: { start: `${start}T00:00:00Z`, end: `${end}T00:00:00Z` },
    };
    const objects = [...KNATIVE, network, settings, state, held];
    expect(await findingOf({ objects, authority }, certificateRenewed)).toMatchObject({ status });
    // A CA that does not answer leaves the dates.
    expect(await findingOf({ objects }, certificateRenewed)).toMatchObject({ status: "ok" });
  });
});

describe("the certificate that an Istio of others serves", () => {
  it("is looked for beside the gateway's pods", async () => {
    const labels = { istio: "ingress" };
    const objects = [
      ...KNATIVE,
      object("Service", "ingress/istio-ingress", { spec: { selector: labels, ports: [{ port: 80 }, { port: 443 }] } }),
      object("Deployment.apps/v1", "ingress/istio-ingress", {
        spec: {
          template: {
            metadata: { labels, annotations: { "inject.istio.io/templates": "gateway" } },
            spec: { containers: [{ name: "istio-proxy", image: "auto" }] },
          },
        },
      }),
      object("Gateway.networking.istio.io/v1beta1", "knative-serving/knative-ingress-gateway", {
        spec: { selector: labels, servers: [{ port: { number: 443 }, tls: { credentialName: "wildcard" } }] },
      }),
    ];
    expect((await findingOf({ objects }, gatewayCertificateUsable)).summary).toMatch(
      /Secret ingress\/wildcard.* does not exist/,
    );
  });
});
