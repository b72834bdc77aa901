import { afterEach, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { look } from "../../src/cli/wizard/sight.ts";
import { sightText } from "../../src/cli/wizard/sight-text.ts";
import { componentsIn, whose } from "../../src/cli/wizard/whose.ts";
import { cloudOf, loadBalancersOf } from "../../src/ingress/reach.ts";
import { ApiError, type ClusterRead } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { startInternet } from "../../src/sandbox/internet.ts";
import { kn, stage } from "../engine/cli.ts";
import { bare } from "./sights.ts";

const object = (kind: string, name: string, rest: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: kind === "Deployment" ? "apps/v1" : "v1",
  kind,
  metadata: { name, ...metadata },
  ...rest,
});
const node = (providerID?: string): KubeObject => object("Node", "n", { spec: providerID ? { providerID } : {} });
const balanced = (ingress: readonly object[]): KubeObject =>
  object(
    "Service",
    "web",
    { spec: { type: "LoadBalancer" }, status: { loadBalancer: { ingress } } },
    { namespace: "shop" },
  );

const refused = (): Promise<never> =>
  Promise.reject(new ApiError({ status: 403, reason: "Forbidden", message: "no", request: "GET" }));

/** A cluster that only lists. */
const fake = (objects: readonly KubeObject[], forbidden: readonly string[] = []): ClusterRead => {
  const unused = (): never => {
    throw new Error("not read by the wizard");
  };
  return {
    identity: { context: "c", server: "https://192.0.2.1" },
    account: async () => ({ name: "u", isKnown: true }),
    version: unused,
    resource: async (apiVersion, kind) =>
      objects.some((one) => one.apiVersion === apiVersion && one.kind === kind)
        ? { apiVersion, kind, plural: `${kind.toLowerCase()}s`, namespaced: true, verbs: [] }
        : undefined,
    resources: unused,
    watch: unused,
    can: unused,
    canEach: unused,
    askPod: unused,
    logs: unused,
    get: async () => undefined,
    list: async ({ kind, apiVersion }) =>
      forbidden.includes(kind)
        ? refused()
        : objects.filter((one) => one.kind === kind && one.apiVersion === apiVersion),
  };
};

const signal = new AbortController().signal;
const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

describe("what is there already", () => {
  it.each([
    ["aws:///eu-central-1a/i-1", "AWS"],
    ["gce://project/zone/name", "Google Cloud"],
    ["azure:///subscriptions/x", "Azure"],
    ["kind://docker/kind/kind-control-plane", "kind"],
    ["somewhere://x", "somewhere"],
    [undefined, undefined],
  ])("is in a cloud by a node's providerID %s: %s", (providerID, title) => {
    expect(cloudOf([node(providerID)])?.title).toBe(title);
  });

  it.each([
    ["a Service that has an address, on kind too", "kind", [balanced([{ ip: "203.0.113.7" }])], [], "yes"],
    ["a cloud that makes them", "aws", [], [], "yes"],
    ["MetalLB", undefined, [], [object("Deployment", "controller", {}, { namespace: "metallb-system" })], "yes"],
    ["kind, which makes none", "kind", [balanced([])], [], "no"],
    ["a Service that waits", undefined, [balanced([])], [], "unclear"],
    ["nothing at all", undefined, [], [], "unclear"],
  ] as const)("tells about load balancers by %s", (_by, id, services, deployments, work) => {
    expect(loadBalancersOf(id && { id, title: id }, services, deployments).work).toBe(work);
  });

  it("has owners, by the marks of installers", () => {
    const marked = (metadata: object): string => whose(object("Deployment", "x", {}, metadata));
    expect(marked({ labels: { "kn-bootstrap/step": "core" } })).toBe("kn-bootstrap");
    expect(marked({ annotations: { "meta.helm.sh/release-name": "istio" } })).toBe("Helm release istio");
    expect(marked({ annotations: { "argocd.argoproj.io/tracking-id": "a:b" } })).toBe("Argo CD");
    expect(marked({ ownerReferences: [{ kind: "KnativeServing", name: "k", apiVersion: "v1", uid: "1" }] })).toBe(
      "KnativeServing k",
    );
    expect(marked({ managedFields: [{ manager: "kubectl" }] })).toBe("kubectl");
    expect(marked({})).toBe("somebody else");
  });

  it("has versions, by label or image", () => {
    const image = (name: string): object => ({ spec: { template: { spec: { containers: [{ image: name }] } } } });
    const found = componentsIn([
      object("Deployment", "istiod", image("docker.io/istio/pilot:1.28.0"), { namespace: "istio-system" }),
      object("Deployment", "external-dns", image("example.com/external-dns:v0.20.0@sha256:00"), { namespace: "dns" }),
    ]);
    expect(found.map(({ title, version }) => [title, version])).toEqual([
      ["Istio", "1.28.0"],
      ["external-dns", "0.20.0"],
    ]);
  });
});

