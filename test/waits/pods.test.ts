import { describe, expect, it } from "vitest";
import { podsProblem } from "../../src/checks/pods.ts";
import { unscheduled } from "../../src/checks/room.ts";
import type { ReadContext } from "../../src/core/check.ts";
import { ApiError, type ClusterRead, type ListQuery } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";

const IMAGE = "gcr.io/knative-releases/knative.dev/serving/cmd/activator";

const pod = (fields: Partial<KubeObject> & { readonly cpu?: string; readonly node?: string }): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "ns", uid: "u", labels: { app: "x" }, creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: {
    ...(fields.node ? { nodeName: fields.node } : {}),
    containers: [{ name: "main", resources: { requests: { cpu: fields.cpu ?? "100m", memory: "64Mi" } } }],
  },
  ...fields,
});
const node = (name: string, cpu: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name },
  status: { allocatable: { cpu, memory: "1Gi" } },
});

/** A cluster of these objects, at ten o'clock. */
const clusterOf = (objects: readonly KubeObject[], forbidden: readonly string[] = []): ReadContext => {
  const list = async ({ kind, namespace }: ListQuery): Promise<readonly KubeObject[]> => {
    if (forbidden.includes(kind))
      throw new ApiError({ status: 403, reason: "Forbidden", message: "no", request: `GET ${kind}` });
    return objects.filter((one) => one.kind === kind && (!namespace || one.metadata.namespace === namespace));
  };
  return {
    cluster: { list } as unknown as ClusterRead,
    probe: () => Promise.reject(new Error("nobody asks")),
    now: () => new Date("2026-01-01T10:00:00Z"),
    signal: new AbortController().signal,
  };
};

describe("a pod that finds no node", () => {
  const nodes = [node("a", "1"), node("b", "500m")];
  const message =
    "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.";
  it("is told how much the roomiest node lacks", async () => {
    const ctx = clusterOf([...nodes, pod({ cpu: "900m", node: "a" }), pod({ cpu: "100m", node: "b" })]);
    expect(await unscheduled(ctx, pod({ cpu: "600m" }), message)).toBe(
      "0/3 nodes: 1 node(s) had untolerated taint(s), 2 insufficient cpu (short by 200m)",
    );
  });
  it("pods that have ended take no room", async () => {
    const ended = pod({ cpu: "900m", node: "a", status: { phase: "Succeeded" } });
    expect(
      await unscheduled(
        clusterOf([node("a", "1"), ended]),
        pod({ cpu: "1300m" }),
        "0/1 nodes are available: 1 Insufficient cpu.",
      ),
    ).toBe("0/1 nodes: insufficient cpu (short by 300m)");
  });
  it("counts memory in mebibytes, and init containers", async () => {
    const big = pod({ spec: { containers: [], initContainers: [{ resources: { requests: { memory: "1536Mi" } } }] } });
    expect(await unscheduled(clusterOf([node("a", "1")]), big, "0/1 nodes are available: 1 Insufficient memory.")).toBe(
      "0/1 nodes: insufficient memory (short by 512Mi)",
    );
  });
  it("is told without numbers where other pods may not be read", async () => {
    expect(await unscheduled(clusterOf(nodes, ["Pod"]), pod({}), "0/2 nodes are available: 2 Insufficient cpu.")).toBe(
      "0/2 nodes: insufficient cpu",
    );
  });
  it("is told in the scheduler's words where they are new", async () => {
    expect(await unscheduled(clusterOf([]), pod({}), "running PreBind plugin failed")).toBe(
      "running PreBind plugin failed",
    );
  });
});

