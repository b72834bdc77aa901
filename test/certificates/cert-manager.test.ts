import { describe, expect, it } from "vitest";
import { askCertManager } from "../../src/certificates/cert-manager/configuration.ts";
import { findCertManager, knativeProblem } from "../../src/certificates/cert-manager/found.ts";
import { issuerObjects } from "../../src/certificates/cert-manager/issuer.ts";
import type { ControllerIssuer } from "../../src/certificates/controller.ts";
import { dnsProvider } from "../../src/dns/index.ts";
import { OWNER_LABEL } from "../../src/kube/inventory.ts";
import { at, type KubeObject, keyOf, type ObjectRef } from "../../src/ports/object.ts";
import type { Reader } from "../../src/ports/reader.ts";
import type { Dns01Solver } from "../../src/ports/solver.ts";
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
      kind: "input",
    });
    expect(await findCertManager(holding(released(asOurs).filter(kinds)))).toBeUndefined();
  });

  it("that is too old for cert-manager.io/v1 is refused", async () => {
    const old = released((object) => {
      const [version] = (at(object, "spec", "versions") as { name: string }[] | undefined) ?? [];
      if (version) version.name = "v1alpha2";
    });
    await expect(findCertManager(holding(old))).rejects.toMatchObject({ id: "cert-manager.old", kind: "input" });
  });

  it("keeps its version when it is ours: a second run is no upgrade", async () => {
    const ours = await findCertManager(holding(released(asOurs)));
    expect(ours).toMatchObject({ isOurs: true, version: "1.18.0" });
  });

  it("is not asked by a Knative that needs net-certmanager", () => {
    for (const minor of ["1.15", "1.23", "1.30"]) expect(knativeProblem(minor)).toBeUndefined();
    for (const minor of ["1.0", "1.14"])
      expect(knativeProblem(minor)?.error).toMatchObject({ id: "cert-manager.knative", kind: "input" });
  });
});

const solver = async (id: string, env: Record<string, string>, zoneId?: string): Promise<Dns01Solver> => {
  const found = await dnsProvider(id)?.solver?.(env, zoneId);
  if (!found) throw new Error(`cert-manager has no solver for ${id}`);
  return found;
};

const ACCESS_KEY = { AWS_ACCESS_KEY_ID: "AKIAXYZ", AWS_SECRET_ACCESS_KEY: "hush" };
const TSIG = {
  RFC2136_NAMESERVER: "2001:db8::53",
  RFC2136_TSIG_KEY: "updater.",
  RFC2136_TSIG_SECRET: "aHVzaA==",
};
const WITH_KEY = await solver("route53", ACCESS_KEY, "Z1");
const WITH_TSIG = await solver("rfc2136", TSIG);
const ISSUER: ControllerIssuer = {
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  domain: "apps.example.com",
  dns: await solver("route53", {}),
};

describe("the issuer", () => {
  it.each<[string, Partial<ControllerIssuer>]>([
    ["with the pod's rights", {}],
    ["with an access key", { dns: WITH_KEY }],
    ["with TSIG", { dns: WITH_TSIG }],
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

  it("solves for the domain and nothing else, in the one zone that was chosen", async () => {
    const issuer = issuerObjects({ ...ISSUER, dns: await solver("route53", {}, "Z1") }, "cm").at(-1);
    expect(at(issuer, "spec", "acme", "solvers")).toEqual([
      { selector: { dnsZones: ["apps.example.com"] }, dns01: { route53: { region: "us-east-1", hostedZoneID: "Z1" } } },
    ]);
  });

  it("keeps keys out of itself", () => {
    for (const dns of [WITH_KEY, WITH_TSIG]) {
      const [secret, ...more] = issuerObjects({ ...ISSUER, dns, external: { kid: "k", hmacKey: "hush" } }, "cm");
      expect(secret?.kind).toBe("Secret");
      expect(more.at(-1)?.kind).toBe("ClusterIssuer");
      expect(JSON.stringify(more.at(-1))).not.toMatch(/hush|aHVzaA|AKIAXYZ/);
    }
  });

  it("hands TSIG over as cert-manager spells it", async () => {
    const [secret, issuer] = issuerObjects({ ...ISSUER, dns: WITH_TSIG }, "cm");
    expect(at(issuer, "spec", "acme", "solvers", 0, "dns01")).toEqual({
      rfc2136: {
        nameserver: "[2001:db8::53]:53",
        tsigKeyName: "updater",
        tsigAlgorithm: "HMACSHA256",
        tsigSecretSecretRef: { name: "kn-bootstrap-dns", key: "tsig-secret" },
      },
    });
    // base64 twice: cert-manager reads the base64 text that a key file of BIND has.
    expect(atob(String(at(secret, "data", "tsig-secret")))).toBe("aHVzaA==");
    await expect(solver("rfc2136", { ...TSIG, RFC2136_TSIG_ALGORITHM: "hmac-sha384" })).rejects.toMatchObject({
      id: "cert-manager.tsig",
      kind: "input",
    });
  });

  it("gets only such AWS credentials as last", async () => {
    expect(WITH_KEY.keys).toEqual({ "access-key-id": "AKIAXYZ", "secret-access-key": "hush" });
    expect(WITH_KEY.note).toMatch(/goes into a Secret/);
    for (const env of [{ ...ACCESS_KEY, AWS_SESSION_TOKEN: "t" }, { AWS_PROFILE: "prod" }]) {
      const { keys, isAmbient, note } = await solver("route53", env);
      expect([keys, isAmbient]).toEqual([undefined, true]);
      expect(note).toMatch(/rights of its own pod/);
    }
  });
});

it("is asked by the name that the release knows the setting by", () => {
  const old = askCertManager({ key: (name) => (name === "external-domain-tls" ? "auto-tls" : name), http: "enabled" });
  expect(at(old[1], "data")).toEqual({ "auto-tls": "Enabled", "http-protocol": "Enabled" });
  expect(old.map(({ metadata }) => metadata.name)).toEqual(["config-certmanager", "config-network", "controller"]);
});
