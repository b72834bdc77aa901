import { X509Certificate } from "node:crypto";
import { type ConnectionOptions, connect } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { makeRoot } from "../../src/certificates/x509.ts";
import { Refused } from "../../src/sandbox/cert-manager/index.ts";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import type { World, WorldOptions } from "../../src/sandbox/world.ts";
import {
  ACME,
  API,
  acme,
  applyCertManager,
  applyIssuer,
  createCa,
  installCertManager,
  issuer,
  readyOf,
  restart,
  start,
  untilAnswers,
  untilIssuer,
} from "./cert-manager-scene.ts";
import { apply, ask, config, deployment, hello, knative, merge, pause, until } from "./install.ts";
import { installSmall, set } from "./small-install.ts";

const worlds: World[] = [];
const open = async (options?: WorldOptions): Promise<World> => {
  const world = await start(options);
  worlds.push(world);
  return world;
};
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

const NETWORKING = "networking.internal.knative.dev/v1alpha1";
const HOST = "hello.default.example.com";

const certificate = (name: string, fields: object = {}): Obj => ({
  apiVersion: API,
  kind: "Certificate",
  metadata: { name, namespace: "default" },
  spec: {
    secretName: name,
    dnsNames: [`${name}.example.com`],
    issuerRef: { kind: "ClusterIssuer", name: "kn-bootstrap" },
    ...fields,
  },
});

const get = (world: World, apiVersion: string, kind: string, name: string): Obj | undefined =>
  world.api.get({ apiVersion, kind, namespace: "default", name });
const secret = (world: World, name: string): Obj | undefined => get(world, "v1", "Secret", name);
const serialIn = (object: Obj | undefined): string | undefined =>
  object && new X509Certificate(Buffer.from(object.data["tls.crt"], "base64")).serialNumber;

/** A handshake as a browser makes it: verified up to the CA's root, for this name. */
const handshake = (world: World, host: string, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options: ConnectionOptions = { host: "127.0.0.1", port: world.connectTo.get(443) ?? 0, servername: host, ca };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });

/** The gateway opens its port, and takes up a certificate, a moment after it was told. */
const untilHandshake = async (world: World, host: string, ca: string, serial?: string): Promise<string> => {
  for (let tries = 0; ; tries++) {
    const found = await handshake(world, host, ca).catch((error: unknown) => {
      if (tries < 50) return undefined;
      throw error;
    });
    if (found && (serial === undefined || found === serial || tries >= 50)) return found;
    await pause(20);
  }
};

describe("cert-manager's webhook", () => {
  it("is not trusted yet when its Deployments are available, and then judges issuers", async () => {
    const world = await open({ pace: 100 });
    await applyCertManager(world);
    await expect(applyIssuer(world, acme())).rejects.toThrow(
      /failed calling webhook "webhook\.cert-manager\.io": .*(unknown authority|no endpoints available)/,
    );
    await untilAnswers(world);
    await expect(applyIssuer(world, {})).rejects.toThrow("at least one issuer must be configured");
    await expect(applyIssuer(world, { acme: { server: "https://x" } })).rejects.toThrow(
      "privateKeySecretRef.name: Required",
    );
    const md4 = { dns01: { rfc2136: { nameserver: "127.0.0.1", tsigAlgorithm: "HMACMD4" } } };
    await expect(applyIssuer(world, acme(md4))).rejects.toThrow('tsigAlgorithm: Unsupported value: "HMACMD4"');
    await applyIssuer(world, acme());
  });
});

