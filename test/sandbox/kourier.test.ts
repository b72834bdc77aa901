import { X509Certificate } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { makeWebhookCertificates } from "../../src/sandbox/webhook-certificates.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { apply, ask, deployment, hello, knative, merge, pause, until, untilRefused } from "./install.ts";
import { installSmall, set } from "./small-install.ts";

const HOST = "hello.default.example.com";
const SECRET = { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard" };
const KINGRESS = {
  apiVersion: "networking.internal.knative.dev/v1alpha1",
  kind: "Ingress",
  namespace: "default",
  name: "hello",
};
const CONTROLLER = deployment("net-kourier-controller");

let world: World;
afterEach(() => world.close());

const start = async (options?: WorldOptions): Promise<void> => {
  world = await startWorld(options);
  await installSmall(world);
  await apply(world, { apiVersion: "v1", kind: "Namespace", metadata: { name: "kn-bootstrap" } });
};

const serveHello = async (): Promise<void> => {
  await apply(world, hello());
  await until(world, "hello Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
};

/** Writes a fresh certificate and answers its serial number. */
const writeSecret = async (): Promise<string> => {
  const made = await makeWebhookCertificates("hello", "default");
  const { apiVersion, kind, namespace, name } = SECRET;
  const data = { "tls.crt": made["server-cert.pem"], "tls.key": made["server-key.pem"] };
  await apply(world, { apiVersion, kind, metadata: { namespace, name }, type: "kubernetes.io/tls", data } as Obj);
  return new X509Certificate(Buffer.from(made["server-cert.pem"], "base64")).serialNumber;
};

const configure = (): Promise<void> =>
  set(world, "config-kourier", { "certs-secret-name": SECRET.name, "certs-secret-namespace": SECRET.namespace });

const roll = async (): Promise<void> => {
  const restartedAt = { "kubectl.kubernetes.io/restartedAt": String(performance.now()) };
  await merge(world, CONTROLLER, { spec: { template: { metadata: { annotations: restartedAt } } } });
};

const isRolled = (): boolean => {
  const found = world.api.get(CONTROLLER);
  return (
    conditionOf(found, "Progressing")?.reason === "NewReplicaSetAvailable" &&
    found?.status.observedGeneration === found?.metadata.generation
  );
};

const untilSerial = async (serial: string): Promise<void> => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await ask(world, 443, HOST).catch(() => undefined);
    if (answer?.serial === serial) return;
    await pause(20);
  }
  throw new Error("the gateway never showed the new certificate");
};

const podsOfController = (): readonly Obj[] =>
  world.api.list("v1", "Pod", "knative-serving").filter((pod) => pod.metadata.labels?.app === CONTROLLER.name);

describe("the certificate of the gateway", () => {
  it("is shown once Secret, configuration and a Service are there, and not before", async () => {
    await start();
    const serial = await writeSecret();
    await configure();
    await roll();
    await until(world, "the controller rolled", isRolled);
    await pause(100);
    await untilRefused(world, 443);
    await serveHello();
    await untilSerial(serial);
    expect(await ask(world, 443, HOST)).toMatchObject({ status: 200, body: "Hello rehearsal!\n" });
    expect(await ask(world, 443, "other.example.com")).toMatchObject({ status: 404 });
    await set(world, "config-kourier", { "certs-secret-name": null });
    await untilRefused(world, 443);
  });

  it("is not renewed by writing the Secret, only by a nudge", async () => {
    await start();
    const first = await writeSecret();
    await configure();
    await serveHello();
    await untilSerial(first);
    const second = await writeSecret();
    await pause(300);
    expect((await ask(world, 443, HOST)).serial).toBe(first);
    await merge(world, KINGRESS, { metadata: { annotations: { nudge: "1" } } });
    await untilSerial(second);
    const third = await writeSecret();
    await pause(100);
    expect((await ask(world, 443, HOST)).serial).toBe(second);
    await roll();
    await untilSerial(third);
  });

  it("is kept when the new one cannot be loaded", async () => {
    await start();
    const first = await writeSecret();
    await configure();
    await serveHello();
    await untilSerial(first);
    await merge(world, SECRET, { data: { "tls.key": Buffer.from("no key").toString("base64") } });
    await merge(world, KINGRESS, { metadata: { annotations: { nudge: "1" } } });
    await pause(100);
    expect((await ask(world, 443, HOST)).serial).toBe(first);
  });

  it("crash-loops a controller that starts before its Secret, and says why in its log", async () => {
    await start();
    await serveHello();
    await configure();
    const waiting = await until(world, "the kingress complaining", () => {
      const condition = conditionOf(world.api.get(KINGRESS), "Ready");
      return condition?.reason === "ReconcileIngressFailed" && condition;
    });
    expect(waiting.message).toContain('secrets "wildcard" not found');
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 200 });
    await roll();
    const crashed = await until(world, "the new pod crash-looping", () =>
      podsOfController().find((pod) => pod.status?.containerStatuses?.[0].state.waiting?.reason === "CrashLoopBackOff"),
    );
    expect(crashed.status.containerStatuses[0].lastState.terminated).toMatchObject({ exitCode: 1, reason: "Error" });
    const { body } = await world.api.request({
      method: "GET",
      path: `/api/v1/namespaces/knative-serving/pods/${crashed.metadata.name}/log`,
    });
    expect(body).toContain("Failed to create snapshot");
    expect(isTrue(world.api.get(CONTROLLER), "Available")).toBe(true);
    const serial = await writeSecret();
    await until(world, "the roll finished", isRolled);
    await untilSerial(serial);
    await until(world, "hello Ready again", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
  });

  it("can be named by the controller's environment, which the ConfigMap overrides", async () => {
    await start();
    const serial = await writeSecret();
    await serveHello();
    const env = [
      { name: "CERTS_SECRET_NAMESPACE", value: SECRET.namespace },
      { name: "CERTS_SECRET_NAME", value: SECRET.name },
    ];
    const [container] = world.api.get(CONTROLLER)?.spec.template.spec.containers ?? [];
    await merge(world, CONTROLLER, { spec: { template: { spec: { containers: [{ ...container, env }] } } } });
    await untilSerial(serial);
    await set(world, "config-kourier", { "certs-secret-name": "another" });
    await until(world, "the ConfigMap winning", () =>
      conditionOf(world.api.get(KINGRESS), "Ready")?.message?.includes('secrets "another" not found'),
    );
  });

  it("is named by the environment alone until Kourier 1.18", async () => {
    await start();
    await merge(world, CONTROLLER, { metadata: { labels: { "app.kubernetes.io/version": "1.18.0" } } });
    await writeSecret();
    await configure();
    await roll();
    await serveHello();
    await until(world, "the roll finished", isRolled);
    await expect(ask(world, 443, HOST)).rejects.toThrow();
    await merge(world, CONTROLLER, { metadata: { labels: { "app.kubernetes.io/version": "1.19.6" } } });
    await roll();
    await until(world, "the listener", () =>
      ask(world, 443, HOST).then(
        () => true,
        () => false,
      ),
    );
  });
});

