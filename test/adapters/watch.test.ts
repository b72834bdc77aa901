import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type Cluster, openCluster } from "../../src/adapters/cluster/index.ts";
import { ApiError, type WatchEvent } from "../../src/ports/cluster.ts";
import { patient } from "../patience.ts";
import {
  createTiming,
  discover,
  type Handler,
  KINDS,
  type Loopback,
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

const QUERY = { apiVersion: "v1", kind: "ConfigMap", namespace: "n" };
const object = (name: string, resourceVersion: string, uid = `uid-${name}`) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n", uid, resourceVersion },
});
const event = (type: string, ...args: Parameters<typeof object>): string =>
  `${JSON.stringify({ type, object: object(...args) })}\n`;
const listOf = (resourceVersion: string, ...items: ReturnType<typeof object>[]) => ({
  kind: "ConfigMapList",
  apiVersion: "v1",
  metadata: { resourceVersion },
  items: items.map(({ metadata }) => ({ metadata })),
});
const GONE = `${JSON.stringify({ type: "ERROR", object: { kind: "Status", metadata: {}, code: 410, reason: "Expired", message: "too old" } })}\n`;

type WatchHandler = (seen: Seen, response: ServerResponse) => unknown;

/** `lists` and `watches` answer in turn, the last one again and again. */
const start = async (lists: readonly Handler[], watches: readonly WatchHandler[]) => {
  let listed = 0;
  let watched = 0;
  const server = await serve((seen, response) => {
    const known = discover(seen);
    if (known) return known;
    if (!seen.query.watch) return lists[Math.min(listed++, lists.length - 1)]?.(seen, response);
    const handler = watches[Math.min(watched++, watches.length - 1)];
    return handler?.(seen, response);
  });
  const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};

/** Names what comes, as `ADDED a@1`, until `count` events have come. */
const take = async (cluster: Cluster, count: number, query = QUERY): Promise<string[]> => {
  const names: string[] = [];
  for await (const got of cluster.watch(query, AbortSignal.timeout(patient(5_000)))) {
    names.push(nameOf(got));
    if (names.length === count) break;
  }
  return names;
};
const nameOf = (got: WatchEvent): string =>
  got.type === "SYNCED" ? got.type : `${got.type} ${got.object.metadata.name}@${got.object.metadata.resourceVersion}`;

const watchesOf = (server: Loopback): Seen[] => server.seen.filter(({ query }) => query.watch);
const open: WatchHandler = (_, response) => void response.flushHeaders();

