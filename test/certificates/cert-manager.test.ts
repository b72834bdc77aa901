import { describe, expect, it } from "vitest";
import { askCertManager } from "../../src/certificates/cert-manager/configuration.ts";
import { assertKnative, findCertManager, versionToInstall } from "../../src/certificates/cert-manager/found.ts";
import { type AcmeIssuer, issuerObjects } from "../../src/certificates/cert-manager/issuer.ts";
import { credentialNote, type Dns01, route53From, solverFor } from "../../src/certificates/cert-manager/solver.ts";
import { OWNER_LABEL } from "../../src/core/inventory.ts";
import { at, type KubeObject, keyOf, type ObjectRef } from "../../src/ports/object.ts";
import type { Reader } from "../../src/ports/reader.ts";
import { refusal } from "../../src/sandbox/cert-manager/validation.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import type { Obj } from "../../src/sandbox/types.ts";

/** A cluster that holds these objects. */
const holding = (objects: readonly KubeObject[]): Reader => ({
  get: async (ref: ObjectRef) => objects.find((object) => keyOf(object) === keyOf(ref)),
  list: async (_apiVersion, kind) => objects.filter((object) => object.kind === kind),
});

const released = (change: (object: KubeObject) => void = () => {}): readonly KubeObject[] => {
  const objects = structuredClone(
    standInObjects("cert-manager", "1.18.0", "cert-manager.yaml"),
  ) as unknown as KubeObject[];
  for (const object of objects) change(object);
  return objects;
};

const setArgs = (object: KubeObject, ...args: readonly string[]): void => {
  const container = at(object, "spec", "template", "spec", "containers", 0) as { args?: string[] } | undefined;
  if (container && object.metadata.name === "cert-manager") container.args = [...args];
};

const asOurs = (object: KubeObject): void => {
  object.metadata.labels = { ...object.metadata.labels, [OWNER_LABEL]: "cert-manager" };
};

describe("the cert-manager of a cluster", () => {
  it("is nobody's in an empty one", async () => {
    expect(await findCertManager(holding([]))).toBeUndefined();
  });

  it("is found, whoever made it, and told apart from ours", async () => {
    expect(await findCertManager(holding(released()))).toMatchObject({
      namespace: "cert-manager",
      version: "1.18.0",
      resourceNamespace: "cert-manager",
      ambient: true,
      isOurs: false,
    });
    const ours = await findCertManager(holding(released(asOurs)));
    expect(ours?.isOurs).toBe(true);
    expect(ours?.deployments.map(({ name }) => name).sort()).toEqual([
      "cert-manager",
      "cert-manager-cainjector",
      "cert-manager-webhook",
    ]);
  });

  it("is found by its images under another release name and in another namespace", async () => {
    const moved = released((object) => {
      if (object.kind !== "Deployment") return;
      setArgs(object, "--cluster-resource-namespace=secrets", "--cluster-issuer-ambient-credentials=false");
      object.metadata = { name: `pki-${object.metadata.name}`, namespace: "pki", labels: {} };
    });
    expect(await findCertManager(holding(moved))).toMatchObject({
      namespace: "pki",
      resourceNamespace: "secrets",
      ambient: false,
      isOurs: false,
      deployments: [{ namespace: "pki" }, { namespace: "pki" }, { namespace: "pki" }],
    });
  });

  it("whose kinds were left behind is not installed over, unless we left them", async () => {
    const kinds = (object: KubeObject) => object.kind === "CustomResourceDefinition";
    await expect(findCertManager(holding(released().filter(kinds)))).rejects.toMatchObject({
      id: "cert-manager.leftover",
      exitCode: 2,
    });
    expect(await findCertManager(holding(released(asOurs).filter(kinds)))).toBeUndefined();
  });

  it("that is too old for cert-manager.io/v1 is refused", async () => {
    const old = released((object) => {
      const [version] = (at(object, "spec", "versions") as { name: string }[] | undefined) ?? [];
      if (version) version.name = "v1alpha2";
    });
    await expect(findCertManager(holding(old))).rejects.toMatchObject({ id: "cert-manager.old", exitCode: 2 });
  });

  it("keeps its version when it is ours: a second run is no upgrade", async () => {
    const ours = await findCertManager(holding(released(asOurs)));
    expect(versionToInstall(ours, "1.19.2")).toBe("1.18.0");
    expect(versionToInstall(undefined, "1.19.2")).toBe("1.19.2");
  });

  it("is not asked by a Knative that needs net-certmanager", () => {
    for (const minor of ["1.15", "1.23", "1.30"]) expect(() => assertKnative(minor)).not.toThrow();
    for (const minor of ["1.0", "1.14"])
      expect(() => assertKnative(minor)).toThrow(expect.objectContaining({ id: "cert-manager.knative", exitCode: 2 }));
  });
});

const ISSUER: AcmeIssuer = {
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  domain: "apps.example.com",
  dns: { provider: "route53", credentials: "pod" },
};

