import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isTrue, refOf } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { until } from "../sandbox/install.ts";
import { kn, type Outcome, stage } from "./cli.ts";

const SERVING = "knative-serving";
type World = Awaited<ReturnType<typeof stage>>;

const named = (apiVersion: string, kind: string, namespace: string, name: string, fields: object = {}): Obj => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace ? { namespace } : {}) },
  ...fields,
});
const POD = { spec: { containers: [{ name: "one", image: "example.com/one:1" }] } };
const configMap = (space: string, name: string): Obj => named("v1", "ConfigMap", space, name, { data: { a: "b" } });

/** Somebody's own kind. */
const WIDGETS = named("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "widgets.example.com", {
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});
const widget = (space: string): Obj => named("example.com/v1", "Widget", space, "theirs");
const service = (space: string, name: string): Obj =>
  named("serving.knative.dev/v1", "Service", space, name, {
    spec: { template: { spec: { containers: [{ image: "ghcr.io/knative/helloworld-go:latest" }] } } },
  });

const ownedBy = (object: Obj, owner: Obj): Obj => {
  const { apiVersion, kind, metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [reference] } };
};

/** In one line, as it is said in English. */
const said = ({ stderr }: Outcome): string => stderr.slice(stderr.indexOf("Error:")).replace(/\s+/g, " ").trim();
const commands = ({ stderr }: Outcome): readonly string[] =>
  stderr.split("\n").flatMap((line) => /^ {2}(kubectl .*|kn-bootstrap .*)/.exec(line)?.[1] ?? []);