describe("watch", () => {
  test("lists, says that it has, and follows from the list's version", async () => {
    const { server, cluster } = await start(
      [() => listOf("10", object("a", "4"))],
      [(_, response) => void response.write(event("MODIFIED", "a", "11") + event("DELETED", "a", "12"))],
    );
    expect(await take(cluster, 4)).toEqual(["ADDED a@4", "SYNCED", "MODIFIED a@11", "DELETED a@12"]);
    expect(watchesOf(server)[0]?.query).toMatchObject({ resourceVersion: "10", allowWatchBookmarks: "true" });
  });

  test("objects of the list have their kind", async () => {
    const { cluster } = await start([() => listOf("10", object("a", "4"))], [open]);
    for await (const got of cluster.watch(QUERY, AbortSignal.timeout(patient(5_000)))) {
      expect(got).toMatchObject({ object: { apiVersion: "v1", kind: "ConfigMap" } });
      break;
    }
  });

  test("goes on where a broken stream was, half an event is not lost, a bookmark moves the place", async () => {
    const half = event("ADDED", "c", "14");
    const { server, cluster } = await start(
      [() => listOf("10")],
      [
        (seen, response) => {
          response.write(event("ADDED", "a", "11") + half.slice(0, 20));
          setTimeout(() => seen.raw.socket.destroy(), 5);
        },
        (_, response) => {
          response.end(half + event("BOOKMARK", "", "20"));
        },
        (_, response) => void response.write(event("ADDED", "b", "21")),
      ],
    );
    expect(await take(cluster, 4)).toEqual(["SYNCED", "ADDED a@11", "ADDED c@14", "ADDED b@21"]);
    expect(watchesOf(server).map(({ query }) => query.resourceVersion)).toEqual(["10", "11", "20"]);
    expect(server.seen.filter(({ query, path }) => path.endsWith("/configmaps") && !query.watch)).toHaveLength(1);
  });

  test.each([
    ["as an event", ((_, response) => void response.end(GONE)) as WatchHandler],
    ["as an answer", (() => status(410, "Expired", "too old")) as WatchHandler],
  ])("410 %s: lists again and tells the difference", async (_, gone) => {
    const { cluster } = await start(
      [
        () =>
          listOf("10", object("same", "1"), object("changed", "2"), object("vanished", "3"), object("recreated", "4")),
        () =>
          listOf(
            "50",
            object("same", "1"),
            object("changed", "40"),
            object("recreated", "41", "other"),
            object("new", "42"),
          ),
      ],
      [gone, open],
    );
    expect(await take(cluster, 11)).toEqual([
      "ADDED same@1",
      "ADDED changed@2",
      "ADDED vanished@3",
      "ADDED recreated@4",
      "SYNCED",
      "DELETED vanished@3",
      "DELETED recreated@4",
      "MODIFIED changed@40",
      "ADDED recreated@41",
      "ADDED new@42",
      "SYNCED",
    ]);
  });

  test("waits for a kind that does not exist yet", async () => {
    let asked = 0;
    const route = { group: "serving.knative.dev", version: "v1", kind: "Route", plural: "routes", namespaced: true };
    const server = await serve((seen, response) => {
      if (seen.path === "/apis") asked++;
      // Discovery comes first, the path a moment later.
      const known = discover(seen, asked >= 3 ? [...KINDS, route] : KINDS);
      if (known) return known;
      if (asked < 5 && server.seen.filter(({ path }) => path.endsWith("/routes")).length < 2) return notFoundPage;
      const routes = { ...listOf("10", object("r", "9")), apiVersion: "serving.knative.dev/v1", kind: "RouteList" };
      return seen.query.watch ? open(seen, response) : routes;
    });
    const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
    cleanUp.push(server.close, cluster.close);
    expect(await take(cluster, 2, { ...QUERY, apiVersion: "serving.knative.dev/v1", kind: "Route" })).toEqual([
      "ADDED r@9",
      "SYNCED",
    ]);
    expect(asked).toBeGreaterThanOrEqual(3);
  });

  test("a path that is missing for a while takes nothing along", async () => {
    const { cluster } = await start(
      [() => listOf("10", object("a", "4")), () => notFoundPage, () => listOf("30", object("a", "29", "new"))],
      [() => notFoundPage, open],
    );
    expect(await take(cluster, 5)).toEqual(["ADDED a@4", "SYNCED", "DELETED a@4", "ADDED a@29", "SYNCED"]);
  });

  test("survives a server that is away for longer than requests are patient", async () => {
    const first = await serve(
      (seen, response) => discover(seen) ?? (seen.query.watch ? open(seen, response) : listOf("10")),
    );
    const cluster = openCluster(targetOf(first.url), { patience: { firstContactMs: 50, midRunMs: 50 } });
    cleanUp.push(cluster.close);
    const names: string[] = [];
    const done = (async () => {
      for await (const got of cluster.watch(QUERY, AbortSignal.timeout(patient(10_000)))) {
        names.push(nameOf(got));
        if (names.length === 1) await first.close();
        if (names.length === 2) break;
      }
    })();
    await expect.poll(() => names.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const second = await serve(
      (seen, response) => discover(seen) ?? void response.writeHead(200).write(event("ADDED", "late", "12")),
      undefined,
      first.port,
    );
    cleanUp.push(second.close);
    await done;
    expect(names).toEqual(["SYNCED", "ADDED late@12"]);
    expect(second.seen[0]?.query.resourceVersion).toBe("10");
  });

  test("503 and 429 pass, 403 ends it", async () => {
    const { cluster } = await start(
      [() => listOf("10")],
      [() => status(503, "ServiceUnavailable", "x"), () => status(403, "Forbidden", "no")],
    );
    const run = take(cluster, 9);
    await expect(run).rejects.toBeInstanceOf(ApiError);
    await expect(run).rejects.toMatchObject({ status: 403 });
  });

  test("a stream that ends at once again and again is not asked in a hot loop", async () => {
    const timing = createTiming();
    const server = await serve(
      (seen, response) => discover(seen) ?? (seen.query.watch ? void response.writeHead(200).end() : listOf("1")),
    );
    const cluster = openCluster(targetOf(server.url), { timing });
    cleanUp.push(server.close, cluster.close);
    const stop = new AbortController();
    const names: string[] = [];
    const done = (async () => {
      for await (const got of cluster.watch(QUERY, stop.signal)) names.push(nameOf(got));
    })();
    await expect.poll(() => timing.slept.length).toBeGreaterThan(7);
    stop.abort();
    await done;
    expect(timing.slept.slice(0, 7)).toEqual([75, 150, 300, 600, 1_200, 2_400, 3_750]);
    expect(names).toEqual(["SYNCED"]);
  });

  test("ends with its signal, also in the middle of an answer that does not come", async () => {
    const { cluster } = await start([() => new Promise(() => {})], [open]);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const events: WatchEvent[] = [];
    for await (const got of cluster.watch(QUERY, stop.signal)) events.push(got);
    expect(events).toEqual([]);
  });

  test.each([
    ["another kind's", { type: "DELETED", object: { ...object("a", "12"), kind: "Pod" } }],
    [
      "another namespace's",
      { type: "ADDED", object: { ...object("b", "12"), metadata: { name: "b", namespace: "x" } } },
    ],
    ["one that nobody knows", { type: "TOLD", object: object("b", "12") }],
    ["one about nothing", { type: "DELETED", object: { apiVersion: "v1", kind: "ConfigMap", metadata: {} } }],
    ["none", null],
  ])("an event that is not of what is watched is followed by a list: %s", async (_, strange) => {
    const { cluster } = await start(
      [() => listOf("10", object("a", "1")), () => listOf("13", object("a", "1"))],
      [
        (_seen, response) =>
          void response.writeHead(200).end(`${JSON.stringify(strange)}
`),
        (_seen, response) => void response.writeHead(200).end(event("MODIFIED", "a", "14")),
      ],
    );
    expect(await take(cluster, 4)).toEqual(["ADDED a@1", "SYNCED", "SYNCED", "MODIFIED a@14"]);
  });

  test("closes its connection when nobody listens any more", async () => {
    let closed = false;
    const { cluster } = await start(
      [() => listOf("10", object("a", "1"))],
      [
        (seen, response) => {
          open(seen, response);
          response.on("close", () => {
            closed = true;
          });
        },
      ],
    );
    const stop = new AbortController();
    const iterator = cluster.watch(QUERY, stop.signal)[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    const waiting = iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    stop.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await expect.poll(() => closed).toBe(true);
  });
});
