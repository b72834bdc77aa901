import { describe, expect, it } from "vitest";
import { insideAnswers } from "../../src/checks/mesh/inside.ts";
import { noOtherMesh } from "../../src/checks/mesh/namespace.ts";
import { plainRefused } from "../../src/checks/mesh/plain.ts";
import { sidecarsThere } from "../../src/checks/mesh/sidecars.ts";
import { strictFound, strictNeedsSidecars } from "../../src/checks/mesh/strict.ts";
import { type Check, fail, ok, type ReadContext } from "../../src/core/check.ts";
import { ApiError, type ClusterRead, type ListQuery } from "../../src/ports/cluster.ts";
import type { KubeObject, ObjectRef } from "../../src/ports/object.ts";

type Told = Readonly<Record<string, unknown>>;

const object = (kind: string, namespace: string, name: string, rest: Told = {}, labels = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { namespace, name, labels, uid: `${kind}/${name}` },
  ...rest,
});

const SIDECAR = { initContainers: [{ name: "istio-proxy" }] };
const READY = { conditions: [{ type: "Ready", status: "True" }] };

const activator = (spec: Told = {}) =>
  object("Pod", "knative-serving", "activator-x", { spec: { containers: [], ...spec } }, { app: "activator" });
const namespace = (labels: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "knative-serving", labels },
});
const policy = (place: string, spec: Told) => object("PeerAuthentication", place, "own", { spec });
const STRICT = { mtls: { mode: "STRICT" } };

/** A cluster of these objects; `askPod`: what asking a port of a pod comes to. */
const look = (
  check: Check,
  objects: readonly KubeObject[],
  askPod: (port: number) => void = () => {},
): Promise<string> => {
  const cluster: Partial<ClusterRead> = {
    get: async ({ kind, name }: ObjectRef) => objects.find((one) => one.kind === kind && one.metadata.name === name),
    list: async (query: ListQuery) =>
      objects.filter(
        ({ kind, metadata }) =>
          kind === query.kind && (query.namespace === undefined || metadata.namespace === query.namespace),
      ),
    askPod: async (_pod, port) => {
      askPod(port);
      return "ok\n";
    },
  };
  const ctx = { cluster, now: () => new Date(), signal: new AbortController().signal } as unknown as ReadContext;
  return check.run(ctx, new Map()).then(({ status, summary }) => `${status}: ${summary}`);
};

describe("the sidecars of Knative's own pods", () => {
  it("are missed by name, or laid to a label of the namespace", async () => {
    expect(await look(sidecarsThere, [activator(SIDECAR)])).toMatch(/^ok/);
    expect(await look(sidecarsThere, [activator()])).toBe("fail: no sidecar is in activator-x");
    const disabled = await look(sidecarsThere, [activator(), namespace({ "istio-injection": "disabled" })]);
    expect(disabled).toContain("istio-injection=disabled");
  });
});

describe("a PeerAuthentication that asks for mutual TLS", () => {
  const asks = policy("istio-system", STRICT);

  it("is named before an install without --mesh, unless the activator has a sidecar", async () => {
    const check = strictNeedsSidecars(false);
    expect(await look(check, [asks])).toMatch(/^warn: PeerAuthentication istio-system\/own asks for mutual TLS/);
    expect(await look(check, [asks, activator()])).toMatch(/^warn/);
    expect(await look(check, [asks, activator(SIDECAR)])).toMatch(/^ok/);
    expect(await look(check, [policy("default", { mtls: { mode: "PERMISSIVE" } }), activator()])).toMatch(/^ok/);
    expect(await look(check, [policy("knative-serving", STRICT), activator()])).toMatch(/^ok/);
    expect(await look(strictNeedsSidecars(true), [asks, activator()])).toMatch(/^ok/);
  });

  it("is a failure where it keeps the activator from a pod that is there", async () => {
    const pod = object("Pod", "default", "orders-x", { spec: { containers: [], ...SIDECAR } }, { app: "orders" });
    expect(await look(strictFound, [asks, activator(), pod])).toMatch(/^fail: .*does not get into .*orders-x/);
    const other = policy("default", { ...STRICT, selector: { matchLabels: { app: "shop" } } });
    expect(await look(strictFound, [other, activator(), pod])).toMatch(/^warn/);
    expect(await look(strictFound, [activator(), pod])).toMatch(/^skipped/);
  });
});

describe("a namespace that somebody has put into a mesh", () => {
  it.each([
    [{}, false, "ok"],
    [{ "istio-injection": "disabled" }, false, "ok"],
    [{ "istio-injection": "enabled" }, false, "warn"],
    [{ "istio.io/rev": "stable" }, false, "warn"],
    [{ "istio-injection": "enabled" }, true, "ok"],
    [{ "istio.io/dataplane-mode": "ambient" }, true, "warn"],
    [{ "istio.io/dataplane-mode": "none" }, false, "ok"],
  ])("by %j, with --mesh %s: %s", async (labels, mesh, status) => {
    expect(await look(noOtherMesh(mesh), [namespace(labels)])).toMatch(new RegExp(`^${status}: `));
  });
});

