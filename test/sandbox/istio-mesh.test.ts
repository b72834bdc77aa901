import { afterEach, describe, expect, it } from "vitest";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { apply, ask, deployment, hello, isAvailable, knative, merge, pathOf, until } from "./install.ts";
import { installSmallIstio } from "./istio-install.ts";

const HOST = "canary.default.example.com";
const PROXY = "registry.example.com/istio/proxyv2:1.29.2";
const INJECT = { "sidecar.istio.io/inject": "true" };
const LOCAL: Ref = {
  apiVersion: "networking.istio.io/v1beta1",
  kind: "Gateway",
  namespace: "knative-serving",
  name: "knative-local-gateway",
};

let world: World;
afterEach(() => world.close());

const start = async (istio?: string): Promise<void> => {
  world = await startWorld();
  await installSmallIstio(world, istio);
};

const pods = (label: string, value: string): readonly Obj[] =>
  world.api.list("v1", "Pod").filter(({ metadata }) => metadata.labels?.[label] === value);

const policy = (spec: object, namespace = "default"): Obj =>
  ({
    apiVersion: "security.istio.io/v1beta1",
    kind: "PeerAuthentication",
    metadata: { namespace, name: "own", labels: { "istio.io/rev": "default" } },
    spec,
  }) as Obj;

/** A Service whose pods are in the mesh. */
const canary = (): Obj => {
  const service = hello("canary", { annotations: { "autoscaling.knative.dev/window": "600s" } });
  service.spec.template.metadata = { ...service.spec.template.metadata, labels: INJECT };
  service.spec.template.spec.timeoutSeconds = 5;
  return service;
};

const serveCanary = async (): Promise<Obj> => {
  await apply(world, canary());
  await until(world, "the canary ready", () => isTrue(world.api.get(knative("Service", "canary")), "Ready"));
  return until(world, "a pod of the canary", () =>
    pods("serving.knative.dev/service", "canary").find(({ status }) => status?.phase === "Running"),
  );
};

const injectActivator = async (): Promise<void> => {
  await merge(world, deployment("activator"), { spec: { template: { metadata: { labels: INJECT } } } });
  await until(world, "an activator with a sidecar alone", () => {
    const all = pods("app", "activator");
    return (
      all.every(({ metadata }) => metadata.annotations?.["sidecar.istio.io/status"]) &&
      isAvailable(world, deployment("activator"))
    );
  });
};

/** A pod that asks a name of the cluster; how its first container ended. */
const call = async (name: string, labels: Readonly<Record<string, string>>, image = PROXY): Promise<Obj> => {
  const args = ["--retry", "0", "http://canary.default.svc.cluster.local/"];
  const container = { name: "ask", image, command: ["curl"], args, terminationMessagePolicy: "FallbackToLogsOnError" };
  const metadata = { namespace: "default", name, labels };
  const spec = { restartPolicy: "Never", containers: [container] };
  await world.api.create("test", { apiVersion: "v1", kind: "Pod", metadata, spec } as Obj);
  const ref = { apiVersion: "v1", kind: "Pod", namespace: "default", name };
  return until(world, `${name} ended`, () => world.api.get(ref)?.status?.containerStatuses?.[0]?.state.terminated);
};

const throughServer = async ({ metadata }: Obj, port: number): Promise<string> => {
  const path = `${pathOf({ apiVersion: "v1", kind: "Pod", namespace: "default", name: `${metadata.name}:${port}` })}/proxy/`;
  const { status, body } = await world.api.request({ method: "GET", path });
  return status === 200 ? "200" : `${status} ${(body as Obj).message.replace(/^.*: /, "")}`;
};

describe("istiod's injector", () => {
  it("puts a sidecar into pods that ask for one, as an init container that goes on running", async () => {
    await start();
    const { spec, metadata } = await serveCanary();
    expect(spec.containers.map(({ name }: Obj) => name)).not.toContain("istio-proxy");
    expect(spec.initContainers).toMatchObject([
      { name: "istio-init" },
      { name: "istio-proxy", restartPolicy: "Always" },
    ]);
    expect(metadata.labels).toMatchObject({ "security.istio.io/tlsMode": "istio" });
    expect(pods("app", "activator")[0]?.spec.initContainers).toBeUndefined();
  });

  it("puts it beside the other containers before 1.27, where it outlives what ends", async () => {
    await start("1.26.2");
    const { spec } = await serveCanary();
    expect(spec.containers.map(({ name }: Obj) => name)).toContain("istio-proxy");
    await call("ask", INJECT);
    expect(world.api.get({ apiVersion: "v1", kind: "Pod", namespace: "default", name: "ask" })?.status.phase).toBe(
      "Running",
    );
  });
});

describe("a PeerAuthentication", () => {
  it("STRICT lets nobody in who is not in the mesh: no activator, no API server, no other pod", async () => {
    await start();
    await apply(
      world,
      policy({ selector: { matchLabels: { "serving.knative.dev/service": "canary" } }, mtls: { mode: "STRICT" } }),
    );
    const pod = await serveCanary();
    expect(await throughServer(pod, 8012)).toBe("503 connection reset by peer");
    expect(await throughServer(pod, 15021)).toBe("200");
    expect(await throughServer(pod, 7)).toBe("503 connection refused");
    await expect.poll(() => ask(world, 80, HOST), { timeout: 5_000 }).toMatchObject({ status: 504 });
    await injectActivator();
    await expect.poll(() => ask(world, 80, HOST), { timeout: 5_000 }).toMatchObject({ status: 200 });
    expect(await call("inside", INJECT)).toMatchObject({ exitCode: 0 });
    // Through the gateway, which is in the mesh, until that wants TLS of the mesh as well.
    expect(await call("outside", {})).toMatchObject({ exitCode: 0 });
    const tls = {
      hosts: ["*"],
      port: { number: 8081, name: "https", protocol: "HTTPS" },
      tls: { mode: "ISTIO_MUTUAL" },
    };
    await merge(world, LOCAL, { spec: { servers: [tls] } });
    expect(await call("outside-again", {})).toMatchObject({ exitCode: 52 });
    expect(await call("small", INJECT, PROXY.replace(/$/, "-distroless"))).toMatchObject({ exitCode: 128 });
    await apply(
      world,
      policy({
        selector: { matchLabels: { "serving.knative.dev/service": "canary" } },
        mtls: { mode: "STRICT" },
        portLevelMtls: { "8012": { mode: "PERMISSIVE" } },
      }),
    );
    expect(await throughServer(pod, 8012)).toBe("200");
  });

  it("has ports of its own only where it is for chosen pods", async () => {
    await start();
    const refused = apply(
      world,
      policy({ mtls: { mode: "STRICT" }, portLevelMtls: { "9090": { mode: "PERMISSIVE" } } }),
    );
    await expect(refused).rejects.toThrow("mesh/namespace peer authentication cannot have port level mTLS");
  });
});