describe("an issuer", () => {
  it("is ready when the CA knows its account, and says why it is not", async () => {
    const world = await open({ certManager: await createCa() });
    await applyCertManager(world);
    await untilAnswers(world);
    await applyIssuer(world, {
      acme: { server: "https://nowhere/directory", privateKeySecretRef: { name: "account" } },
    });
    await until(world, "the refusal", () => readyOf(issuer(world))?.reason === "ErrRegisterACMEAccount");
    expect(readyOf(issuer(world))?.message).toMatch(/^Failed to register ACME account: Get .* no such host$/);
    await applyIssuer(world, acme());
    await untilIssuer(world);
    expect(issuer(world)?.status.acme.uri).toBe("https://ca.example.com/directory/account/1");
    expect(
      world.api.get({ apiVersion: "v1", kind: "Secret", namespace: "cert-manager", name: "account" }),
    ).toBeTruthy();
  });

  it("may be self-signed, or a CA in a Secret", async () => {
    const world = await open();
    await applyCertManager(world);
    await untilAnswers(world);
    await applyIssuer(world, { selfSigned: {} }, "own");
    await applyIssuer(world, { ca: { secretName: "root" } }, "private");
    await until(world, "the missing Secret told", () => readyOf(issuer(world, "private"))?.reason === "ErrGetKeyPair");
    const root = await makeRoot("Private", new Date(), 30);
    const data = { "tls.crt": btoa(root.certificate), "tls.key": btoa(root.key) };
    await apply(world, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "root", namespace: "cert-manager" },
      data,
    });
    await untilIssuer(world, "private");
    await apply(world, certificate("a", { issuerRef: { kind: "ClusterIssuer", name: "own" } }));
    await apply(world, certificate("b", { issuerRef: { kind: "ClusterIssuer", name: "private" } }));
    await until(world, "both ready", () =>
      ["a", "b"].every((name) => isTrue(get(world, API, "Certificate", name), "Ready")),
    );
    const leaf = new X509Certificate(Buffer.from(secret(world, "b")?.data["tls.crt"], "base64"));
    expect(leaf.verify(new X509Certificate(root.certificate).publicKey)).toBe(true);
    expect(secret(world, "b")?.data["ca.crt"]).toBe(btoa(root.certificate));
  });
});

describe("a certificate", () => {
  it("comes through request, order and challenges, and lands in its Secret", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    let proceed = (): void => {};
    ca.before = (order) =>
      new Promise((resolve) => {
        order.tell({
          name: "web.example.com",
          isWildcard: false,
          state: "pending",
          reason: "Waiting for DNS-01 challenge propagation: not yet",
        });
        proceed = resolve;
      });
    await installCertManager(world);
    await apply(world, certificate("web"));
    const challenge = await until(world, "the challenge's reason", () =>
      world.api.list(ACME, "Challenge").find(({ status }) => status?.reason?.startsWith("Waiting for DNS-01")),
    );
    expect(challenge).toMatchObject({
      spec: { dnsName: "web.example.com", type: "DNS-01" },
      status: { state: "pending" },
    });
    expect(readyOf(get(world, API, "Certificate", "web"))).toMatchObject({
      status: "False",
      reason: "DoesNotExist",
      message: "Issuing certificate as Secret does not exist",
    });
    const waiting = await until(world, "the request waiting", () => {
      const found = readyOf(get(world, API, "CertificateRequest", "web-1"));
      return found?.message?.includes("pending") && found;
    });
    expect(waiting).toMatchObject({
      reason: "Pending",
      message: expect.stringMatching(/^Waiting on certificate issuance from order default\/web-1-\w+: "pending"$/),
    });
    expect(secret(world, "web")).toBeUndefined();
    proceed();
    await until(world, "ready", () => isTrue(get(world, API, "Certificate", "web"), "Ready"));
    expect(secret(world, "web")).toMatchObject({
      type: "kubernetes.io/tls",
      metadata: { annotations: { "cert-manager.io/issuer-name": "kn-bootstrap" } },
    });
    await until(world, "the challenges gone", () => world.api.list(ACME, "Challenge").length === 0);
    await until(world, "its Secret alone", () => world.api.list("v1", "Secret", "default").length === 1);
  });

  it("that the CA refuses waits an hour, and a new one does not", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    ca.before = async () => {
      throw new Refused("invalid", "acme: authorization error for web.example.com: 403 urn:ietf:params:acme:error:caa");
    };
    await installCertManager(world);
    await apply(world, certificate("web"));
    const failed = await until(world, "the failure", () => {
      const found = get(world, API, "Certificate", "web");
      return conditionOf(found, "Issuing")?.reason === "Failed" && found;
    });
    expect(conditionOf(failed, "Issuing")?.message).toMatch(
      /^The certificate request has failed to complete and will be retried: Failed to wait for order resource "web-1-\w+" to become ready: order is in "invalid" state: .*caa$/,
    );
    expect(failed.status.failedIssuanceAttempts).toBe(1);
    ca.before = async () => {};
    await pause(100);
    expect(ca.orders).toHaveLength(1);
    await world.api.remove({ apiVersion: API, kind: "Certificate", namespace: "default", name: "web" });
    await until(world, "all of it gone", () => world.api.list(ACME, "Order").length === 0);
    await apply(world, certificate("web"));
    await until(world, "ready", () => isTrue(get(world, API, "Certificate", "web"), "Ready"));
  });

  it("waits while the Secret of its solver is missing, and tries again what may pass", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    await installCertManager(world);
    const selector = { name: "tsig", key: "secret" };
    const rfc2136 = {
      nameserver: "127.0.0.1:53",
      tsigKeyName: "k",
      tsigAlgorithm: "HMACSHA256",
      tsigSecretSecretRef: selector,
    };
    await applyIssuer(world, acme({ dns01: { rfc2136 } }));
    await apply(world, certificate("web"));
    await until(world, "the reason", () =>
      world.api.list(ACME, "Challenge").some(({ status }) => /secrets "tsig" not found/.test(status?.reason ?? "")),
    );
    let tries = 0;
    ca.before = async () => {
      tries += 1;
      if (tries === 1) throw new Error("dns: bad authentication: BADKEY");
    };
    const data = { secret: btoa("c2VjcmV0") };
    await apply(world, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "tsig", namespace: "cert-manager" },
      data,
    });
    await until(world, "ready", () => isTrue(get(world, API, "Certificate", "web"), "Ready"));
    expect(tries).toBe(2);
    expect(ca.orders.at(-1)?.solverFor("web.example.com")).toEqual({
      provider: "rfc2136",
      nameserver: "127.0.0.1:53",
      key: { name: "k", algorithm: "HMACSHA256", secret: "c2VjcmV0" },
    });
  });

  it("has no solver when no zone of the issuer fits", async () => {
    const world = await open({ certManager: await createCa() });
    await installCertManager(world);
    await applyIssuer(
      world,
      acme({ selector: { dnsZones: ["example.org"] }, dns01: { route53: { region: "us-east-1" } } }),
    );
    await apply(world, certificate("web"));
    const order = await until(world, "the order given up", () =>
      world.api.list(ACME, "Order").find(({ status }) => status?.state === "errored"),
    );
    expect(order.status.reason).toContain("no configured challenge solvers can be used");
  });

  it("is renewed when a third of its life is left", async () => {
    const ca = await createCa();
    ca.lifetimeMs = 3_000;
    const world = await open({ certManager: ca });
    await installCertManager(world);
    await apply(world, certificate("web"));
    await until(world, "ready", () => isTrue(get(world, API, "Certificate", "web"), "Ready"));
    const first = serialIn(secret(world, "web"));
    ca.lifetimeMs = undefined;
    await until(world, "another certificate", () => serialIn(secret(world, "web")) !== first);
    const status = await until(world, "its second revision", () => {
      const found = get(world, API, "Certificate", "web")?.status;
      return found?.revision === 2 && found;
    });
    const [begin = 0, renewal = 0, end = 0] = [status.notBefore, status.renewalTime, status.notAfter].map(Date.parse);
    expect((renewal - begin) / (end - begin)).toBeCloseTo(2 / 3, 3);
  });
});