describe("an istiod with an ambient mesh", () => {
  it("is said to be that, where sidecars are chosen", async () => {
    const env = [{ name: "PILOT_ENABLE_AMBIENT", value: "true" }];
    const template = { spec: { containers: [{ name: "discovery", env }] } };
    const istiod = object("Deployment", "istio-system", "istiod", { spec: { template } }, { app: "istiod" });
    expect(await look(noOtherMesh(true), [istiod])).toMatch(
      /^warn: Deployment istio-system\/istiod has an ambient mesh/,
    );
    expect(await look(noOtherMesh(false), [istiod])).toMatch(/^ok/);
  });
});

describe("the pod that asks from inside", () => {
  const job: ObjectRef = { apiVersion: "batch/v1", kind: "Job", namespace: "kn-bootstrap", name: "caller" };
  const asking = (terminated: Told | undefined, spec: Told = SIDECAR) => {
    const sidecar = { name: "istio-proxy", state: { running: {} } };
    const own = { name: "ask", state: terminated ? { terminated } : { running: {} } };
    const status = { ...READY, containerStatuses: [sidecar, own] };
    return object(
      "Pod",
      "kn-bootstrap",
      "caller-x",
      { spec: { containers: [], ...spec }, status },
      { "job-name": "caller" },
    );
  };
  const refusal = (message: string) =>
    object("Event", "kn-bootstrap", "e", {
      involvedObject: { uid: "Job/caller" },
      reason: "FailedCreate",
      type: "Warning",
      message,
    });
  const made = object("Job", "kn-bootstrap", "caller");

  it.each([
    ["has an answer", [asking({ exitCode: 0 })], /^ok/],
    ["runs", [asking(undefined)], /^fail: the pod that asks has no answer yet/],
    ["got no sidecar", [asking({ exitCode: 0 }, {})], /^fail: .*no sidecar/],
    [
      "was refused",
      [asking({ exitCode: 22, message: "curl: (22) error: 503" })],
      /^fail: .*gets no answer: curl: \(22\)/,
    ],
    ["has no curl", [asking({ exitCode: 128, message: 'exec: "curl": not found' })], /^warn: unknown: the image/],
    [
      "may not be made",
      [made, refusal('pods "caller-x" is forbidden: violates PodSecurity')],
      /^warn: unknown: no pod/,
    ],
    ["is not made yet", [made, refusal("failed calling webhook")], /^fail: the pod that asks has not been made yet/],
  ])("%s", async (_title, objects, finding) => {
    expect(await look(insideAnswers(job), objects)).toMatch(finding);
  });
});

describe("plain http at a pod of the canary", () => {
  const service: ObjectRef = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    namespace: "home",
    name: "hello",
  };
  const pod = (spec: Told = SIDECAR) =>
    object("Pod", "home", "hello-x", { spec: { containers: [], ...spec }, status: READY });
  const error = (status: number, reason: string, message = `error ${status}`) => {
    throw new ApiError({ status, reason, message, request: "GET" });
  };
  const asked =
    (health: () => void, requests: () => void) =>
    (port: number): void =>
      port === 15021 ? health() : requests();
  const well = (): void => {};
  const trouble = (how: string) => () => error(503, "ServiceUnavailable", `error trying to reach service: ${how}`);
  const hungUp = trouble("EOF");
  const blocked = trouble("dial tcp 10.0.0.7: i/o timeout");
  const check = plainRefused(service, async () => ok("it answers"));

  it.each([
    ["is refused", [pod()], asked(well, hungUp), /^ok: plain http at port 8012/],
    ["is taken", [pod()], asked(well, well), /^fail: pod home\/hello-x takes plain http/],
    [
      "is answered by an error of the pod's own",
      [pod()],
      asked(well, () => error(404, "")),
      /^fail: .*takes plain http/,
    ],
    [
      "cannot be tried without the right",
      [pod()],
      asked(() => error(403, "Forbidden"), well),
      /^warn: unknown: .*error 403/,
    ],
    ["cannot be tried by this server", [pod()], asked(blocked, blocked), /^warn: unknown: .*i\/o timeout/],
    ["is behind a firewall", [pod()], asked(well, blocked), /^warn: unknown: .*i\/o timeout/],
    ["meets no sidecar", [pod({})], asked(well, hungUp), /^fail: pod home\/hello-x has no sidecar/],
    ["meets no pod", [], asked(well, hungUp), /^fail: waiting until one of its pods is ready/],
  ])("%s", async (_title, objects, askPod, finding) => {
    expect(await look(check, objects, askPod)).toMatch(finding);
  });

  it("waits for what keeps the Service from answering", async () => {
    const asleep = plainRefused(service, async () => fail("hello answers 503", { text: "Look." }));
    expect(await look(asleep, [])).toBe("fail: hello answers 503");
  });
});