describe("what others put into the namespaces", () => {
  let world: World;
  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);
  const made: Obj[] = [];
  const make = async (object: Obj): Promise<Obj> => {
    const stored = await world.api.create("somebody", object);
    made.unshift(stored);
    return stored;
  };
  const isThere = (object: Obj): boolean => world.api.get(refOf(object)) !== undefined;

  beforeAll(async () => {
    world = await stage();
    const outcome = await run("install", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    await world.api.create("somebody", WIDGETS);
    await until(world, "Widgets are served", () => isTrue(world.api.get(refOf(WIDGETS)), "Established"));
  });
  afterEach(async () => {
    for (const object of made.splice(0)) await world.api.remove(refOf(object));
  });
  afterAll(() => world.close());

  it.each([
    [
      "a pod that nobody looks after",
      named("v1", "Pod", SERVING, "bare", POD),
      "kubectl delete pod -n knative-serving bare",
    ],
    [
      "a Lease of somebody's controller",
      named("coordination.k8s.io/v1", "Lease", SERVING, "their-controller.00-of-01", { spec: { holderIdentity: "x" } }),
      "kubectl delete lease.coordination.k8s.io -n knative-serving their-controller.00-of-01",
    ],
    [
      "a Service that is like the autoscaler's and is not",
      named("v1", "Service", SERVING, "autoscaler-bucket-00-of-01-copy", { spec: { ports: [{ port: 80 }] } }),
      "kubectl delete service -n knative-serving autoscaler-bucket-00-of-01-copy",
    ],
    [
      "a RoleBinding with a name that a shell would run",
      named("rbac.authorization.k8s.io/v1", "RoleBinding", SERVING, "--all;$(id)", {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      }),
      "kubectl delete rolebinding.rbac.authorization.k8s.io -n knative-serving -- '--all;$(id)'",
    ],
  ])("%s is listed and stays", async (_what, object, command) => {
    await make(object);
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain(`did not make: ${object.kind} ${SERVING}/${object.metadata.name}.`);
    expect(said(outcome)).toContain(`would delete all of it itself: 1 ${object.kind}.`);
    expect(commands(outcome)).toEqual([command]);
    expect(outcome.stats.writes).toBe(0);
    expect(isThere(object)).toBe(true);
  });

  it("a ConfigMap of somebody's own object is listed with it, and the command deletes what it belongs to", async () => {
    const owner = await make(widget(SERVING));
    await make(ownedBy(configMap(SERVING, "its-settings"), owner));
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toMatch(/ConfigMap knative-serving\/its-settings/);
    expect(said(outcome)).toMatch(/Widget knative-serving\/theirs/);
    expect(commands(outcome)).toEqual(["kubectl delete widget.example.com -n knative-serving theirs"]);
  });

  it("an owner that is gone, or owners in a circle, prove nothing", async () => {
    const gone = { ...widget(SERVING), metadata: { name: "gone", uid: "00000000-0000-4000-8000-000000000000" } };
    // Nobody collects it: its owner's kind is not served.
    await make(ownedBy(configMap(SERVING, "orphan"), { ...gone, apiVersion: "gone.example.com/v1" }));
    const one = await make(widget(SERVING));
    await world.api.update("somebody", refOf(one), (draft) => {
      draft.metadata.ownerReferences = ownedBy(draft, one).metadata.ownerReferences ?? [];
    });
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toMatch(/ConfigMap knative-serving\/orphan/);
    expect(said(outcome)).toMatch(/Widget knative-serving\/theirs/);
  });

  it("a Deployment of somebody stands for its pods", async () => {
    await make(
      named("apps/v1", "Deployment", SERVING, "theirs", {
        spec: {
          selector: { matchLabels: { app: "theirs" } },
          template: { metadata: { labels: { app: "theirs" } }, ...POD },
        },
      }),
    );
    await expect
      .poll(() => world.api.list("v1", "Pod", SERVING).some(({ metadata }) => metadata.labels?.app === "theirs"))
      .toBe(true);
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain("did not make: Deployment knative-serving/theirs.");
    expect(commands(outcome)).toEqual(["kubectl delete deployment.apps -n knative-serving theirs"]);
  });

  it("a Knative Service that another controller made is a workload like any", async () => {
    const owner = await make(widget("default"));
    await make(ownedBy(service("default", "model"), owner));
    const revision = () => world.api.list("serving.knative.dev/v1", "Revision", "default");
    await expect.poll(() => revision().length).toBe(1);
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain("did not make: Service default/model.");
    expect(said(outcome)).toContain("would delete all of it itself: 1 Knative Service.");
    expect(commands(outcome)).toEqual(["kubectl delete service.serving.knative.dev -n default model"]);
  });

  it("an object of Knative's inner kinds that somebody wrote by hand is one, too", async () => {
    await make(
      named("networking.internal.knative.dev/v1alpha1", "ServerlessService", "default", "by-hand", {
        spec: { protocolType: "http1", objectRef: { apiVersion: "apps/v1", kind: "Deployment", name: "x" } },
      }),
    );
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain("did not make: ServerlessService default/by-hand.");
  });

  it("the same name in some namespaces is somebody's, in every one the platform's", async () => {
    const spaces = ["default", "kube-system", "kube-public", "kube-node-lease", "kourier-system", SERVING];
    for (const space of spaces.slice(1)) await make(configMap(space, "platform-ca"));
    const some = await run("uninstall", "--yes");
    expect(some.code).toBe(2);
    expect(said(some)).toContain("ConfigMap knative-serving/platform-ca");
    await make(configMap("default", "platform-ca"));
    const plan = await run("uninstall");
    expect(said(plan)).not.toContain("platform-ca");
    expect(plan.stdout).toContain("Remove Knative Serving");
  });

  it("a Knative Service of one name in every namespace is no platform's", async () => {
    for (const space of ["default", "kube-system", "kube-public", "kube-node-lease", SERVING])
      await make(service(space, "everywhere"));
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain("would delete all of it itself: 5 Knative Services.");
  });

  // The last: it takes the installation away.
  it("with --delete-workloads all of it goes, and what platforms and controllers have put there is in nobody's way", async () => {
    for (const [kind, name] of [
      ["ConfigMap", "openshift-service-ca.crt"],
      ["ConfigMap", "istio-ca-root-cert"],
      ["ServiceAccount", "builder"],
    ] as const)
      await world.api.create("platform", named("v1", kind, SERVING, name));
    const account = world.api.get({ apiVersion: "v1", kind: "ServiceAccount", namespace: SERVING, name: "default" });
    await world.api.create("platform", {
      ...named("v1", "Secret", SERVING, "default-token-x7x2p", { type: "kubernetes.io/service-account-token" }),
      metadata: {
        name: "default-token-x7x2p",
        namespace: SERVING,
        annotations: {
          "kubernetes.io/service-account.name": "default",
          "kubernetes.io/service-account.uid": account?.metadata.uid ?? "",
        },
      },
    });
    await world.api.create("somebody", named("v1", "Pod", SERVING, "bare", POD));
    await world.api.create("somebody", configMap("kourier-system", "mine"));
    const refused = await run("uninstall", "--yes");
    expect(refused.code).toBe(2);
    expect([...commands(refused)].sort()).toEqual([
      "kubectl delete configmap -n kourier-system mine",
      "kubectl delete pod -n knative-serving bare",
    ]);
    const removed = await run("uninstall", "--yes", "--delete-workloads");
    expect(removed.code, removed.stderr).toBe(0);
    const left = world.api.list("v1", "Namespace").map(({ metadata }) => metadata.name);
    expect(left.filter((name) => /knative|kourier/.test(name))).toEqual([]);
  });
});
