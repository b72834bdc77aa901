import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { istioWith } from "../../src/sandbox/istio/index.ts";
import type { Dial, Outcome, Probe } from "../../src/sandbox/istio/prober.ts";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import { PARTS } from "../../src/sandbox/parts.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { apply, hello, isAvailable, knative, pathOf, pause, release, until } from "./install.ts";
import { define, refOfDeployment, rest, setServers } from "./istio-install.ts";
import type { ProbeCount, Recorded } from "./istio-recording.ts";
import { isFilledIn, set } from "./small-install.ts";

/** The recorder's cluster again: Serving, net-istio and the kinds of Istio; a Service without pods, and a stub at its one address. */

export const ADDRESS = "10.88.250.1";
const SERVICE = { name: "istio-ingressgateway", namespace: "istio-system" };
export const SERVICE_REF: Ref = { apiVersion: "v1", kind: "Service", ...SERVICE };
export const ENDPOINTS_REF: Ref = { apiVersion: "v1", kind: "Endpoints", ...SERVICE };

/** How the stub answers: by the VirtualServices (`envoy`), or as it is told. */
export type Mode = "envoy" | "hang" | "nohash" | "wronghash" | "302" | "401" | "404" | "500" | "503";

export interface Scene {
  readonly world: World;
  readonly stub: { isUp: boolean; modes: ReadonlyMap<string, Mode>; takes: (sni: string) => boolean };
  /** What the recorder has noted since the last call. */
  readonly probes: () => readonly ProbeCount[];
  readonly lines: () => Promise<readonly string[]>;
  /** Keeps what the controller's pods have written so far: it goes with them. */
  readonly note: () => Promise<void>;
  /** By `kind/namespace/name@generation`, the last of each. */
  readonly objects: Map<string, Obj>;
  /** Conditions of kingresses, in order. */
  readonly states: Map<string, (readonly Obj[])[]>;
  /** Lets seconds of the cluster's time pass. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Waits until Services are as they were at that step of the recording. */
  readonly moment: (recorded: Recorded, step: string) => Promise<void>;
  /** Waits until a host has been asked for again and again. */
  readonly insisted: (...names: string[]) => Promise<void>;
  /** Waits until every kingress is ready in its present form. */
  readonly calm: () => Promise<void>;
  readonly make: (...names: string[]) => Promise<void>;
  readonly servers: (...servers: object[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const endpoints = (addresses: readonly string[]): Obj => ({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: SERVICE,
  subsets: [
    {
      addresses: addresses.map((ip) => ({ ip })),
      ports: [
        { name: "http2", port: 8080 },
        { name: "https", port: 8443 },
      ],
    },
  ],
});

export const gatewayService = (name: string, namespace: string): Obj => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels: { app: "istio-ingressgateway", istio: "ingressgateway" } },
  spec: {
    ports: [
      { name: "http2", port: 80, targetPort: 8080 },
      { name: "https", port: 443, targetPort: 8443 },
    ],
  },
});

export const openScene = async (): Promise<Scene> => {
  const stub: Scene["stub"] = { isUp: true, modes: new Map(), takes: () => true };
  const noted: Omit<ProbeCount, "count">[] = [];
  const second = patient(20);
  const part = istioWith(() => stubbed(() => world, stub, noted));
  const world = await startWorld({ pace: second, parts: PARTS.map((one) => (one.name === part.name ? part : one)) });
  await install(world);

  const objects = new Map<string, Obj>();
  const states = new Map<string, (readonly Obj[])[]>();
  world.api.onChange(({ type, object }) => {
    const { metadata } = object;
    if (object.kind === "Service" && object.apiVersion === "v1" && metadata.namespace === "demo")
      objects.set(`service/demo/${metadata.name}@generationNone`, object);
    const kind = { Ingress: "kingress", VirtualService: "virtualservice", Gateway: "gateway" }[object.kind];
    if (!kind || type === "DELETED") return;
    const { namespace, name, generation } = object.metadata;
    objects.set(`${kind}/${namespace}/${name}@generation${generation}`, object);
    if (kind === "kingress") states.set(name, [...(states.get(name) ?? []), object.status?.conditions ?? []]);
  });

  const readOf = new Map<string, number>();
  const kept: string[] = [];
  const note = async (): Promise<void> => {
    for (const { metadata } of world.api.list("v1", "Pod", "knative-serving")) {
      if (!metadata.name.startsWith("net-istio-controller-")) continue;
      const path = `/api/v1/namespaces/knative-serving/pods/${metadata.name}/log`;
      const { body } = await world.api.request({ method: "GET", path });
      const all = String(body).split("\n").filter(Boolean);
      kept.push(...all.slice(readOf.get(metadata.name) ?? 0).map((line) => JSON.parse(line).message));
      readOf.set(metadata.name, all.length);
    }
  };

  const readyOf = (name: string): readonly (readonly string[])[] =>
    ["Ready", "RoutesReady"].map((type) => {
      const {
        status = "",
        reason = "",
        message = "",
      } = conditionOf(world.api.get(knative("Service", name, "demo")), type) ?? {};
      return [status, reason, message];
    });

  return {
    world,
    stub,
    objects,
    states,
    note,
    lines: async () => {
      await note();
      return kept.splice(0);
    },
    probes: () => {
      const counts = new Map<string, ProbeCount>();
      for (const probe of noted.splice(0)) {
        const key = JSON.stringify(probe);
        counts.set(key, { ...probe, count: (counts.get(key)?.count ?? 0) + 1 });
      }
      return [...counts.values()];
    },
    pass: (seconds) => pause(seconds * second),
    moment: async (recorded, text) => {
      const wanted = recorded.steps.find(({ step }) => step === text)?.ready;
      if (!wanted) throw new Error(`nothing was recorded at "${text}"`);
      const now = () => Object.fromEntries(Object.keys(wanted).map((name) => [name, readyOf(name)]));
      for (let attempt = 0; attempt < 400 && !isDeepStrictEqual(now(), wanted); attempt++) await pause(20);
      expect(now(), text).toEqual(wanted);
    },
    insisted: async (...names) => {
      for (const name of names)
        await expect
          .poll(() => noted.filter(({ host }) => host.replace("SNI ", "").startsWith(`${name}.`)).length, {
            timeout: 5_000,
          })
          .toBeGreaterThan(4);
    },
    calm: async () => {
      const kingresses = () => world.api.list("networking.internal.knative.dev/v1alpha1", "Ingress", "demo");
      await until(world, "calm", () =>
        kingresses().every((one) => isTrue(one, "Ready") && one.status.observedGeneration === one.metadata.generation),
      );
    },
    make: async (...names) => {
      for (const name of names) {
        const service = hello(name, { annotations: { "autoscaling.knative.dev/window": "600s" } });
        service.metadata.namespace = "demo";
        await apply(world, service);
      }
    },
    servers: (...servers) => setServers(world, ...servers),
    close: world.close,
  };
};

