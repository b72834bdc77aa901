import { afterEach, describe, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { BrokenAnswer } from "../../src/ports/cluster.ts";
import {
  createTiming,
  discover,
  type Handler,
  KINDS,
  notFoundPage,
  type Seen,
  serve,
  status,
  targetOf,
} from "./loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const REF = { apiVersion: "v1", kind: "ConfigMap", namespace: "n", name: "m" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "n", uid: "u" } };
const LIST = { apiVersion: "v1", kind: "ConfigMapList", metadata: { resourceVersion: "5" }, items: [OBJECT] };
const absent = (name: string, kind = "configmaps") =>
  status(404, "NotFound", `${kind} "${name}" not found`, { name, kind });
const html = (code: number) => ({
  status: code,
  headers: { "content-type": "text/html" },
  body: "<html>Not here</html>",
});

/** An API server behind something that answers `times` questions that `concerns` it in its own way. */
const behind = async (
  answer: unknown,
  { times = Number.POSITIVE_INFINITY, concerns = (seen: Seen) => seen.path.includes("/configmaps") } = {},
) => {
  const honest: Handler = (seen) =>
    discover(seen) ?? (seen.path.endsWith("/configmaps") ? LIST : seen.method === "GET" ? OBJECT : seen.body);
  let broken = 0;
  const server = await serve((seen, response) =>
    concerns(seen) && broken++ < times ? answer : honest(seen, response),
  );
  const timing = createTiming();
  const cluster = openCluster(targetOf(server.url), { timing });
  cleanUp.push(server.close, cluster.close);
  await cluster.resources().catch(() => {});
  return { server, cluster, timing };
};

const BROKEN: readonly (readonly [string, unknown])[] = [
  ["a proxy's 404 page", html(404)],
  ["404 page not found", notFoundPage],
  ["a NotFound that names nothing", status(404, "NotFound", "the server could not find the requested resource")],
  ["a NotFound about another object", absent("other")],
  ["a NotFound about another kind", absent("m", "secrets")],
  ["a login page with 200", html(200)],
  ["null", { status: 200, body: null }],
  ["an array", { status: 200, body: [] }],
  ["a string", { status: 200, headers: { "content-type": "application/json" }, body: '"fine"' }],
  ["an object of another kind", { status: 200, body: { ...OBJECT, kind: "Pod" } }],
  ["an object without metadata", { status: 200, body: { apiVersion: "v1", kind: "ConfigMap" } }],
  ["another object", { status: 200, body: { ...OBJECT, metadata: { name: "other" } } }],
  ["a Status with 200", { status: 200, body: { apiVersion: "v1", kind: "Status", status: "Failure" } }],
];

describe.each(BROKEN)("%s", (_, answer) => {
  test("does not mean that an object is absent: it is asked again", async () => {
    const { cluster } = await behind(answer, { times: 2 });
    expect(await cluster.get(REF)).toEqual(OBJECT);
  });

  test("that stays is an error that says what answered, for reads, lists and deletions alike", async () => {
    const { cluster, server } = await behind(answer);
    await expect(cluster.get(REF)).rejects.toBeInstanceOf(BrokenAnswer);
    await expect(cluster.get(REF)).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+ answered GET \/api\/v1\/namespaces\/n\/configmaps\/m with /,
    );
    await expect(cluster.list({ apiVersion: "v1", kind: "ConfigMap" })).rejects.toBeInstanceOf(BrokenAnswer);
    await expect(cluster.remove(REF, { uid: "u" })).rejects.toBeInstanceOf(BrokenAnswer);
    expect(server.seen.length).toBeGreaterThan(6);
  });

  test("takes nothing out of a watch", async () => {
    let [lists, watches] = [0, 0];
    const stop = new AbortController();
    const { cluster } = await behind(answer, {
      concerns: ({ query, path }) => {
        if (!path.endsWith("/configmaps")) return false;
        if (query.watch === undefined) return ++lists === 2;
        if (++watches > 5) stop.abort();
        return true;
      },
      times: 4,
    });
    const seen: string[] = [];
    for await (const event of cluster.watch({ apiVersion: "v1", kind: "ConfigMap" }, stop.signal)) {
      seen.push(event.type);
    }
    expect(seen.slice(0, 2)).toEqual(["ADDED", "SYNCED"]);
    expect(seen).not.toContain("DELETED");
  });
});

const ask = (body: object, path: RegExp) => behind({ status: 200, body }, { concerns: (seen) => path.test(seen.path) });
const MAPS = { apiVersion: "v1", kind: "ConfigMap" };