describe("Knative with external-domain-tls", () => {
  const kcerts = (world: World): readonly Obj[] => world.api.list(NETWORKING, "Certificate", "default");
  const service = (world: World): Obj | undefined => world.api.get(knative("Service", "hello"));

  const certmanager = (world: World): Promise<void> =>
    apply(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "config-certmanager", namespace: "knative-serving" },
      data: { issuerRef: "kind: ClusterIssuer\nname: kn-bootstrap\n" },
    });

  it("asks only after a restart, then serves each Route with a certificate of its own", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    await Promise.all([installSmall(world), installCertManager(world)]);
    await certmanager(world);
    await set(world, "config-network", { "external-domain-tls": "Enabled", "http-protocol": "Redirected" });
    await apply(world, hello());
    await until(world, "a certificate wanted", () => kcerts(world).length === 1);
    await pause(100);
    expect(kcerts(world)[0]?.status).toBeUndefined();
    expect(world.api.list(API, "Certificate")).toEqual([]);
    expect(isTrue(service(world), "Ready")).toBe(false);

    await restart(world);
    await until(world, "hello Ready", () => isTrue(service(world), "Ready"));
    expect(service(world)?.status.url).toBe(`https://${HOST}`);
    expect(await untilHandshake(world, HOST, ca.root)).toBe(serialIn(secret(world, kcerts(world)[0]?.spec.secretName)));
    expect(await ask(world, 443, HOST)).toMatchObject({ status: 200, body: "Hello rehearsal!\n" });
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 301, location: `https://${HOST}/` });
    await expect(handshake(world, "other.default.example.com", ca.root)).rejects.toThrow();
  });

  it("serves a renewed certificate without further ado", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    await Promise.all([installSmall(world), installCertManager(world)]);
    await certmanager(world);
    await set(world, "config-network", { "external-domain-tls": "Enabled" });
    await restart(world);
    await apply(world, hello());
    await until(
      world,
      "https",
      () => service(world)?.status?.url === `https://${HOST}` && isTrue(service(world), "Ready"),
    );
    const name: string = kcerts(world)[0]?.spec.secretName;
    const first = await untilHandshake(world, HOST, ca.root);
    await merge(world, { apiVersion: "v1", kind: "Secret", namespace: "default", name }, { data: { "tls.crt": "" } });
    const next = await until(world, "another certificate", () => {
      const found = secret(world, name);
      return found?.data["tls.crt"] !== "" && serialIn(found);
    });
    expect(next).not.toBe(first);
    expect(await untilHandshake(world, HOST, ca.root, next)).toBe(next);
  });

  it("downgrades to http while there is no certificate, where http is allowed", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    ca.before = async () => {
      throw new Refused("errored", "429 urn:ietf:params:acme:error:rateLimited: too many certificates");
    };
    await Promise.all([installSmall(world), installCertManager(world)]);
    await certmanager(world);
    await set(world, "config-network", { "external-domain-tls": "Enabled" });
    await restart(world);
    await apply(world, hello());
    await until(world, "hello Ready", () => isTrue(service(world), "Ready"));
    expect(service(world)?.status.url).toBe(`http://${HOST}`);
    expect(conditionOf(world.api.get(knative("Route", "hello")), "CertificateProvisioned")?.reason).toBe(
      "HTTPDowngrade",
    );
    await set(world, "config-network", { "http-protocol": "Redirected" });
    const route = await until(world, "the Route not Ready", () => {
      const found = world.api.get(knative("Route", "hello"));
      return isTrue(found, "Ready") ? undefined : found;
    });
    expect(conditionOf(route, "CertificateProvisioned")?.message).toMatch(
      /^Certificate route-\S+ fails to be provisioned: DoesNotExist$/,
    );
  });

  it("does not start without cert-manager's kinds", async () => {
    const world = await open();
    await installSmall(world);
    await set(world, "config-network", { "external-domain-tls": "Enabled" });
    const annotations = { "kubectl.kubernetes.io/restartedAt": "now" };
    await merge(world, deployment("controller"), { spec: { template: { metadata: { annotations } } } });
    const pod = await until(world, "a crash loop", () =>
      world.api
        .list("v1", "Pod", "knative-serving")
        .find((one) =>
          one.status?.containerStatuses?.some(({ state }: Obj) => state?.waiting?.reason === "CrashLoopBackOff"),
        ),
    );
    const { status, body } = await world.api.request({
      method: "GET",
      path: `/api/v1/namespaces/knative-serving/pods/${pod.metadata.name}/log`,
    });
    expect(status).toBe(200);
    expect(body).toMatch(/Please install cert-manager: the server could not find the requested resource/);
  });

  it("shares one wildcard among the Routes of a chosen namespace", async () => {
    const ca = await createCa();
    const world = await open({ certManager: ca });
    await Promise.all([installSmall(world), installCertManager(world)]);
    await certmanager(world);
    await set(world, "config-network", {
      "external-domain-tls": "Enabled",
      "namespace-wildcard-cert-selector": "matchLabels: {kubernetes.io/metadata.name: default}",
    });
    await restart(world);
    await apply(world, hello(), hello("other"));
    const names = ["hello", "other"];
    await until(world, "both https", () =>
      names.every((name) => {
        const found = world.api.get(knative("Service", name));
        return isTrue(found, "Ready") && found?.status.url === `https://${name}.default.example.com`;
      }),
    );
    expect(kcerts(world).map(({ spec }) => spec.dnsNames)).toEqual([["*.default.example.com"]]);
    expect(world.api.list(NETWORKING, "Certificate", "knative-serving").length).toBe(0);
    const serial = await untilHandshake(world, HOST, ca.root);
    expect(await untilHandshake(world, "other.default.example.com", ca.root, serial)).toBe(serial);
    expect(world.api.get(config("config-certmanager"))).toBeTruthy();
  });
});
