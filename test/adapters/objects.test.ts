import { afterEach, describe, expect, test } from "vitest";
import { type OpenOptions, openCluster } from "../../src/adapters/cluster/index.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import { createTiming, discover, type Handler, KINDS, notFoundPage, serve, status, targetOf } from "./loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
const start = async (handler: Handler, options: OpenOptions = {}) => {
  const server = await serve((seen, response) => discover(seen) ?? handler(seen, response));
  const cluster = openCluster(targetOf(server.url), options);
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "n" }, data: { a: "1" } };
const REF = { apiVersion: "v1", kind: "ConfigMap", namespace: "n", name: "m" };
const LIST = { apiVersion: "v1", kind: "ConfigMapList" };
const PATH = "/api/v1/namespaces/n/configmaps/m";

describe("reads from an old server", () => {
  test("a kind that an old server has in an older version is read as the newer one", async () => {
    const slice = { metadata: { name: "webhook-abc", namespace: "n" }, endpoints: [{ conditions: { ready: true } }] };
    const old = { group: "discovery.k8s.io", version: "v1beta1", kind: "EndpointSlice", plural: "endpointslices" };
    const server = await serve((seen) => {
      const found = discover(seen, [...KINDS, { ...old, namespaced: true }]);
      if (found) return found;
      const [apiVersion, kind] = ["discovery.k8s.io/v1beta1", "EndpointSlice"];
      return seen.path.endsWith("webhook-abc")
        ? { apiVersion, kind, ...slice }
        : { apiVersion, kind: `${kind}List`, metadata: {}, items: [slice] };
    });
    const cluster = openCluster(targetOf(server.url));
    cleanUp.push(server.close, cluster.close);
    const asked = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: "n" };
    expect(await cluster.list(asked)).toEqual([{ apiVersion: asked.apiVersion, kind: asked.kind, ...slice }]);
    expect(await cluster.get({ ...asked, name: "webhook-abc" })).toMatchObject({
      apiVersion: asked.apiVersion,
      ...slice,
    });
    expect(server.seen.filter(({ path }) => path === "/apis")).toHaveLength(1);
  });
});

