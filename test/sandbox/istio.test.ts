import { afterEach, describe, expect, it } from "vitest";
import { dataOf, type KubeObject } from "../../src/ports/object.ts";
import { rewriteImages } from "../../src/releases/images.ts";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import {
  type Answer,
  apply,
  ask,
  config,
  deployment,
  hello,
  knative,
  merge,
  pause,
  until,
  untilRefused,
} from "./install.ts";
import { GATEWAY, HTTP, https, installSmallIstio, setServers, writeSecret } from "./istio-install.ts";
import { installSmall, set, workload } from "./small-install.ts";

const HOST = "hello.default.example.com";
const ISTIOD = deployment("istiod", "istio-system");

let world: World;
afterEach(() => world.close());

const start = async (istio?: string): Promise<void> => {
  world = await startWorld();
  await installSmallIstio(world, istio);
};

const serve = async (name = "hello", namespace = "default"): Promise<void> => {
  const service = hello(name);
  service.metadata.namespace = namespace;
  await apply(world, service);
  await until(world, `${name} Ready`, () => isTrue(world.api.get(knative("Service", name, namespace)), "Ready"));
};

/** What the gateway answers at a port once it answers as wanted. */
const untilAnswer = async (port: number, host: string, wanted: Partial<Answer>): Promise<void> => {
  await expect
    .poll(() => ask(world, port, host).catch(() => ({})), { timeout: 5_000, interval: 20 })
    .toMatchObject(wanted);
};

/** A handshake that nobody answers. */
const untilReset = async (host: string): Promise<void> => {
  const code = () => ask(world, 443, host).then(String, (error: NodeJS.ErrnoException) => error.code);
  await expect.poll(code, { timeout: 5_000, interval: 20 }).toMatch(/ECONNRESET|SSL|EPROTO/);
};

const readinessOf = (name: string) => {
  const { status, message } = conditionOf(world.api.get(knative("Service", name)), "Ready") ?? {};
  return { status, message };
};
const WAITING = { status: "Unknown", message: "Waiting for load balancer to be ready" };

describe("a server at 443", () => {
  it("that covers no host but one namespace's keeps every other new Route from being ready", async () => {
    await start();
    await serve("early");
    await writeSecret(world, "knative-tls");
    await setServers(world, HTTP, https("*.other.example.com"));
    await apply(world, hello());
    await until(world, "hello waiting", () => readinessOf("hello").message === WAITING.message);
    await pause(500);
    expect(readinessOf("hello")).toEqual(WAITING);
    expect(readinessOf("early").status).toBe("True");
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 200 });
    await setServers(world, HTTP, https("*.other.example.com", "knative-tls", "https-other"), https("*"));
    await until(world, "hello Ready", () => readinessOf("hello").status === "True");
  });

  it("without its Secret does the same, and lets go when the Secret comes", async () => {
    await start();
    await setServers(world, HTTP, https("*"));
    await apply(world, hello());
    await until(world, "hello waiting", () => readinessOf("hello").message === WAITING.message);
    await untilReset(HOST);
    const serial = await writeSecret(world, "knative-tls");
    await until(world, "hello Ready", () => readinessOf("hello").status === "True");
    await untilAnswer(443, HOST, { status: 200, serial });
  });

  it("shows a new certificate as soon as the Secret has it, and no pod is new", async () => {
    await start();
    const first = await writeSecret(world, "knative-tls");
    await setServers(world, HTTP, https("*"));
    await serve();
    await untilAnswer(443, HOST, { serial: first });
    const pods = () => world.api.list("v1", "Pod", "istio-system").map(({ metadata }) => metadata.uid);
    const before = pods();
    const second = await writeSecret(world, "knative-tls");
    await untilAnswer(443, HOST, { serial: second });
    expect(pods()).toEqual(before);
  });

  it("keeps its certificate while istiod is away", async () => {
    await start();
    const first = await writeSecret(world, "knative-tls");
    await setServers(world, HTTP, https("*"));
    await serve();
    await merge(
      world,
      { ...ISTIOD, apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
      { spec: { minReplicas: 1, maxReplicas: 1 } },
    );
    await world.api.remove(ISTIOD);
    await until(world, "istiod gone", () =>
      world.api.list("v1", "Pod", "istio-system").every(({ metadata }) => !metadata.name.startsWith("istiod-")),
    );
    await writeSecret(world, "knative-tls");
    await pause(200);
    expect(await ask(world, 443, HOST)).toMatchObject({ status: 200, serial: first });
  });

  it("is chosen by the name that the client asks for, the most specific first", async () => {
    await start();
    await serve();
    const [every, own] = [await writeSecret(world, "knative-tls"), await writeSecret(world, "own")];
    await setServers(world, HTTP, https("*"), https("*.default.example.com", "own", "https-own"));
    await untilAnswer(443, HOST, { status: 200, serial: own });
    expect(await ask(world, 443, "elsewhere.example.com")).toMatchObject({ status: 404, serial: every });
  });

  it("is dropped whole where an older Gateway of the same pods has its host", async () => {
    await start();
    await serve();
    await writeSecret(world, "knative-tls");
    const older = await writeSecret(world, "older");
    await apply(world, {
      apiVersion: GATEWAY.apiVersion,
      kind: "Gateway",
      metadata: { name: "others", namespace: "default" },
      spec: { selector: { istio: "ingressgateway" }, servers: [https("*", "older")] },
    });
    const { spec } = world.api.get(GATEWAY) as Obj;
    await world.api.remove(GATEWAY);
    // Ages are told to the second.
    await pause(1_100);
    const metadata = { name: GATEWAY.name, namespace: "knative-serving" };
    const servers = [HTTP, https("*")];
    await apply(world, { apiVersion: GATEWAY.apiVersion, kind: "Gateway", metadata, spec: { ...spec, servers } });
    await untilAnswer(443, HOST, { status: 404, serial: older });
  });

  it("reads the older form from files, which follow their Secret within a minute", async () => {
    await start();
    const directory = "/etc/istio/ingressgateway-certs";
    await setServers(world, HTTP, {
      ...https("*"),
      tls: { mode: "SIMPLE", serverCertificate: `${directory}/tls.crt`, privateKey: `${directory}/tls.key` },
    });
    const first = await writeSecret(world, "istio-ingressgateway-certs");
    await untilAnswer(443, HOST, { status: 404, serial: first });
    await serve();
    const second = await writeSecret(world, "istio-ingressgateway-certs");
    await pause(100);
    expect(await ask(world, 443, HOST)).toMatchObject({ status: 200, serial: first });
    await untilAnswer(443, HOST, { serial: second });
  });
});

