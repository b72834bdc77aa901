import { describe, expect, it } from "vitest";
import { podsProblem } from "../../src/checks/pods.ts";
import { pullProblem } from "../../src/checks/pull.ts";
import { unscheduled } from "../../src/checks/room.ts";
import type { ReadContext } from "../../src/core/check.ts";
import { denialOf } from "../../src/core/denial.ts";
import { heldBy } from "../../src/core/gone.ts";
import { webhookFailure } from "../../src/core/webhook-failure.ts";
import { ApiError, type ClusterRead, type ListQuery } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";

/** Words of real servers, kubelets and container runtimes, and what we make of them. */

const IMAGE =
  "gcr.io/knative-releases/knative.dev/serving/cmd/activator@sha256:4290000000000000000000000000000000000000000000000000000000000401";
const HUB = "library/nope:latest";

describe("a pull that failed", () => {
  const resolving = (image: string, why: string): string =>
    `rpc error: code = Unknown desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`;
  it.each([
    [
      IMAGE,
      resolving(
        IMAGE,
        "failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://gcr.io/v2/token?scope=x: 401 Unauthorized",
      ),
      "401 from gcr.io",
      true,
    ],
    [
      IMAGE,
      resolving(IMAGE, "unexpected status from HEAD request to https://gcr.io/v2/x/manifests/y: 403 Forbidden"),
      "403 from gcr.io",
      true,
    ],
    [HUB, resolving(`docker.io/${HUB}`, `docker.io/${HUB}: not found`), "404 from docker.io (manifest unknown)", true],
    [
      HUB,
      resolving(
        `docker.io/${HUB}`,
        "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
      ),
      "access denied by docker.io",
      true,
    ],
    [
      "quay.io/x/y:1",
      "initializing source docker://quay.io/x/y:1: reading manifest 1 in quay.io/x/y: manifest unknown",
      "404 from quay.io (manifest unknown)",
      true,
    ],
    [
      "localhost:5001/x",
      "initializing source docker://localhost:5001/x: reading manifest: unauthorized: authentication required",
      "401 from localhost:5001",
      true,
    ],
    [
      HUB,
      "Error response from daemon: toomanyrequests: You have reached your pull rate limit.",
      "429 from docker.io (too many pulls)",
      false,
    ],
    [
      HUB,
      "failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/x: 429 Too Many Requests - Server message: toomanyrequests",
      "429 from docker.io (too many pulls)",
      false,
    ],
    [
      IMAGE,
      resolving(IMAGE, "unexpected status from HEAD request to https://gcr.io/v2/x: 503 Service Unavailable"),
      "503 from gcr.io",
      false,
    ],
    [
      IMAGE,
      resolving(
        IMAGE,
        'failed to do request: Head "https://gcr.io/v2/x": dial tcp: lookup gcr.io on 10.96.0.10:53: no such host',
      ),
      "dial tcp: lookup gcr.io on 10.96.0.10:53: no such host",
      false,
    ],
    [
      IMAGE,
      resolving(IMAGE, 'failed to do request: Head "https://gcr.io/v2/x": dial tcp 142.250.1.82:443: i/o timeout'),
      "dial tcp 142.250.1.82:443: i/o timeout",
      false,
    ],
  ])("%#", (image, message, summary, refused) => {
    expect(pullProblem(image, message, "")).toMatchObject({ summary, refused });
  });
});

describe("an object that is refused", () => {
  it.each([
    [
      'pods "a-1" is forbidden: exceeded quota: compute, requested: requests.cpu=300m, used: requests.cpu=0, limited: requests.cpu=100m',
      "exceeded quota: compute, requested: requests.cpu=300m, used: requests.cpu=0, limited: requests.cpu=100m",
    ],
    [
      'admission webhook "validation.gatekeeper.sh" denied the request: [labels] you must provide labels: {"team"}',
      'admission webhook "validation.gatekeeper.sh" denied the request: [labels] you must provide labels: {"team"}',
    ],
    [
      "pods \"a-1\" is forbidden: ValidatingAdmissionPolicy 'demo' with binding 'all' denied request: no",
      "ValidatingAdmissionPolicy 'demo' with binding 'all' denied request: no",
    ],
    [
      'pods "a-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'violates PodSecurity "restricted:latest": runAsNonRoot != true',
    ],
    [
      'pods "a-1" is forbidden: [maximum cpu usage per Container is 100m, but limit is 300m]',
      "maximum cpu usage per Container is 100m, but limit is 300m]",
    ],
    ['pods "a-1" is forbidden: error looking up service account x/y: serviceaccount "y" not found', undefined],
    ['configmaps "x" is forbidden: User "eve" cannot create resource "configmaps"', undefined],
  ])("%#", (message, said) => {
    expect(denialOf(message, "x")?.message).toBe(said);
  });
});

describe("a webhook that cannot be called", () => {
  const call = (why: string): string =>
    `Internal error occurred: failed calling webhook "config.webhook.serving.knative.dev": failed to call webhook: Post "https://webhook.knative-serving.svc:443/config-validation?timeout=10s": ${why}`;
  it.each([
    ['no endpoints available for service "webhook"', "no pod behind it is ready", /pods/],
    ['service "webhook" not found', "no pod behind it is ready", /pods/],
    [
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      "x509: certificate signed by unknown authority",
      /caBundle/,
    ],
    [
      "context deadline exceeded",
      "context deadline exceeded; the API server does not reach it",
      /firewall.*pod network.*proxy/,
    ],
    [
      "dial tcp 10.0.0.7:8443: connect: connection refused",
      "dial tcp 10.0.0.7:8443: connect: connection refused; the API server does not reach it",
      /firewall/,
    ],
    ["EOF", "EOF; the API server does not reach it", /firewall/],
  ])("%s", (why, said, remedy) => {
    const failure = webhookFailure(call(why));
    expect(failure?.reason).toBe(
      `the webhook config.webhook.serving.knative.dev (Service knative-serving/webhook) cannot be called: ${said}`,
    );
    expect(failure?.remedy.text).toMatch(remedy);
  });
  it("is told from other errors of a server", () => {
    expect(webhookFailure("etcdserver: leader changed")).toBeUndefined();
  });
});

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

describe("what holds an object that is going away", () => {
  const namespace = (...conditions: readonly object[]): KubeObject => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "ns" },
    status: { conditions },
  });
  const condition = (type: string, message: string, status = "True") => ({ type, status, message });
  it("its own finalizers", () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s", finalizers: ["service.kubernetes.io/load-balancer-cleanup"] },
    };
    expect(heldBy(service)).toBe(": held by finalizer service.kubernetes.io/load-balancer-cleanup");
  });
  it("what a namespace says is left in it", () => {
    expect(
      heldBy(
        namespace(
          condition("NamespaceDeletionDiscoveryFailure", "All resources successfully discovered", "False"),
          condition(
            "NamespaceContentRemaining",
            "Some resources are remaining: certificates.networking.internal.knative.dev has 2 resource instances, pods. has 1 resource instances",
          ),
          condition(
            "NamespaceFinalizersRemaining",
            "Some content in the namespace has finalizers remaining: example.com/a in 2 resource instances, example.com/b in 1 resource instances",
          ),
        ),
      ),
    ).toBe(
      ": 2 certificates.networking.internal.knative.dev, 1 pods left in it; held by finalizer example.com/a, example.com/b",
    );
  });
  it("an aggregated API that is down", () => {
    const message =
      "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1";
    expect(heldBy(namespace(condition("NamespaceDeletionDiscoveryFailure", message)))).toBe(`: ${message}`);
  });
});
