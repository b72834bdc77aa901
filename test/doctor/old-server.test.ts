import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { conditionOf } from "../../src/ports/object.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";

const API = "apiextensions.k8s.io/v1";
const CRDS = [
  ...["configurations", "domainmappings", "revisions", "routes", "services"].map((name) => `${name}.serving`),
  ...["certificates", "clusterdomainclaims", "ingresses", "serverlessservices"].map(
    (name) => `${name}.networking.internal`,
  ),
  ...["metrics", "podautoscalers"].map((name) => `${name}.autoscaling.internal`),
  "images.caching.internal",
].map((name) => `${name}.knative.dev`);
const labels = { "app.kubernetes.io/version": "1.0.2" };
const KINDS: Readonly<Record<string, string>> = {
  domainmappings: "DomainMapping",
  clusterdomainclaims: "ClusterDomainClaim",
  ingresses: "Ingress",
  serverlessservices: "ServerlessService",
  podautoscalers: "PodAutoscaler",
};

/** As serving-crds.yaml of 1.0.2 has them, without their schemas. */
const definition = (name: string) => {
  const [plural = "", ...group] = name.split(".");
  const kind = KINDS[plural] ?? `${plural.charAt(0).toUpperCase()}${plural.slice(1, -1)}`;
  const isInternal = name.includes("internal");
  // A DomainMapping is stored in the older of its two.
  const [stored, ...more] = plural === "domainmappings" ? ["v1alpha1", "v1beta1"] : [isInternal ? "v1alpha1" : "v1"];
  const version = (called: string | undefined, storage: boolean) => ({
    name: called,
    served: true,
    storage,
    subresources: { status: {} },
    schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
  });
  return {
    apiVersion: API,
    kind: "CustomResourceDefinition",
    metadata: { name, labels },
    spec: {
      group: group.join("."),
      names: { kind, plural, singular: kind.toLowerCase() },
      scope: plural === "clusterdomainclaims" ? "Cluster" : "Namespaced",
      versions: [version(stored, true), ...more.map((called) => version(called, false))],
    },
  };
};

const deployment = (name: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace: "knative-serving", name, labels },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image: `example.com/${name}` }] },
    },
  },
});

describe("doctor, at Knative 1.0 on a server without aggregated discovery, and with EndpointSlices in beta", {
  timeout: patient(60_000),
}, () => {
  let world: Awaited<ReturnType<typeof stage>>;
  beforeAll(async () => {
    world = await stage({ version: "v1.20.15" });
    const { api } = world;
    await api.create("test", { apiVersion: "v1", kind: "Namespace", metadata: { name: "knative-serving", labels } });
    for (const name of CRDS) await api.create("test", definition(name));
    const isEstablished = (name: string): boolean =>
      conditionOf(api.get({ apiVersion: API, kind: "CustomResourceDefinition", name }), "Established")?.status ===
      "True";
    while (!CRDS.every(isEstablished)) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const name of ["activator", "autoscaler", "controller", "webhook"]) await api.create("test", deployment(name));
    const ports = [{ port: 443, targetPort: 8443 }];
    await api.create("test", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "knative-serving", name: "webhook" },
      spec: { selector: { app: "webhook" }, ports },
    });
    // The older keys.
    const data = { "ingress.class": "kourier.ingress.networking.knative.dev" };
    const metadata = { namespace: "knative-serving", name: "config-network" };
    await api.create("test", { apiVersion: "v1", kind: "ConfigMap", metadata, data });
  }, patient(60_000));
  afterAll(() => world?.close());

  it("looks at everything, and finds what is wrong", async () => {
    const { stdout, code } = await kn(world, ["doctor", "--format", "json", "--skip", "dns"]);
    const { causes, findings } = JSON.parse(stdout) as {
      readonly causes: readonly { readonly id: string; readonly explains: readonly string[] }[];
      readonly findings: readonly { readonly id: string; readonly status: string; readonly summary: string }[];
    };
    expect(findings.filter(({ status }) => status === "unknown")).toEqual([]);
    const named = causes.flatMap(({ id, explains }) => [id, ...explains]);
    expect(named).toEqual(expect.arrayContaining(["network.class", "knative.support"]));
    expect(code).toBe(1);
  });

  it("is told of the endpoints of a Service, by the older version", async () => {
    const { api, kubeconfig } = world;
    const slice = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: "knative-serving" };
    while (api.list(slice.apiVersion, slice.kind, slice.namespace).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const served = await api.request({ method: "GET", path: "/apis/discovery.k8s.io/v1/endpointslices" });
    expect(served.status).toBe(404);
    const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
    try {
      const [found, ...others] = await cluster.list(slice);
      expect(others).toEqual([]);
      expect(found).toMatchObject({ apiVersion: slice.apiVersion, kind: slice.kind });
      expect(found?.metadata.labels).toMatchObject({ "kubernetes.io/service-name": "webhook" });
    } finally {
      cluster.close();
    }
  });
});