describe("the way to the gateway", () => {
  const asNodePort = async (): Promise<void> => {
    const ports = [
      { name: "http2", port: 80, targetPort: 8080, nodePort: 31080, protocol: "TCP" },
      { name: "https", port: 443, targetPort: 8443, nodePort: 31443, protocol: "TCP" },
    ];
    const kourier = { apiVersion: "v1", kind: "Service", namespace: "kourier-system", name: "kourier" };
    await merge(world, kourier, { spec: { type: "NodePort", ports } });
    await pause(50);
  };

  it("is closed while no gateway pod is ready", async () => {
    await start();
    await serveHello();
    await merge(world, deployment("3scale-kourier-gateway", "kourier-system"), { spec: { replicas: 0 } });
    await untilRefused(world, 80);
  });

  it("needs an address that somebody gave, or the node port", async () => {
    await start({ loadBalancer: "none" });
    await serveHello();
    const kourier = { apiVersion: "v1", kind: "Service", namespace: "kourier-system", name: "kourier" };
    expect(world.api.get(kourier)?.status.loadBalancer?.ingress).toBeUndefined();
    await untilRefused(world, 80);
    await untilRefused(world, 31080);
    await asNodePort();
    expect(await ask(world, 31080, HOST)).toMatchObject({ status: 200 });
    await untilRefused(world, 80);
  });

  it.each([
    ["balancer", true],
    ["kind", false],
  ] as const)(
    "is open at 80 and 443 with a %s in front of node ports; at the node ports themselves: %s",
    async (nodePortFront, isOpen) => {
      await start({ loadBalancer: "none", nodePortFront });
      await serveHello();
      await asNodePort();
      expect(await ask(world, 80, HOST)).toMatchObject({ status: 200 });
      if (isOpen) expect(await ask(world, 31080, HOST)).toMatchObject({ status: 200 });
      else await untilRefused(world, 31080);
    },
  );

  it("answers a Host with any port, and keeps that port when it sends http to https", async () => {
    await start({ loadBalancer: "none", nodePortFront: "balancer" });
    await set(world, "config-network", { "http-protocol": "Redirected" });
    await serveHello();
    await asNodePort();
    const to = async (host: string) => (await ask(world, 31080, host)).location;
    expect(await to(`${HOST}:31080`)).toBe(`https://${HOST}:31080/`);
    expect(await to(`${HOST}:80`)).toBe(`https://${HOST}/`);
    expect(await to(HOST)).toBe(`https://${HOST}/`);
  });

  it("carries a host name where the load balancer has one", async () => {
    await start({ loadBalancer: "hostname" });
    const kourier = { apiVersion: "v1", kind: "Service", namespace: "kourier-system", name: "kourier" };
    const ingress = await until(world, "an address", () => world.api.get(kourier)?.status.loadBalancer?.ingress);
    expect(ingress).toEqual([{ hostname: "lb.rehearsal.internal" }]);
  });

  it("refuses the second of two Services that would get the same host", async () => {
    await start();
    await set(world, "config-network", { "domain-template": "same.{{.Domain}}" });
    await serveHello();
    await apply(world, hello("twin"));
    const conflict = await until(world, "the conflict", () => {
      const condition = conditionOf(world.api.get(knative("Service", "twin")), "RoutesReady");
      return condition?.reason === "DomainConflict" && condition;
    });
    expect(conflict).toMatchObject({ status: "False" });
    expect((await ask(world, 80, "same.example.com")).status).toBe(200);
    await world.api.remove(knative("Service", "hello"));
    await until(world, "twin Ready", () => isTrue(world.api.get(knative("Service", "twin")), "Ready"));
  });

  it("writes request logs where they are switched on", async () => {
    await start();
    await set(world, "config-observability", { "logging.enable-request-log": "true" });
    await serveHello();
    await ask(world, 80, HOST, "/path?q=1");
    const pod = world.api.list("v1", "Pod", "default").find(({ metadata }) => metadata.name.startsWith("hello-00001"));
    const { body } = await world.api.request({
      method: "GET",
      path: `/api/v1/namespaces/default/pods/${pod?.metadata.name}/log`,
      query: { container: "queue-proxy" },
    });
    const [line] = String(body).match(/^.*httpRequest.*$/m) ?? [];
    expect(JSON.parse(line ?? "").httpRequest).toMatchObject({
      requestMethod: "GET",
      requestUrl: "/path?q=1",
      status: 200,
    });
  });
});
