import { afterEach, describe, expect, test } from "vitest";
import { type OpenOptions, openCluster } from "../../src/adapters/cluster/index.ts";
import { createTiming, discover, type Handler, KINDS, notFoundPage, serve, status, targetOf } from "./loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
const start = async (handler: Handler, options: OpenOptions = {}) => {
  const server = await serve(handler);
  const cluster = openCluster(targetOf(server.url), options);
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};

const SERVING = { group: "serving.knative.dev", version: "v1", kind: "Service", plural: "services", namespaced: true };
const HPA = {
  group: "autoscaling",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  namespaced: true,
};

describe("discovery", () => {
  test("asks once in the aggregated form, however many want to know", async () => {
    const { server, cluster } = await start((seen) => discover(seen));
    const found = await Promise.all(Array.from({ length: 10 }, () => cluster.resource("apps/v1", "Deployment")));
    await cluster.resource("v1", "Nothing");
    expect(found[9]).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      plural: "deployments",
      namespaced: true,
      verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
    });
    expect(server.seen.map(({ path }) => path).toSorted()).toEqual(["/api", "/apis"]);
  });

  test("an old server is asked version by version; one whose API is down has no kinds", async () => {
    const resources = (groupVersion: string, ...list: object[]) => ({
      kind: "APIResourceList",
      groupVersion,
      resources: list,
    });
    const verbs = ["get"];
    const { cluster } = await start(({ path }) => {
      const answers: Record<string, unknown> = {
        "/api": { kind: "APIVersions", versions: ["v1"] },
        "/api/v1": resources(
          "v1",
          { name: "configmaps", namespaced: true, kind: "ConfigMap", verbs },
          { name: "namespaces/status", namespaced: false, kind: "Namespace", verbs },
        ),
        "/apis": {
          kind: "APIGroupList",
          groups: [
            {
              name: "autoscaling",
              versions: [{ groupVersion: "autoscaling/v1" }, { groupVersion: "autoscaling/v2" }],
              preferredVersion: { groupVersion: "autoscaling/v2" },
            },
            { name: "metrics.k8s.io", versions: [{ groupVersion: "metrics.k8s.io/v1" }] },
          ],
        },
        "/apis/autoscaling/v1": resources("autoscaling/v1", {
          name: HPA.plural,
          namespaced: true,
          kind: HPA.kind,
          verbs,
        }),
        "/apis/autoscaling/v2": resources("autoscaling/v2", {
          name: HPA.plural,
          namespaced: true,
          kind: HPA.kind,
          verbs,
        }),
        "/apis/metrics.k8s.io/v1": status(404, "NotFound", "gone"),
      };
      return answers[path] ?? notFoundPage;
    });
    expect((await cluster.resources()).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      "v1 ConfigMap",
      "autoscaling/v2 HorizontalPodAutoscaler",
    ]);
    expect(await cluster.resource("autoscaling/v1", HPA.kind)).toMatchObject({ plural: HPA.plural });
  });

  test("one version of an old server that never answers holds nothing else, and is waited for once", async () => {
    const groups = ["metrics.k8s.io/v1", "apps/v1"].map((groupVersion) => ({
      name: groupVersion.split("/")[0],
      versions: [{ groupVersion }],
      preferredVersion: { groupVersion },
    }));
    const deployments = { name: "deployments", namespaced: true, kind: "Deployment", verbs: ["get"] };
    const answers: Record<string, unknown> = {
      "/api": { kind: "APIVersions", versions: ["v1"] },
      "/api/v1": { kind: "APIResourceList", groupVersion: "v1", resources: [] },
      "/apis": { kind: "APIGroupList", groups },
      "/apis/apps/v1": { kind: "APIResourceList", groupVersion: "apps/v1", resources: [deployments] },
    };
    const timing = createTiming();
    const { server, cluster } = await start(({ path }) => answers[path] ?? new Promise(() => {}), {
      silentMs: 60,
      timing,
    });
    expect(await cluster.resource("apps/v1", "Deployment")).toMatchObject({ plural: "deployments" });
    expect(await cluster.resource("v1", "Nothing", true)).toBeUndefined();
    await expect(cluster.resource("metrics.k8s.io/v1", "PodMetrics")).rejects.toThrow(
      /has not answered GET \/apis\/metrics.k8s.io\/v1 within/,
    );
    expect(server.seen.filter(({ path }) => path.includes("metrics"))).toHaveLength(1);
  });

  test("a server that says nothing of what it serves is waited for once", async () => {
    const { server, cluster } = await start(() => new Promise(() => {}), { silentMs: 60 });
    await expect(cluster.resource("v1", "ConfigMap")).rejects.toThrow(/has not answered GET \/apis? within/);
    await expect(cluster.list({ apiVersion: "v1", kind: "Secret" })).rejects.toThrow(/has not answered/);
    expect(server.seen).toHaveLength(2);
  });

  test("every kind comes once, in the version that the server prefers", async () => {
    const { cluster } = await start((seen) =>
      discover(seen, [...KINDS, { ...HPA, version: "v2" }, { ...HPA, version: "v1" }]),
    );
    const autoscalers = (await cluster.resources()).filter(({ kind }) => kind === HPA.kind);
    expect(autoscalers.map(({ apiVersion }) => apiVersion)).toEqual(["autoscaling/v2"]);
  });

  test("kinds of the same name in two groups are told apart", async () => {
    const core = { group: "", version: "v1", kind: "Service", plural: "services", namespaced: true };
    const service = { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name: "hello" } };
    const { server, cluster } = await start((seen) => discover(seen, [core, SERVING]) ?? service);
    await cluster.get({ apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: "n", name: "hello" });
    expect(server.seen.at(-1)?.path).toBe("/apis/serving.knative.dev/v1/namespaces/n/services/hello");
  });

  test("fresh asks again for what definitions add, together, and at most every 200 ms", async () => {
    const timing = createTiming();
    let known = KINDS;
    const { server, cluster } = await start((seen) => discover(seen, known), { timing });
    expect(await cluster.resource(`${SERVING.group}/v1`, "Service", true)).toBeUndefined();
    known = [...KINDS, SERVING];
    expect(await cluster.resource(`${SERVING.group}/v1`, "Service")).toBeUndefined();
    const found = await Promise.all(
      Array.from({ length: 5 }, () => cluster.resource(`${SERVING.group}/v1`, "Service", true)),
    );
    expect(found.every((resource) => resource?.plural === "services")).toBe(true);
    expect(server.seen.map(({ path }) => path)).toEqual(["/api", "/apis", "/apis"]);
    expect(timing.slept).toEqual([200]);
  });

  test("a failure is not remembered", async () => {
    let fail = true;
    const { cluster } = await start((seen) => (fail ? status(403, "Forbidden", "no") : discover(seen)));
    await expect(cluster.resources()).rejects.toMatchObject({ status: 403 });
    fail = false;
    expect(await cluster.resource("v1", "ConfigMap")).toMatchObject({ plural: "configmaps" });
  });
});
