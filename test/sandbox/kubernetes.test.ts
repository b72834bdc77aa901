import { afterEach, describe, expect, it } from "vitest";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { apply, deployment, merge, pause, until } from "./install.ts";
import { workload } from "./small-install.ts";

let world: World;
afterEach(() => world.close());

const start = async (options?: WorldOptions): Promise<void> => {
  world = await startWorld(options);
};

const APP = deployment("app", "default");
const pods = (): readonly Obj[] => world.api.list("v1", "Pod", "default");
const available = () => until(world, "app available", () => isTrue(world.api.get(APP), "Available"));
const firstState = () => pods()[0]?.status?.containerStatuses?.[0]?.state;
const waitingFor = (reason: string) =>
  until(world, reason, () => (firstState()?.waiting?.reason === reason ? firstState().waiting : undefined));

describe("workloads", () => {
  it("run, scale and roll", async () => {
    await start();
    await apply(world, workload("app", "default"));
    await available();
    expect(world.api.get(APP)).toMatchObject({
      metadata: { annotations: { "deployment.kubernetes.io/revision": "1" } },
      status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
    });
    const [before] = pods();
    expect(before?.spec.nodeName).toBe("rehearsal");
    await apply(world, workload("app", "default", { container: { image: "example.com/app:2" } }));
    await until(world, "one new pod", () => {
      const found = world.api.get(APP);
      return (
        found?.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2" &&
        found.status.replicas === 1 &&
        found.status.updatedReplicas === 1 &&
        pods().length === 1
      );
    });
    expect(pods()[0]?.metadata.uid).not.toBe(before?.metadata.uid);
    await merge(world, APP, { spec: { replicas: 0 } });
    await until(world, "no pods", () => pods().length === 0 && world.api.get(APP)?.status.replicas === undefined);
    await world.api.remove(APP);
    await until(world, "its ReplicaSets gone", () => world.api.list("apps/v1", "ReplicaSet").length === 0);
  });

  it("keep the old pods while the new ones do not come up", async () => {
    await start({ pull: (image) => (image.endsWith(":2") ? "manifest unknown" : undefined) });
    await apply(world, workload("app", "default"));
    await available();
    await apply(world, workload("app", "default", { container: { image: "example.com/app:2" } }));
    await until(world, "a second pod", () => pods().length === 2);
    await pause(200);
    expect(isTrue(world.api.get(APP), "Available")).toBe(true);
    expect(world.api.get(APP)?.status).toMatchObject({ readyReplicas: 1, updatedReplicas: 1, replicas: 2 });
  });

  it("wait for their ServiceAccount", async () => {
    await start();
    await apply(world, workload("app", "default", { spec: { serviceAccountName: "late" } }));
    const failure = await until(world, "ReplicaFailure", () => conditionOf(world.api.get(APP), "ReplicaFailure"));
    expect(failure.message).toContain('error looking up service account default/late: serviceaccount "late" not found');
    await apply(world, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "late", namespace: "default" } });
    await available();
  });

  it("wait for the ConfigMaps and Secrets they mount or read", async () => {
    await start();
    const spec = { volumes: [{ name: "settings", configMap: { name: "late" } }] };
    const env = [{ name: "KEY", valueFrom: { secretKeyRef: { name: "late", key: "key" } } }];
    await apply(world, workload("app", "default", { spec, container: { env } }));
    await waitingFor("ContainerCreating");
    await until(world, "the news", () =>
      world.api
        .list("v1", "Event", "default")
        .some(({ reason, message }) => reason === "FailedMount" && message.includes('configmap "late" not found')),
    );
    const metadata = { name: "late", namespace: "default" };
    await apply(world, { apiVersion: "v1", kind: "ConfigMap", metadata, data: {} });
    expect((await waitingFor("CreateContainerConfigError")).message).toBe('secret "late" not found');
    await apply(world, { apiVersion: "v1", kind: "Secret", metadata, stringData: { key: "x" } });
    await available();
  });

  it("say why an image cannot be had", async () => {
    await start({ pull: (image) => (image.includes("private") ? "401 Unauthorized" : undefined) });
    await apply(world, workload("app", "default", { container: { image: "example.com/private:1" } }));
    expect((await waitingFor("ImagePullBackOff")).message).toContain("401 Unauthorized");
    await apply(world, workload("other", "kube-public", { container: { image: "Not An Image" } }));
    await until(world, "InvalidImageName", () =>
      world.api
        .list("v1", "Pod", "kube-public")
        .some((pod) => pod.status?.containerStatuses?.[0].state.waiting?.reason === "InvalidImageName"),
    );
  });

  it("wait for room on the nodes", async () => {
    await start({ nodes: [{ name: "small", cpu: "1", memory: "1Gi" }] });
    const container = { resources: { requests: { cpu: "600m" } } };
    await apply(world, workload("app", "default", { container }));
    await available();
    await apply(world, workload("second", "default", { container }));
    const told = await until(world, "Unschedulable", () => {
      const condition = pods()
        .map((pod) => conditionOf(pod, "PodScheduled"))
        .find((one) => one?.status === "False");
      return condition;
    });
    expect(told).toMatchObject({ reason: "Unschedulable", message: "0/1 nodes are available: 1 Insufficient cpu." });
    await merge(world, APP, { spec: { replicas: 0 } });
    await until(world, "second available", () => isTrue(world.api.get(deployment("second", "default")), "Available"));
  });

  it("give up progressing after their deadline", async () => {
    await start({ pace: patient(2), pull: () => "503 Service Unavailable" });
    await apply(world, workload("app", "default", { spec: {} }));
    await merge(world, APP, { spec: { progressDeadlineSeconds: 50 } });
    await until(
      world,
      "ProgressDeadlineExceeded",
      () => conditionOf(world.api.get(APP), "Progressing")?.reason === "ProgressDeadlineExceeded",
    );
  });

  it("come as StatefulSets, DaemonSets and Jobs too", async () => {
    await start();
    const { spec } = workload("set", "default");
    await apply(
      world,
      {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: { name: "set", namespace: "default" },
        spec: { ...spec, serviceName: "set", replicas: 2 },
      },
      { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "agent", namespace: "default" }, spec },
      {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "task", namespace: "default" },
        spec: { ttlSecondsAfterFinished: 50, template: { spec: { ...spec.template.spec, restartPolicy: "Never" } } },
      },
    );
    const get = (apiVersion: string, kind: string, name: string) =>
      world.api.get({ apiVersion, kind, namespace: "default", name });
    await until(
      world,
      "all of them",
      () =>
        get("apps/v1", "StatefulSet", "set")?.status?.readyReplicas === 2 &&
        get("apps/v1", "DaemonSet", "agent")?.status?.numberReady === 1 &&
        isTrue(get("batch/v1", "Job", "task"), "Complete"),
    );
    expect(pods().map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(["set-0", "set-1"]));
    await until(world, "the Job gone after its time", () => get("batch/v1", "Job", "task") === undefined);
  });
});