const KEY = { name: "updater.", algorithm: "hmac-sha256.", secret: "c2VjcmV0" };

describe("the issuer", () => {
  it.each<[string, Partial<AcmeIssuer>]>([
    ["with the pod's rights", {}],
    ["with an access key", { dns: { provider: "route53", zoneId: "Z1", credentials: { id: "AKIA", secret: "s" } } }],
    ["with a role", { dns: { provider: "route53", credentials: "pod", role: "arn:aws:iam::1:role/dns" } }],
    ["with TSIG", { dns: { provider: "rfc2136", nameserver: "192.0.2.1", key: KEY } }],
    ["without TSIG", { dns: { provider: "rfc2136", nameserver: "ns.example.com:5353" } }],
    [
      "of a private CA",
      { ca: "-----BEGIN CERTIFICATE-----\n", external: { kid: "k", hmacKey: "aGk" }, profile: "tlsserver" },
    ],
  ])("%s is let in by cert-manager's webhook", (_case, given) => {
    const objects = issuerObjects({ ...ISSUER, ...given }, "cert-manager");
    const [issuer] = objects.filter(({ kind }) => kind === "ClusterIssuer");
    expect(issuer && refusal(issuer as Obj, undefined)).toBeUndefined();
    // Everything that it refers to comes before it, in the namespace where it is looked for.
    expect(objects.at(-1)).toBe(issuer);
    const named = [...JSON.stringify(issuer).matchAll(/"name":"(kn-bootstrap-(?:dns|eab))"/g)].map(([, name]) => name);
    const made = objects.filter(({ kind }) => kind === "Secret").map(({ metadata }) => metadata);
    expect(new Set(made.map(({ name }) => name))).toEqual(new Set(named));
    for (const { namespace } of made) expect(namespace).toBe("cert-manager");
  });

  it("solves for the domain and nothing else, in the one zone that was chosen", () => {
    const issuer = issuerObjects(
      { ...ISSUER, dns: { provider: "route53", zoneId: "Z1", credentials: "pod" } },
      "cm",
    ).at(-1);
    expect(at(issuer, "spec", "acme", "solvers")).toEqual([
      { selector: { dnsZones: ["apps.example.com"] }, dns01: { route53: { region: "us-east-1", hostedZoneID: "Z1" } } },
    ]);
  });

  it("keeps keys out of itself", () => {
    for (const dns of [
      { provider: "route53", credentials: { id: "AKIAXYZ", secret: "hush" } },
      { provider: "rfc2136", nameserver: "192.0.2.1", key: { ...KEY, secret: "aHVzaA==" } },
    ] satisfies Dns01[]) {
      const [secret, issuer] = issuerObjects({ ...ISSUER, dns, external: { kid: "k", hmacKey: "hush" } }, "cm");
      expect(secret?.kind).toBe("Secret");
      expect(JSON.stringify(issuer?.kind === "ClusterIssuer" ? issuer : {})).not.toMatch(/hush|aHVzaA|AKIAXYZ/);
    }
  });

  it("hands TSIG over as cert-manager spells it", () => {
    const { dns01, secret } = solverFor({ provider: "rfc2136", nameserver: "2001:db8::53", key: KEY }, "cm");
    expect(dns01).toEqual({
      rfc2136: {
        nameserver: "[2001:db8::53]:53",
        tsigKeyName: "updater",
        tsigAlgorithm: "HMACSHA256",
        tsigSecretSecretRef: { name: "kn-bootstrap-dns", key: "tsig-secret" },
      },
    });
    // base64 twice: cert-manager reads the base64 text that a key file of BIND has.
    expect(atob(String(at(secret, "data", "tsig-secret")))).toBe("c2VjcmV0");
    const sha384 = { ...KEY, algorithm: "hmac-sha384." };
    expect(() => solverFor({ provider: "rfc2136", nameserver: "x", key: sha384 }, "cm")).toThrow(
      expect.objectContaining({ id: "cert-manager.tsig", exitCode: 2 }),
    );
  });

  it("gets only such AWS credentials as last", () => {
    const key = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "s" };
    expect(route53From(key, "Z1")).toMatchObject({ zoneId: "Z1", credentials: { id: "AKIA", secret: "s" } });
    expect(route53From({ ...key, AWS_SESSION_TOKEN: "t" })).toMatchObject({ credentials: "pod" });
    expect(route53From({ AWS_PROFILE: "prod" })).toMatchObject({ credentials: "pod" });
    expect(credentialNote(route53From({}))).toMatch(/rights of its own pod/);
    expect(credentialNote(route53From(key))).toMatch(/goes into a Secret/);
  });
});

it("is asked by the name that the release knows the setting by", () => {
  const old = askCertManager({ key: (name) => (name === "external-domain-tls" ? "auto-tls" : name), http: "enabled" });
  expect(at(old[1], "data")).toEqual({ "auto-tls": "Enabled", "http-protocol": "Enabled" });
  expect(old.map(({ metadata }) => metadata.name)).toEqual(["config-certmanager", "config-network", "controller"]);
});