describe("writes", () => {
  test("apply is a server-side apply that is never forced by itself, and tells created from changed", async () => {
    const { server, cluster } = await start(({ body }) => ({ status: server.seen.length > 3 ? 200 : 201, body }));
    expect(await cluster.apply(CONFIG_MAP, { manager: "kn-bootstrap" })).toEqual({
      object: CONFIG_MAP,
      created: true,
      repeated: false,
    });
    expect(server.seen.at(-1)).toMatchObject({
      method: "PATCH",
      path: PATH,
      query: { fieldManager: "kn-bootstrap", force: "false", fieldValidation: "Strict" },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: CONFIG_MAP,
    });
    expect(await cluster.apply(CONFIG_MAP, { manager: "kn-bootstrap", force: true })).toMatchObject({ created: false });
    expect(server.seen.at(-1)?.query.force).toBe("true");
    expect(cluster.stats().writes).toBe(2);
  });

  test("a dry run is one, and counts as no write", async () => {
    const { server, cluster } = await start(({ body }) => body);
    expect(await cluster.dryRun(CONFIG_MAP, { manager: "m" })).toEqual(CONFIG_MAP);
    expect(server.seen.at(-1)?.query.dryRun).toBe("All");
    expect(cluster.stats().writes).toBe(0);
  });

  test("a conflict tells every field and its owner", async () => {
    const causes = [
      { reason: "FieldManagerConflict", message: 'conflict with "kubectl-edit" using v1', field: ".data.a" },
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "kube-controller-manager" with subresource "scale" using apps/v1',
        field: ".spec.replicas",
      },
    ];
    const { cluster } = await start(() => status(409, "Conflict", "Apply failed with 2 conflicts", { causes }));
    const error: unknown = await cluster.apply(CONFIG_MAP, { manager: "m" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).conflicts).toEqual([
      { field: ".data.a", owner: "kubectl-edit", message: causes[0]?.message },
      { field: ".spec.replicas", owner: "kube-controller-manager", message: causes[1]?.message },
    ]);
    expect((error as ApiError).request).toBe(`PATCH ${PATH}`);
  });

  test("a conflict of versions has no fields", async () => {
    const { cluster } = await start(() =>
      status(409, "Conflict", "the object has been modified", { name: "m", kind: "configmaps" }),
    );
    await expect(cluster.replace(CONFIG_MAP, "m")).rejects.toMatchObject({
      status: 409,
      reason: "Conflict",
      conflicts: [],
    });
  });

  test("merge patch, create and replace", async () => {
    const { server, cluster } = await start(({ method, body }) => {
      const sent = body as typeof CONFIG_MAP;
      return {
        ...CONFIG_MAP,
        ...sent,
        metadata: { ...CONFIG_MAP.metadata, name: method === "POST" ? "job-x2x" : "m" },
      };
    });
    await cluster.mergePatch(REF, { data: { a: null } }, "kn-bootstrap-domain");
    expect(server.seen.at(-1)).toMatchObject({
      method: "PATCH",
      path: PATH,
      query: { fieldManager: "kn-bootstrap-domain" },
      headers: { "content-type": "application/merge-patch+json" },
      body: { data: { a: null } },
    });
    const generated = { ...CONFIG_MAP, metadata: { name: "", generateName: "job-", namespace: "n" } };
    await cluster.create(generated, "m");
    expect(server.seen.at(-1)).toMatchObject({
      method: "POST",
      path: "/api/v1/namespaces/n/configmaps",
      body: generated,
    });
    await cluster.replace(CONFIG_MAP, "m");
    expect(server.seen.at(-1)).toMatchObject({ method: "PUT", path: PATH, body: CONFIG_MAP });
  });

  test("remove carries its preconditions, and says whether there was something", async () => {
    const { server, cluster } = await start(() =>
      server.seen.length > 3
        ? status(404, "NotFound", 'configmaps "m" not found', { name: "m", kind: "configmaps" })
        : { kind: "Status", status: "Success" },
    );
    expect(await cluster.remove(REF, { uid: "u1" })).toBe(true);
    expect(server.seen.at(-1)).toMatchObject({
      method: "DELETE",
      path: PATH,
      body: { kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { uid: "u1" } },
    });
    expect(await cluster.remove(REF, {})).toBe(false);
    expect(server.seen.at(-1)?.body).not.toHaveProperty("preconditions");
    expect(await cluster.remove({ ...REF, kind: "Unknown" }, {})).toBe(false);
  });

  test("a delete without preconditions that may have arrived is not sent twice", async () => {
    const { server, cluster } = await start((seen) => void seen.raw.socket.destroy(), { timing: createTiming() });
    await expect(cluster.remove(REF, {})).rejects.toThrow(/closed the connection/);
    expect(server.seen.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  });

  test("the first object of a new kind waits until its path is served", async () => {
    const kind = { group: "serving.knative.dev", version: "v1", kind: "Service", plural: "services", namespaced: true };
    let asked = 0;
    const server = await serve((seen) => {
      if (seen.path === "/apis") asked++;
      const known = discover(seen, asked >= 3 ? [...KINDS, kind] : KINDS);
      if (known) return known;
      const tries = server.seen.filter(({ method }) => method === "PATCH").length;
      return tries < 3 ? notFoundPage : { status: 201, body: seen.body };
    });
    const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
    cleanUp.push(server.close, cluster.close);
    const service = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "hello", namespace: "n" },
    };
    expect(await cluster.apply(service, { manager: "m" })).toMatchObject({ created: true });
  });

  test("an absent namespace and a kind that never comes are errors", async () => {
    const { server, cluster } = await start(
      () => status(404, "NotFound", 'namespaces "n" not found', { name: "n", kind: "namespaces" }),
      {
        timing: createTiming(),
      },
    );
    await expect(cluster.apply(CONFIG_MAP, { manager: "m" })).rejects.toMatchObject({
      status: 404,
      message: 'namespaces "n" not found',
    });
    expect(server.seen.filter(({ method }) => method === "PATCH")).toHaveLength(1);
    await expect(cluster.apply({ ...CONFIG_MAP, kind: "Unknown" }, { manager: "m" })).rejects.toMatchObject({
      status: 404,
    });
    await expect(cluster.dryRun({ ...CONFIG_MAP, kind: "Unknown" }, { manager: "m" })).rejects.toThrow(
      /kind Unknown of v1/,
    );
  });
});