describe("a pod that does not run", () => {
  const waiting = (reason: string, message = "") => ({
    name: "main",
    image: IMAGE,
    state: { waiting: { reason, message } },
  });
  const withStatus = (...containerStatuses: readonly object[]) => pod({ status: { containerStatuses } });
  const event = (reason: string, message: string, count: number): KubeObject => ({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: message.slice(0, 9), namespace: "ns" },
    involvedObject: { uid: "u" },
    type: "Warning",
    reason,
    message,
    count,
    lastTimestamp: "2026-01-01T09:59:00Z",
  });
  const refused = (count: number) => event("Failed", `Failed to pull image "${IMAGE}": 401 Unauthorized`, count);
  const look = (ctx: ReadContext, before = new Map<string, number>()) =>
    podsProblem(ctx, "Deployment ns/x", "ns", { app: "x" }, before);

  it("InvalidImageName is permanent", async () => {
    expect(await look(clusterOf([withStatus(waiting("InvalidImageName"))]))).toMatchObject({
      summary: `Deployment ns/x: InvalidImageName: ${IMAGE}`,
      permanent: true,
    });
  });

  it("a pull that was refused before we came is not permanent, and one that is refused twice more is", async () => {
    const before = new Map<string, number>();
    const stuck = withStatus(waiting("ImagePullBackOff", `Back-off pulling image "${IMAGE}"`));
    expect(await look(clusterOf([stuck, refused(7)]), before)).toMatchObject({
      summary: "Deployment ns/x: ImagePullBackOff: 401 from gcr.io",
      status: "fail",
    });
    expect(await look(clusterOf([stuck, refused(8)]), before)).not.toHaveProperty("permanent");
    expect(await look(clusterOf([stuck, refused(9)]), before)).toHaveProperty("permanent", true);
  });

  it("a pull that was refused once only is not permanent", async () => {
    const before = new Map<string, number>();
    await look(clusterOf([withStatus(waiting("ContainerCreating"))]), before);
    expect(
      await look(clusterOf([withStatus(waiting("ErrImagePull", "401 Unauthorized")), refused(1)]), before),
    ).not.toHaveProperty("permanent");
  });

  it.each([
    ["the last line", "starting\nconfigmaps is forbidden\n", "configmaps is forbidden"],
    ["the line of the panic", "panic: no such host\n\ngoroutine 1 [running]:\nmain.main()", "panic: no such host"],
    [
      "message and error of a JSON line",
      '{"level":"fatal","msg":"cannot start","error":"no rights"}',
      "cannot start: no rights",
    ],
    ["the exit code where it left no word", "", "exit code 1"],
  ])("a crash shows %s", async (_what, message, said) => {
    const crashed = {
      name: "main",
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 1, reason: "Error", message } },
    };
    expect(await look(clusterOf([withStatus(crashed)]))).toMatchObject({
      summary: `Deployment ns/x: CrashLoopBackOff: ${said}`,
    });
  });

  it("a server that was too old before we came is not held against it, one that is too old now is permanent", async () => {
    const crashed = (restartCount: number) =>
      withStatus({
        name: "main",
        restartCount,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 1, message: "Version check failed: kubernetes version 1.33.0" } },
      });
    const before = new Map<string, number>();
    expect(await look(clusterOf([crashed(3)]), before)).not.toHaveProperty("permanent");
    expect(await look(clusterOf([crashed(4)]), before)).toHaveProperty("permanent", true);
  });

  it("a crash for want of memory says so", async () => {
    const killed = { name: "main", state: { terminated: { exitCode: 137, reason: "OOMKilled" } } };
    expect(await look(clusterOf([withStatus(killed)]))).toMatchObject({
      summary: "Deployment ns/x: CrashLoopBackOff: OOMKilled",
    });
  });

  it("otherwise the last warning tells, once the pod is not new any more, and if it may be read", async () => {
    const stuck = withStatus(waiting("ContainerCreating"));
    const warning = event("FailedMount", 'MountVolume.SetUp failed for volume "certs" : secret "x" not found', 3);
    expect(await look(clusterOf([stuck, warning]))).toMatchObject({
      summary: 'Deployment ns/x: FailedMount: MountVolume.SetUp failed for volume "certs" : secret "x" not found',
    });
    expect(await look(clusterOf([stuck, warning], ["Event"]))).toBeUndefined();
    const young = { ...stuck, metadata: { ...stuck.metadata, creationTimestamp: "2026-01-01T09:59:58Z" } };
    expect(await look(clusterOf([young, warning]))).toBeUndefined();
  });

  it("pods on their way out and pods of others do not count", async () => {
    const gone = withStatus(waiting("InvalidImageName"));
    gone.metadata.deletionTimestamp = "2026-01-01T09:00:00Z";
    const foreign = withStatus(waiting("InvalidImageName"));
    foreign.metadata.labels = { app: "y" };
    expect(await look(clusterOf([gone, foreign]))).toBeUndefined();
  });
});