const install = async (world: World): Promise<void> => {
  const core = release("serving/1.23.0/serving-core.yaml");
  const bridge = release("net-istio/1.23.0/net-istio.yaml");
  await define(world, ...release("serving/1.23.0/serving-crds.yaml"), ...release("istio/1.29.2/istio.yaml"));
  await apply(world, ...rest(core));
  const deployments = core.filter(({ kind }) => kind === "Deployment").map(refOfDeployment);
  await until(world, "Serving", () => isFilledIn(world) && isAvailable(world, ...deployments));
  const namespace = (name: string): Obj => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await apply(world, namespace("istio-system"), namespace("demo"), ...rest(bridge));
  await apply(world, gatewayService(SERVICE.name, SERVICE.namespace));
  await world.api.create("example", endpoints([ADDRESS]));
  const own = bridge.filter(({ kind }) => kind === "Deployment").map(refOfDeployment);
  await until(world, "net-istio", () => isAvailable(world, ...own));
  await set(world, "config-domain", { "apps.example.com": "" });
  await set(world, "config-deployment", { "registries-skipping-tag-resolving": "ghcr.io" });
};

/** Plays istiod, Envoy and queue-proxy, as the recorder's stub did. */
const stubbed =
  (world: () => World, stub: Scene["stub"], noted: Omit<ProbeCount, "count">[]): Dial =>
  async (probe) => {
    const at = `${probe.ip}:${probe.podPort}`;
    if (!stub.isUp || probe.ip !== ADDRESS) return { error: `dial tcp ${at}: connect: connection refused` };
    const sni = probe.scheme === "https" ? probe.host : "";
    const note = (scheme: string, host: string, dialled: string, answer: string): void =>
      void noted.push({ scheme, host, sni, dialled, answer });
    if (sni) note("tls", `SNI ${sni}`, at, stub.takes(sni) ? "True" : "False");
    if (sni && !stub.takes(sni)) return { error: "EOF" };
    const outcome = answer(world(), stub, probe);
    const host = `${probe.host}:${probe.port}`;
    if ("error" in outcome) note(probe.scheme, host, "", "none (hangs 3 s)");
    else note(probe.scheme, host, at, String(outcome.status));
    return outcome;
  };

const answer = (world: World, stub: Scene["stub"], { host }: Probe): Outcome => {
  const mode = stub.modes.get(host.split(".")[0] ?? "") ?? "envoy";
  if (mode === "hang") return { error: "context deadline exceeded" };
  if (mode === "nohash") return { status: 200 };
  if (mode === "wronghash") return { status: 200, hash: "0000" };
  if (mode !== "envoy") return { status: Number(mode) };
  const services = world.api.list("networking.istio.io/v1beta1", "VirtualService");
  const routes: Obj[] = services.filter(({ spec }) => spec.hosts.includes(host)).flatMap(({ spec }) => spec.http);
  const probed = routes.find(({ match }) =>
    match.some((one: Obj) => one.authority.prefix === host && one.headers !== undefined),
  );
  return probed ? { status: 200, hash: probed.headers.request.set["K-Network-Hash"] } : { status: 404 };
};

/** A patch with `kubectl --dry-run=server`, or without; the refusal as kubectl prints it. */
export const patch = async (world: World, ref: Ref, body: object, isDry: boolean): Promise<string> => {
  const { status, body: said } = await world.api.request({
    method: "PATCH",
    path: pathOf(ref),
    query: isDry ? { dryRun: "All" } : {},
    headers: { "content-type": "application/merge-patch+json" },
    body,
  });
  const { reason, message } = said as Obj;
  return status === 200 ? "" : `Error from server (${reason}): ${message}\n`;
};