describe("what watches workloads", () => {
  it("HPAs keep the replicas in bounds through the scale subresource", async () => {
    await start();
    // Replicas that nobody owns are not tracked through /scale either.
    const owned = workload("app", "default");
    owned.spec.replicas = 1;
    await apply(world, owned, {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "app", namespace: "default" },
      spec: {
        minReplicas: 2,
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "app" },
      },
    });
    await until(world, "two replicas", () => world.api.get(APP)?.status?.readyReplicas === 2);
    const entry = world.api.get(APP)?.metadata.managedFields?.find(({ subresource }) => subresource === "scale");
    expect(entry).toMatchObject({ manager: "kube-controller-manager", operation: "Update" });
  });

  it("PodDisruptionBudgets count, EndpointSlices list the ready pods", async () => {
    await start();
    await apply(
      world,
      workload("app", "default"),
      {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "app", namespace: "default" },
        spec: { minAvailable: "80%", selector: { matchLabels: { app: "app" } } },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "app", namespace: "default" },
        spec: { selector: { app: "app" }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    );
    await available();
    const budget = { apiVersion: "policy/v1", kind: "PodDisruptionBudget", namespace: "default", name: "app" };
    const status = await until(world, "the budget", () =>
      world.api.get(budget)?.status?.currentHealthy === 1 ? world.api.get(budget)?.status : undefined,
    );
    expect(status).toMatchObject({ desiredHealthy: 1, expectedPods: 1, disruptionsAllowed: 0 });
    const slice = await until(world, "an endpoint", () =>
      world.api
        .list("discovery.k8s.io/v1", "EndpointSlice", "default")
        .find(({ endpoints }) => endpoints?.[0]?.conditions.ready),
    );
    expect(slice.ports).toEqual([expect.objectContaining({ port: 8080, protocol: "TCP" })]);
  });
});

describe("the world itself", () => {
  it("runs Knative's version check", async () => {
    await start({ version: "v1.33.1" });
    await apply(world, { apiVersion: "v1", kind: "Namespace", metadata: { name: "knative-serving" } });
    await apply(world, workload("controller", "knative-serving"));
    const pod = await until(world, "a crash", () =>
      world.api
        .list("v1", "Pod", "knative-serving")
        .find((one) => one.status?.containerStatuses?.[0].lastState.terminated),
    );
    const { body } = await world.api.request({
      method: "GET",
      path: `/api/v1/namespaces/knative-serving/pods/${pod.metadata.name}/log`,
    });
    expect(body).toContain('kubernetes version \\"1.33.1\\" is not compatible, need at least \\"1.34.0-0\\"');
  });

  it("hands out a kubeconfig with one context and the ports of the gateway", async () => {
    await start();
    expect(world.kubeconfig).toContain("current-context: rehearsal");
    expect(world.kubeconfig).toContain(`server: ${world.api.url}`);
    expect([...world.connectTo.keys()]).toEqual([80, 443, 31080, 31443]);
  });
});
