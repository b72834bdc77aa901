import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { listAll } from "../../src/adapters/cluster/pages.ts";
import type { Request } from "../../src/adapters/cluster/transport.ts";
import { watch } from "../../src/adapters/cluster/watch.ts";
import { BrokenAnswer } from "../../src/ports/cluster.ts";
import { createTiming, discover, type Handler, serve, status, targetOf } from "../adapters/loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const REF = { apiVersion: "v1", kind: "ConfigMap", namespace: "n", name: "m" };
const QUERY = { apiVersion: "v1", kind: "ConfigMap" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "n", uid: "u" } };
const listOf = (token?: string, items: readonly unknown[] = [OBJECT]) => ({
  apiVersion: "v1",
  kind: "ConfigMapList",
  metadata: { resourceVersion: "5", ...(token ? { continue: token } : {}) },
  items,
});

const open = async (handler: Handler) => {
  const server = await serve((seen, response) => discover(seen) ?? handler(seen, response));
  const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
  cleanUp.push(server.close, cluster.close);
  await cluster.resources();
  return { server, cluster };
};

/** Writes for as long as the other side takes it; a program without a bound would fill its memory, so this one ends at a gigabyte. */
const pour = async (response: ServerResponse, chunk: Buffer | string): Promise<void> => {
  const all = Array.from({ length: 2 ** 30 / chunk.length }, () => chunk);
  await pipeline(Readable.from(all), response).catch(() => {});
};

describe("an API server that never stops", () => {
  test("is not listened to beyond what one object can be, and is not asked again", async () => {
    const { server, cluster } = await open((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      void pour(response, " ".repeat(2 ** 18));
    });
    const before = server.seen.length;
    await expect(cluster.get(REF)).rejects.toThrow(
      /answered GET .* with an answer larger than 16 MiB, which is not read/,
    );
    expect(server.seen.length - before).toBe(1);
  });

  test("does not fill the memory with a few kilobytes that unzip to a gigabyte", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20, " "), { level: 9 });
    expect(bomb.length).toBeLessThan(100_000);
    const { cluster } = await open((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(bomb);
    });
    await expect(cluster.get(REF)).rejects.toBeInstanceOf(BrokenAnswer);
  });

  test("does not make an error of a size that nobody reads", async () => {
    const { cluster } = await open((_, response) => {
      response.writeHead(403, { "content-type": "text/plain" });
      response.end("x".repeat(2 ** 22));
    });
    const error = await cluster.get(REF).catch((reason: Error) => reason);
    expect((error as Error).message.length).toBeLessThan(1000);
  });

  test("in one line of a watch makes us list again, and the watch goes on", async () => {
    let watches = 0;
    const { server, cluster } = await open(({ query }, response) => {
      if (query.watch === undefined) return listOf();
      response.writeHead(200, { "content-type": "application/json" });
      if (++watches === 1) void pour(response, "x".repeat(2 ** 18));
      else response.write(`${JSON.stringify({ type: "MODIFIED", object: { ...OBJECT, data: { late: "yes" } } })}\n`);
      return undefined;
    });
    for await (const event of cluster.watch(QUERY, AbortSignal.timeout(60_000))) if (event.type === "MODIFIED") break;
    expect(watches).toBe(2);
    expect(
      server.seen.filter(({ query, path }) => path.endsWith("configmaps") && query.watch === undefined),
    ).toHaveLength(2);
  });
});

test("an API server with groups without end is asked for none of them", async () => {
  const groups = Array.from({ length: 3000 }, (_, i) => ({
    name: `g${i}.example`,
    versions: [{ groupVersion: `g${i}.example/v1`, version: "v1" }],
  }));
  const server = await serve(({ path }) =>
    path === "/api" ? { kind: "APIVersions", versions: ["v1"] } : { kind: "APIGroupList", groups },
  );
  const cluster = openCluster(targetOf(server.url), { timing: createTiming() });
  cleanUp.push(server.close, cluster.close);
  await expect(cluster.resources()).rejects.toBeInstanceOf(BrokenAnswer);
  expect(server.seen.filter(({ path }) => path.startsWith("/apis/g"))).toEqual([]);
});

test("a watch that brings objects without end holds no more of them than a list may", async () => {
  const endless = async function* () {
    for (let name = 0; ; name += 1) {
      const object = {
        ...OBJECT,
        metadata: { name: `m${name}`, namespace: "n", resourceVersion: String(name) },
        data: { x: "x".repeat(400) },
      };
      yield `${JSON.stringify({ type: "ADDED", object })}\n`;
    }
  };
  let [lists, now, most] = [0, 0, 0];
  const stop = new AbortController();
  const events = watch(QUERY, stop.signal, [], {
    server: "server",
    learn: () => {},
    send: async () => ({ status: 200, body: listOf(undefined, []), tries: 1, size: 10 }),
    stream: async () => Object.assign(Readable.from(endless()), { setTimeout: () => {} }) as unknown as IncomingMessage,
    discovery: {
      find: async () => ({ ...QUERY, plural: "configmaps", namespaced: true, verbs: [] }),
      preferred: async () => [],
    },
    timing: createTiming(),
    versionOf: () => undefined,
    mostHeld: 10_000,
  });
  for await (const { type } of events) {
    if (type === "SYNCED" && ++lists === 4) break;
    now += type === "ADDED" ? 1 : type === "DELETED" ? -1 : 0;
    most = Math.max(most, now);
  }
  expect(most).toBeLessThan(25);
  expect(most).toBeGreaterThan(15);
});

describe("a list", () => {
  test("that is expired at every page is begun again once", async () => {
    const { server, cluster } = await open(({ query }) =>
      query.continue === undefined ? listOf("next") : status(410, "Expired", "too old"),
    );
    await expect(cluster.list(QUERY)).rejects.toMatchObject({ status: 410 });
    expect(server.seen.filter(({ path }) => path.endsWith("configmaps"))).toHaveLength(4);
  });

  test("whose pages come round again is an error", async () => {
    const { cluster } = await open(({ query }) => listOf(query.continue === "a" ? "b" : "a"));
    await expect(cluster.list(QUERY)).rejects.toThrow(/goes round in a circle/);
  });

  const resource = { ...QUERY, plural: "configmaps", namespaced: true, verbs: [] };
  const endless = () => {
    let page = 0;
    const send = async (_: Request) => ({ status: 200, body: listOf(String(++page)), tries: 1, size: 1000 });
    return send;
  };

  test("of pages without end is an error, however small they are", async () => {
    await expect(listAll(endless(), resource, QUERY, "server", { pages: 30 })).rejects.toThrow(/more than 30 pages/);
  });

  test("that is larger than the memory is an error before it is", async () => {
    await expect(listAll(endless(), resource, QUERY, "server", { most: 10_000 })).rejects.toThrow(
      "server answered GET /api/v1/configmaps with a list larger than 9.8 KiB, which is not read to its end",
    );
  });
});