describe("lists of nothing but metadata", () => {
  const item = { metadata: { name: "m", namespace: "n", finalizers: ["x"] } };
  const read = [{ apiVersion: "v1", kind: "ConfigMap", ...item }];
  const asked = { apiVersion: "v1", kind: "ConfigMap", metadataOnly: true } as const;

  test("are asked for, and come", async () => {
    const [apiVersion, kind] = ["meta.k8s.io/v1", "PartialObjectMetadata"];
    const items = [{ apiVersion, kind, ...item }];
    const { server, cluster } = await start(() => ({ apiVersion, kind: `${kind}List`, metadata: {}, items }));
    expect(await cluster.list(asked)).toEqual(read);
    expect(server.seen.at(-1)?.headers.accept).toBe(
      "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
    );
  });

  test("are made of whole objects where the server sends those", async () => {
    const { cluster } = await start(() => ({ ...LIST, metadata: {}, items: [{ ...item, data: { a: "1" } }] }));
    expect(await cluster.list(asked)).toEqual(read);
  });
});

describe("reads", () => {
  test("what is not there is undefined: object, namespace, kind", async () => {
    const { cluster } = await start(() =>
      status(404, "NotFound", 'configmaps "m" not found', { name: "m", kind: "configmaps" }),
    );
    expect(await cluster.get(REF)).toBeUndefined();
    expect(await cluster.get({ ...REF, kind: "Unknown" })).toBeUndefined();
    expect(await cluster.list({ apiVersion: "none.dev/v1", kind: "Unknown" })).toEqual([]);
    expect(cluster.stats().lists).toEqual({});
  });

  test("many unknown kinds cost one question, not one each", async () => {
    const { server, cluster } = await start(() => notFoundPage);
    for (let index = 0; index < 10; index++)
      expect(await cluster.list({ apiVersion: "none.dev/v1", kind: `Unknown${index}` })).toEqual([]);
    expect(server.seen).toHaveLength(2);
  });

  test("pages are put together, and items get their kind", async () => {
    const { server, cluster } = await start(({ query }) => {
      const page = Number(query.continue ?? 0);
      const items = [{ metadata: { name: `m${page}`, namespace: "n" } }];
      return {
        ...LIST,
        metadata: { resourceVersion: "9", ...(page < 2 ? { continue: String(page + 1) } : {}) },
        items,
      };
    });
    const items = await cluster.list({ apiVersion: "v1", kind: "ConfigMap" });
    expect(items).toEqual(
      [0, 1, 2].map((page) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `m${page}`, namespace: "n" },
      })),
    );
    expect(server.seen.slice(2).map(({ path, query }) => [path, query.limit])).toEqual(
      Array(3).fill(["/api/v1/configmaps", "500"]),
    );
    expect(cluster.stats()).toMatchObject({ lists: { "v1 ConfigMap": 1 }, requests: 5 });
  });

  test("a list that was too slow for its own past starts again in one piece", async () => {
    const { server, cluster } = await start(({ query }) => {
      if (query.continue) return status(410, "Expired", "The provided continue parameter is too old");
      return {
        ...LIST,
        metadata: query.limit ? { continue: "x" } : {},
        items: [{ metadata: { name: "m", namespace: "n" } }],
      };
    });
    expect(await cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: "n" })).toHaveLength(1);
    expect(server.seen.at(-1)?.query.limit).toBeUndefined();
  });

  test("can asks with a SelfSubjectAccessReview", async () => {
    const { server, cluster } = await start(({ body }) => ({
      status: 201,
      body: { ...(body as object), status: { allowed: true } },
    }));
    expect(
      await cluster.can({ verb: "update", group: "apps", resource: "deployments/scale", namespace: "n", name: "web" }),
    ).toBe(true);
    expect(server.seen.at(-1)?.body).toMatchObject({
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          verb: "update",
          group: "apps",
          resource: "deployments",
          subresource: "scale",
          namespace: "n",
          name: "web",
        },
      },
    });
    expect(cluster.stats().writes).toBe(0);
  });
});