describe("an answer that was meant for somebody else, as of a cache that mixes them up,", () => {
  test.each([
    ["the empty list of another kind", { ...LIST, kind: "PodList", items: [] }],
    ["a list of another kind", { ...LIST, items: [{ ...OBJECT, kind: "Pod" }] }],
    ["a list of everything", { ...LIST, kind: "List", items: [] }],
    ["another namespace's list", { ...LIST, items: [{ ...OBJECT, metadata: { name: "m", namespace: "other" } }] }],
  ])("is no list: %s", async (_, body) => {
    const { cluster } = await ask(body, /configmaps$/);
    await expect(cluster.list({ ...MAPS, namespace: "n" })).rejects.toBeInstanceOf(BrokenAnswer);
  });

  test("is no object: another namespace's of the same name", async () => {
    const { cluster } = await ask({ ...OBJECT, metadata: { name: "m", namespace: "other" } }, /configmaps/);
    await expect(cluster.get(REF)).rejects.toBeInstanceOf(BrokenAnswer);
    await expect(cluster.remove(REF, { uid: "u" })).rejects.toBeInstanceOf(BrokenAnswer);
    await expect(cluster.mergePatch(REF, { data: { a: "b" } }, "m")).rejects.toBeInstanceOf(BrokenAnswer);
  });

  test("leaves other people's kinds alone, whose lists may be called as they like", async () => {
    const kinds = [...KINDS, { group: "example.com", version: "v1", kind: "Ox", plural: "oxen", namespaced: true }];
    const server = await serve(
      (seen) => discover(seen, kinds) ?? { apiVersion: "example.com/v1", kind: "OxenList", metadata: {}, items: [] },
    );
    const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
    cleanUp.push(server.close, cluster.close);
    expect(await cluster.list({ apiVersion: "example.com/v1", kind: "Ox" })).toEqual([]);
  });
});

test("absence is what the server says of this very object", async () => {
  const { cluster } = await behind(absent("m"));
  expect(await cluster.get(REF)).toBeUndefined();
  expect(await cluster.remove(REF, {})).toBe(false);
});

describe("what is served", () => {
  const DISCOVERY = { concerns: ({ path }: Seen) => path === "/apis" || path === "/api" };

  test.each([
    ["a proxy's page", html(200)],
    ["a proxy's 404", html(404)],
    ["null", { status: 200, body: null }],
    ["another list", { status: 200, body: LIST }],
    ["a list without its entries", { status: 200, body: { kind: "APIGroupDiscoveryList" } }],
    ["a server that serves nothing", { status: 200, body: { kind: "APIGroupDiscoveryList", items: [] } }],
    ["a group that says nothing", { status: 200, body: { kind: "APIGroupDiscoveryList", items: [null] } }],
  ])("is not known from %s", async (_, answer) => {
    const { cluster } = await behind(answer, DISCOVERY);
    await expect(cluster.get(REF)).rejects.toThrow();
    await expect(cluster.list({ apiVersion: "v1", kind: "ConfigMap" })).rejects.toThrow();
    await expect(cluster.resource("v1", "ConfigMap")).rejects.toThrow();
  });

  test("is not nothing because one API does not say: its kinds are not absent", async () => {
    const stale = {
      metadata: { name: "metrics.k8s.io" },
      versions: [{ version: "v1", freshness: "Stale", resources: [] }],
    };
    const server = await serve((seen) => {
      const known = discover(seen, KINDS) as { items: unknown[] } | undefined;
      return known && { ...known, items: seen.path === "/apis" ? [...known.items, stale] : known.items };
    });
    const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
    cleanUp.push(server.close, cluster.close);
    expect((await cluster.resources()).map(({ kind }) => kind)).toContain("Deployment");
    await expect(cluster.list({ apiVersion: "metrics.k8s.io/v1", kind: "PodMetrics" })).rejects.toBeInstanceOf(
      BrokenAnswer,
    );
    expect(await cluster.list({ apiVersion: "other.dev/v1", kind: "Other" })).toEqual([]);
  });

  test("version by version: a page instead of one version hides no kind of it", async () => {
    const server = await serve(({ path }) => {
      if (path === "/api") return { kind: "APIVersions", versions: ["v1"] };
      if (path === "/apis") return { kind: "APIGroupList", groups: [{ name: "apps", versions: [] }] };
      return html(404);
    });
    const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
    cleanUp.push(server.close, cluster.close);
    await expect(cluster.get(REF)).rejects.toBeInstanceOf(BrokenAnswer);
  });

  test("version by version: another version's kinds in the place of one hide none of it", async () => {
    const server = await serve(({ path }) => {
      if (path === "/api") return { kind: "APIVersions", versions: ["v1"] };
      if (path === "/apis") return { kind: "APIGroupList", groups: [{ name: "apps", versions: [] }] };
      return { kind: "APIResourceList", groupVersion: "apps/v1", resources: [] };
    });
    const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
    cleanUp.push(server.close, cluster.close);
    await expect(cluster.get(REF)).rejects.toBeInstanceOf(BrokenAnswer);
  });
});

test("a review that says neither yes nor no is no answer", async () => {
  const { cluster } = await behind(
    { status: 201, body: { kind: "SelfSubjectAccessReview", status: {} } },
    { concerns: ({ path }) => path.endsWith("selfsubjectaccessreviews") },
  );
  await expect(cluster.can({ verb: "get", group: "", resource: "pods" })).rejects.toBeInstanceOf(BrokenAnswer);
});