describe("what is shown of it", () => {
  const LOOK = { columns: 160, color: false, unicode: true };
  const installed = { dns: "magic" } as const;
  const knative = { title: "Knative Serving", version: "1.23.0", owner: "kn-bootstrap" };

  it("is no contradiction after an uninstall: what was chosen outlives it", () => {
    expect(sightText({ ...bare, installed, components: [knative] }, LOOK)).toContain(
      "Installed      by kn-bootstrap; what",
    );
    expect(sightText({ ...bare, installed, components: undefined }, LOOK)).toContain(
      "Installed      by kn-bootstrap; what",
    );
    expect(sightText({ ...bare, installed }, LOOK)).toContain(
      "Installed      not any more; what was chosen then is proposed\n",
    );
  });

  it("is the version that would come, and why", () => {
    const shown = (remarks: readonly string[]): string =>
      sightText({ ...bare, knative: { version: "1.23.0", remarks } }, LOOK);
    expect(shown([])).toContain("Knative        1.23.0\n");
    expect(shown(["It is old.", "Take care."])).toContain("Knative        1.23.0. It is old. Take care.\n");
  });
});

describe("looking", () => {
  it("leaves out what may not be read, and says so", async () => {
    const sight = await look(fake([], ["Node", "Deployment", "Service", "Namespace"]), { env: {}, signal });
    expect(sight.nodes).toBeUndefined();
    const text = sightText(sight, { columns: 80, color: false, unicode: true });
    expect(text).toContain("Nodes          may not be listed by you\n");
    expect(text).toContain("DNS zones      none seen: no credentials are at hand\n");
  });

  it("says which Knative would come, and why none newer", () => {
    const remarks = ["Knative 1.17 is the newest that this server, Kubernetes 1.30.4, can run."];
    const text = sightText(
      { ...bare, knative: { version: "1.17.2", remarks } },
      { columns: 100, color: false, unicode: true },
    );
    expect(text).toContain(
      "Knative        1.17.2. Knative 1.17 is the newest that this server, Kubernetes 1.30.4, can run.\n",
    );
  });

  it("knows what takes logs and metrics already, and what an Elasticsearch of our own would take", async () => {
    const service = (name: string, labels: object, port: number): KubeObject =>
      object("Service", name, { spec: { clusterIP: "192.0.2.3", ports: [{ port }] } }, { namespace: "watch", labels });
    const made = (apiVersion: string, kind: string): KubeObject => ({
      apiVersion,
      kind,
      metadata: { name: "main", namespace: "watch" },
    });
    const there = [
      service("loki", { "app.kubernetes.io/name": "loki" }, 3100),
      service("otel", { "app.kubernetes.io/name": "opentelemetry-collector" }, 4318),
      made("monitoring.coreos.com/v1", "ServiceMonitor"),
      made("monitoring.coreos.com/v1", "PodMonitor"),
    ];
    const sight = await look(fake(there), { env: {}, signal });
    expect(sightText(sight, { columns: 160, color: false, unicode: true })).toContain(
      "Logs, metrics  loki watch/loki, Prometheus operator, OpenTelemetry collector at http://otel.watch.svc:4318/v1/metrics\n",
    );
    expect(sight.logMemory).toEqual(bare.logMemory);
  });

  it("does not wait for a provider that does not answer", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer((socket) => void socket.on("error", () => {})).unref();
    const port = await new Promise((resolve) =>
      silent.listen(0, "127.0.0.1", () => {
        const address = silent.address();
        resolve(typeof address === "object" ? address?.port : 0);
      }),
    );
    closings.push(() => silent.close());
    const env = {
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
      AWS_ENDPOINT_URL_ROUTE_53: `http://127.0.0.1:${port}`,
    };
    const sight = await look(fake([]), { env, signal, zonesMs: 300 });
    expect(sight.zones).toEqual([
      { provider: "route53", title: "Amazon Route 53", zones: [], trouble: "no answer within 0.3 s" },
    ]);
  });

  it("sees the rehearsal world, the zones of its account, and after an install what was chosen", async () => {
    const [world, internet] = await Promise.all([stage(), startInternet({ zones: ["example.com", "example.org"] })]);
    closings.push(world.close, internet.close);
    const cluster = openCluster(await loadKubeconfig({ env: {}, path: world.kubeconfig }), {
      signal,
      interactive: false,
      onTrouble: () => {},
    });
    closings.push(cluster.close);
    const before = await look(cluster, { env: internet.env, signal });
    expect(before).toMatchObject({
      nodes: { count: 1, cpu: 8 },
      components: [],
      loadBalancers: { work: "unclear" },
      zones: [{ provider: "route53", zones: ["example.com", "example.org"] }, { provider: "rfc2136" }],
      installed: undefined,
    });
    const args = ["install", "--yes", "--tls", "self-signed", "--address", "127.0.0.1", "--http", "enabled"];
    const outcome = await kn({ kubeconfig: world.kubeconfig, standIns: true, connectTo: world.connectTo }, args);
    expect(outcome.code, outcome.stderr).toBe(0);
    const after = await look(cluster, { env: {}, signal });
    expect(after).toMatchObject({
      components: [
        { title: "Knative Serving", owner: "kn-bootstrap" },
        { title: "Kourier", owner: "kn-bootstrap" },
      ],
      loadBalancers: { work: "yes", because: "Service kourier-system/kourier has 127.0.0.1" },
      zones: [],
      installed: { dns: "magic", tls: "self-signed", address: "127.0.0.1", http: "enabled" },
    });
  });
});