describe("a redirect", () => {
  it("on the shared Gateway sends every host to https", async () => {
    await start();
    await writeSecret(world, "knative-tls");
    await setServers(world, { ...HTTP, tls: { httpsRedirect: true } }, https("*"));
    await serve();
    await untilAnswer(80, HOST, { status: 301, location: `https://${HOST}/` });
    expect(await ask(world, 80, "nobody.example.com")).toMatchObject({ status: 301 });
    expect(await ask(world, 443, HOST)).toMatchObject({ status: 200 });
  });

  it("by http-protocol takes Routes from the server at 443, at which they are asked for all the same", async () => {
    await start();
    await writeSecret(world, "knative-tls");
    await setServers(world, HTTP, https("*"));
    await set(world, "config-network", { "http-protocol": "Redirected" });
    await apply(world, hello());
    await untilAnswer(80, HOST, { status: 301 });
    await untilAnswer(443, HOST, { status: 404 });
    await pause(300);
    expect(readinessOf("hello")).toEqual(WAITING);
  });
});

describe("certificates of kingresses", () => {
  const OWN = "own.example.com";

  const kingress = (): Obj => ({
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "Ingress",
    metadata: { name: "own", namespace: "default" },
    spec: {
      httpOption: "Redirected",
      tls: [{ hosts: [OWN], secretName: "own-tls", secretNamespace: "default" }],
      rules: [
        {
          hosts: [OWN],
          visibility: "ExternalIP",
          http: {
            paths: [
              { splits: [{ serviceName: "hello-00001", serviceNamespace: "default", servicePort: 80, percent: 100 }] },
            ],
          },
        },
      ],
    },
  });

  it("are copied beside the gateway, served there by a Gateway of their own, and go with the kingress", async () => {
    await start();
    await serve();
    const serial = await writeSecret(world, "own-tls", "default");
    await world.api.create("example", kingress());
    await untilAnswer(443, OWN, { status: 200, serial });
    expect(await ask(world, 80, OWN)).toMatchObject({ status: 301 });
    const copies = (): readonly Obj[] =>
      world.api
        .list("v1", "Secret", "istio-system")
        .filter(({ metadata }) => metadata.labels?.["networking.internal.knative.dev/originSecretName"] === "own-tls");
    expect(copies().map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^own-[0-9a-f-]{36}$/)]);
    const renewed = await writeSecret(world, "own-tls", "default");
    await untilAnswer(443, OWN, { serial: renewed });
    const { apiVersion, kind, metadata } = kingress();
    await world.api.remove({ apiVersion, kind, ...metadata } as Ref);
    await until(world, "the copy gone", () => copies().length === 0);
    await untilRefused(world, 443);
  });
});

