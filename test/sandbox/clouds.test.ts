import { afterEach, expect, it } from "vitest";
import { denialOf } from "../../src/kube/denial.ts";
import { type CloudName, cloudOf, nodesOf } from "../../src/sandbox/clouds/index.ts";
import type { Api, Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const start = async (options: WorldOptions): Promise<Api> => {
  world = await startWorld({ version: "v1.33.5", pace: 5, ...options });
  return world.api;
};

/** What becomes of an object when `isSo` holds. */
const settled = async (api: Api, object: Obj, isSo: (now: Obj) => boolean): Promise<Obj> => {
  const { apiVersion, kind, metadata } = object;
  const ref = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? "" };
  for (;;) {
    const now = api.get(ref);
    if (now && isSo(now)) return now;
    await new Promise((done) => setTimeout(done, 5));
  }
};

const service = (name: string): Obj => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { app: name } },
});

const pod = (name: string, cpu: string, spec: object = {}, namespace = "default"): Obj => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: { containers: [{ name: "one", image: "example.com/one", resources: { requests: { cpu } } }], ...spec },
});

const unscheduled = (now: Obj): boolean => now.status?.conditions?.[0]?.reason === "Unschedulable";
const messageOf = (now: Obj): string => now.status.conditions[0].message;

it.each<[CloudName, string, object, string, string, readonly string[]]>([
  [
    "eks",
    "aws:///eu-central-1a/i-0",
    { hostname: expect.stringContaining(".elb.amazonaws.com") },
    "1930m",
    "v1.33.5-eks-3025e55",
    [],
  ],
  [
    "gke",
    "gce://my-project/europe-west1-b/gke-",
    { ip: "127.0.0.1", ipMode: "VIP" },
    "1930m",
    "v1.33.5-gke.1080000",
    ["standard-rwo"],
  ],
  ["aks", "azure:///subscriptions/", { ip: "127.0.0.1", ipMode: "VIP" }, "1900m", "v1.33.5", ["default"]],
  ["k3s", "k3s://k3s-", { ip: "127.0.0.1", ipMode: "VIP" }, "2", "v1.33.5+k3s1", ["local-path"]],
  [
    "openshift",
    "aws:///eu-central-1a/i-0",
    { hostname: expect.stringContaining(".elb.") },
    "1500m",
    "v1.33.5",
    ["gp3-csi"],
  ],
])("%s: nodes, load balancers and storage are as there", async (cloud, providerID, entry, cpu, version, defaults) => {
  const api = await start({ cloud, nodes: nodesOf(cloud, { count: 2, cpus: 2 }) });
  const nodes = api.list("v1", "Node");
  expect(new Set(nodes.map(({ metadata, spec }) => `${metadata.name} ${spec.providerID}`)).size).toBe(2);
  expect(nodes[0]?.spec.providerID).toContain(providerID);
  expect(nodes[0]?.status.nodeInfo.kubeletVersion).toBe(version);
  expect(nodes[0]?.status.capacity.cpu).toBe("2");
  expect(nodes[0]?.status.allocatable.cpu).toBe(cpu);
  const classes = api.list("storage.k8s.io/v1", "StorageClass");
  expect(classes.length).toBe(cloudOf(cloud)?.storageClasses.length);
  const isDefault = ({ metadata }: Obj) =>
    metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
  expect(classes.filter(isDefault).map(({ metadata }) => metadata.name)).toEqual(defaults);
  const made = await api.create("test", service("one"));
  const { status } = await settled(api, made, (now) => now.status?.loadBalancer?.ingress);
  expect(status.loadBalancer.ingress).toEqual([entry]);
});

it("kind: nobody makes load balancers, and pods stay off the control plane where there are workers", async () => {
  const api = await start({ cloud: "kind", nodes: nodesOf("kind", { count: 2, cpus: 1 }) });
  const [fits, large] = [await api.create("test", pod("fits", "600m")), await api.create("test", pod("large", "900m"))];
  const { spec } = await settled(api, fits, (now) => now.spec.nodeName);
  expect(spec.nodeName).toBe("knative-worker");
  expect(messageOf(await settled(api, large, unscheduled))).toBe(
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.",
  );
  const tolerations = [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }];
  const system = await api.create("test", pod("system", "900m", { tolerations }));
  expect((await settled(api, system, (now) => now.spec.nodeName)).spec.nodeName).toBe("knative-control-plane");
  const made = await api.create("test", service("one"));
  expect((await settled(api, made, () => true)).status?.loadBalancer).toEqual({});
});

it("what a node keeps back is not for pods", async () => {
  const api = await start({ cloud: "eks", nodes: nodesOf("eks", { count: 1, cpus: 2 }) });
  const made = await api.create("test", pod("two", "2"));
  expect(messageOf(await settled(api, made, unscheduled))).toContain("0/1 nodes are available: 1 Insufficient cpu");
});

it("k3s: a second Service finds no free port on the nodes", async () => {
  const api = await start({ cloud: "k3s" });
  const first = await api.create("test", service("first"));
  await settled(api, first, (now) => now.status?.loadBalancer?.ingress);
  const second = await api.create("test", service("second"));
  await new Promise((done) => setTimeout(done, 30));
  expect((await settled(api, second, () => true)).status?.loadBalancer).toEqual({});
  await api.remove({ apiVersion: "v1", kind: "Service", namespace: "default", name: "first" });
  await settled(api, second, (now) => now.status?.loadBalancer?.ingress);
});

it("openshift: an account that may not run as a user of its own choice gets no such pod, until it may use other constraints", async () => {
  const api = await start({ cloud: "openshift" });
  await api.create("test", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "shop" } };
  await settled(api, account, () => true);
  const asNobody = () => api.create("test", pod("one", "1m", { securityContext: { runAsUser: 65534 } }, "shop"));
  await expect(asNobody()).rejects.toThrow(
    "restricted-v2: .spec.securityContext.runAsUser: Invalid value: 65534: must be in the ranges: [1000660000, 1000669999]",
  );
  await api.create("test", pod("plain", "1m", {}, "shop"));
  const refused = String(await asNobody().catch(String));
  const { command = "" } = denialOf(refused, "shop")?.remedy ?? {};
  expect(command).toBe(
    "kubectl create rolebinding kn-bootstrap-nonroot-v2 -n shop --clusterrole=system:openshift:scc:nonroot-v2 --group=system:serviceaccounts:shop",
  );
  await api.create("test", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "kn-bootstrap-nonroot-v2", namespace: "shop" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:openshift:scc:nonroot-v2" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:serviceaccounts:shop" }],
  });
  await asNobody();
});