describe("istiod's validating webhook", () => {
  const both = {
    mode: "SIMPLE",
    credentialName: "knative-tls",
    serverCertificate: "/a/tls.crt",
    privateKey: "/a/tls.key",
  };
  const REFUSAL =
    'admission webhook "rev.validation.istio.io" denied the request: configuration is invalid: only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified';

  it.each([
    ["1.26.2", ""],
    ["1.29.2", REFUSAL],
  ])("of Istio %s says to a server with two sources of its certificate: %s", async (version, refusal) => {
    await start(version);
    // Gateways of net-istio do not bear the label by which net-istio's istio.yaml has them checked.
    await setServers(world, HTTP, { ...https("*"), tls: both });
    const revised = { metadata: { labels: { "istio.io/rev": "default" } } };
    const { message } = await merge(world, GATEWAY, revised);
    expect(message).toBe(refusal);
  });

  it("is let through by nobody once istiod has answered", async () => {
    await start();
    const kind = "ValidatingWebhookConfiguration";
    const ref = { apiVersion: "admissionregistration.k8s.io/v1", kind, name: "istio-validator-istio-system" };
    const [webhook] = world.api.get(ref)?.webhooks ?? [];
    expect(webhook).toMatchObject({ failurePolicy: "Fail", clientConfig: { caBundle: expect.any(String) } });
    const managers = world.api.get(ref)?.metadata.managedFields?.map(({ manager }) => manager);
    expect(managers).toContain("pilot-discovery");
    const twice = { ...HTTP, hosts: ["a.example.com"] };
    await merge(world, GATEWAY, { metadata: { labels: { "istio.io/rev": "default" } } });
    const { message } = await merge(world, GATEWAY, { spec: { servers: [HTTP, twice] } });
    expect(message).toContain("port names in servers must be unique: duplicate name http");
  });
});

describe("a gateway of another's Istio", () => {
  it("is told by what its pods run, in its own namespace and under its own labels", async () => {
    await start();
    // As --image-registry makes it: istiod puts images into pods from there, too.
    const injector = { apiVersion: "v1", kind: "ConfigMap", namespace: "istio-system", name: "istio-sidecar-injector" };
    const [moved] = rewriteImages([world.api.get(injector) as KubeObject], "registry.example.com/mirror");
    await merge(world, injector, { data: dataOf(moved) });
    const namespace = "ingress";
    const proxy = workload("front", namespace, {
      container: { name: "istio-proxy", image: "auto" },
      spec: { serviceAccountName: "default" },
    });
    proxy.spec.template.metadata = {
      labels: { app: "front", istio: "front", "sidecar.istio.io/inject": "true" },
      annotations: { "inject.istio.io/templates": "gateway" },
    };
    await merge(
      world,
      { apiVersion: "v1", kind: "Service", namespace: "istio-system", name: "istio-ingressgateway" },
      { spec: { type: "ClusterIP" } },
    );
    await apply(world, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, proxy, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "front", namespace, labels: { istio: "front" } },
      spec: {
        type: "LoadBalancer",
        selector: { istio: "front" },
        ports: [{ name: "http2", port: 80, targetPort: 80 }],
      },
    });
    await merge(world, GATEWAY, { spec: { selector: { istio: "front" } } });
    const external = `- name: knative-ingress-gateway\n  namespace: knative-serving\n  service: front.${namespace}.svc.cluster.local\n`;
    await merge(world, config("config-istio"), { data: { "external-gateways": external } });
    await until(world, "the gateway injected and available", () =>
      isTrue(world.api.get(deployment("front", namespace)), "Available"),
    );
    const [pod] = world.api.list("v1", "Pod", namespace);
    expect(pod?.spec.containers[0].image).toBe("registry.example.com/mirror/istio/proxyv2:1.29.2");
    await serve();
    await untilAnswer(80, HOST, { status: 200 });
  });
});

describe("the fault load-balancer-pending", () => {
  it("is one of Istio's gateway as well", async () => {
    world = await startWorld({ faults: [`load-balancer-pending:${patient(4)}`] });
    await installSmallIstio(world);
    const service = { apiVersion: "v1", kind: "Service", namespace: "istio-system", name: "istio-ingressgateway" };
    expect(world.api.get(service)?.status.loadBalancer?.ingress).toBeUndefined();
    await expect
      .poll(() => world.api.get(service)?.status.loadBalancer?.ingress, { timeout: patient(10_000) })
      .toMatchObject([{ ip: "127.0.0.1" }]);
  });
});

describe("two ingresses beside each other", () => {
  const asked = async (name: string, address: string): Promise<number> => {
    const { status } = await ask(world, 80, `${name}.default.example.com`, "/", address);
    return status;
  };

  it("answer at an address of their own, each for the Services of its class", async () => {
    world = await startWorld();
    await installSmall(world);
    await apply(world, hello("first"));
    await until(world, "first Ready", () => readinessOf("first").status === "True");
    await installSmallIstio(world);
    const service = (namespace: string, name: string) =>
      world.api.get({ apiVersion: "v1", kind: "Service", namespace, name })?.status.loadBalancer.ingress[0].ip;
    const [one, other] = [service("kourier-system", "kourier"), service("istio-system", "istio-ingressgateway")];
    expect([one, other]).toEqual(["127.0.0.1", "127.0.0.2"]);
    await set(world, "config-network", { "ingress-class": "istio.ingress.networking.knative.dev" });
    await serve("second");
    expect(await asked("second", other)).toBe(200);
    expect(await asked("second", one)).toBe(404);
    await world.api.remove({ apiVersion: "v1", kind: "Namespace", name: "kourier-system" });
    await untilRefused(world, 80);
    expect(await asked("second", other)).toBe(200);
  });
});
