import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { type OpenOptions, openCluster } from "../../src/adapters/cluster/index.ts";
import type { ClusterTarget } from "../../src/adapters/cluster/target.ts";
import { ApiError, Unreachable } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { createAuthority, createTiming, discover, type Handler, serve, status, targetOf } from "./loopback.ts";

const authority = await createAuthority();
const identity = await authority.issue(["127.0.0.1", "localhost"]);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const TOKEN = "very-secret-token";
const configMap = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n" },
  data: { a: "1" },
});
const refOf = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "n", name });
const MANAGER = { manager: "kn-bootstrap" };

const start = async (handler: Handler, options: OpenOptions = {}, target: Partial<ClusterTarget> = {}) => {
  const server = await serve((seen, response) => discover(seen) ?? handler(seen, response), identity);
  const cluster = openCluster(
    targetOf(server.url, { tls: { ca: authority.ca, insecure: false }, login: { token: TOKEN }, ...target }),
    options,
  );
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};
/** What was sent, else what was asked for. */
const echo: Handler = ({ method, path, body }) => {
  if (path === "/version") return { gitVersion: "v1.36.2" };
  if (body && method !== "DELETE") return body;
  const name = decodeURIComponent(path.split("/").at(-1) ?? "");
  if (path.includes("/clusterroles/"))
    return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name } };
  return name === "configmaps"
    ? { apiVersion: "v1", kind: "ConfigMapList", metadata: { resourceVersion: "1" }, items: [] }
    : { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
};

describe("connections", () => {
  test("22 requests one after the other use one connection", async () => {
    const { server, cluster } = await start(echo);
    await cluster.version();
    for (let index = 0; index < 21; index++) await cluster.get(refOf(`m${index}`));
    expect(server.seen.length).toBeGreaterThanOrEqual(22);
    // Discovery asks /api and /apis at once, hence the second.
    expect(server.connections()).toBeLessThanOrEqual(2);
    expect(cluster.stats()).toMatchObject({
      requests: server.seen.length,
      connections: server.connections(),
      writes: 0,
    });
  });

  test("60 requests at once use 16 connections, and the next 60 use them again", async () => {
    const { server, cluster } = await start(async (seen, response) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return echo(seen, response);
    });
    const burst = () =>
      Promise.all(Array.from({ length: 60 }, (_, index) => cluster.apply(configMap(`m${index}`), MANAGER)));
    await burst();
    await burst();
    expect(server.connections()).toBe(16);
    expect(cluster.stats().writes).toBe(120);
  });

  test("the Lease gets through while sixteen slow requests and eight watches hold their connections", async () => {
    const held: (() => void)[] = [];
    const { server, cluster } = await start((seen, response) => {
      if (seen.query.watch) {
        response.writeHead(200).flushHeaders();
        return undefined;
      }
      if (seen.path.endsWith("/configmaps")) return echo(seen, response);
      if (seen.path.includes("/leases/"))
        return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "l" } };
      return new Promise((resolve) => held.push(() => resolve(echo(seen, response))));
    });
    await cluster.resources();
    const stop = new AbortController();
    const watches = Array.from({ length: 8 }, async () => {
      for await (const event of cluster.watch({ apiVersion: "v1", kind: "ConfigMap" }, stop.signal))
        if (event.type === "SYNCED") break;
    });
    await Promise.all(watches);
    const slow = Array.from({ length: 24 }, (_, index) => cluster.get(refOf(`m${index}`)));
    await expect.poll(() => held.length).toBe(16);
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "n", name: "l" };
    expect(await cluster.lease.get(lease)).toMatchObject({ kind: "Lease" });
    stop.abort();
    const release = setInterval(() => held.shift()?.(), 1);
    await Promise.all(slow);
    clearInterval(release);
    expect(server.seen.length).toBeGreaterThan(30);
  });

  test("what is under way when it is closed is nobody's news", async () => {
    const told: string[] = [];
    const { server, cluster } = await start(
      ({ path }) => (path === "/version" ? { gitVersion: "v1.36.2" } : new Promise(() => {})),
      {
        onTrouble: (reason) => told.push(reason),
      },
    );
    await cluster.version();
    const lost = cluster.version().catch(() => undefined);
    const waiting = cluster.get(refOf("m")).catch(() => undefined);
    await expect.poll(() => server.seen.length).toBeGreaterThan(2);
    cluster.close();
    await lost;
    await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 100))]);
    expect(told).toEqual([]);
  });

  test("no warning about listeners when a signal serves many requests", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const { cluster } = await start(echo, { signal: new AbortController().signal });
    await Promise.all(Array.from({ length: 60 }, (_, index) => cluster.get(refOf(`m${index}`))));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });
});

describe("names and bodies", () => {
  test("names keep their case, colons and selectors are encoded", async () => {
    const { server, cluster } = await start(echo);
    await cluster.get({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", name: "My-Role:view" });
    expect(server.seen.at(-1)?.raw.url).toBe("/apis/rbac.authorization.k8s.io/v1/clusterroles/My-Role%3Aview");
    await cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: "n", labelSelector: "app in (x,y),!z" });
    expect(server.seen.at(-1)?.query).toMatchObject({ labelSelector: "app in (x,y),!z", limit: "500" });
  });

  test("a path in the server's address stays in front", async () => {
    const server = await serve((seen) =>
      seen.path === "/k8s/clusters/c-1/version" ? { gitVersion: "v1.30.4-eks-a737599" } : undefined,
    );
    cleanUp.push(server.close);
    const cluster = openCluster(targetOf(`${server.url}/k8s/clusters/c-1`));
    expect(await cluster.version()).toBe("1.30.4");
    cluster.close();
  });

  test("a compressed answer is read", async () => {
    const { server, cluster } = await start((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(gzipSync(JSON.stringify({ ...configMap("big"), data: { big: "x".repeat(10_000) } })));
    });
    expect((await cluster.get(refOf("big")))?.data).toEqual({ big: "x".repeat(10_000) });
    expect(server.seen.at(-1)?.headers["accept-encoding"]).toBe("gzip");
  });

  test("a page instead of JSON is an error that says what answered", async () => {
    const { cluster } = await start(() => ({
      status: 200,
      headers: { "content-type": "text/html" },
      body: "<html>log in</html>",
    }));
    await expect(cluster.version()).rejects.toThrow(
      /answered GET \/version with text\/html that is not what a Kubernetes API server says there \(<html>log in<\/html>\)/,
    );
  });
});

describe("tries", () => {
  test("429 is repeated after Retry-After, also for what must not be done twice", async () => {
    const timing = createTiming();
    let asked = 0;
    const { cluster } = await start(
      (seen, response) =>
        ++asked === 1
          ? { ...status(429, "TooManyRequests", "slow down"), headers: { "retry-after": "2" } }
          : echo(seen, response),
      { timing },
    );
    await cluster.create(configMap("once"), "kn-bootstrap");
    expect(asked).toBe(2);
    expect(timing.slept).toEqual([2_100]);
  });

  test("503 is repeated with growing pauses, and given up after the patience of a run", async () => {
    const timing = createTiming();
    const { cluster } = await start(() => status(503, "ServiceUnavailable", "starting"), {
      timing,
      patience: { firstContactMs: 5_000, midRunMs: 20_000 },
    });
    await cluster.resources();
    await expect(cluster.get(refOf("m"))).rejects.toMatchObject({ name: "ApiError", status: 503, message: "starting" });
    expect(timing.slept.slice(0, 4)).toEqual([100, 200, 400, 800]);
    const total = timing.slept.reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThanOrEqual(20_000);
  });

  test.each([
    ["failed to create typed patch object (n/m; /v1, Kind=ConfigMap): .nope: field not declared in schema", ""],
    [
      'Internal error occurred: failed calling webhook "w": no endpoints available for service "webhook"',
      "InternalError",
    ],
  ])("a 500 that stays is not repeated: %s", async (message, reason) => {
    const { server, cluster } = await start(() => status(500, reason, message));
    await expect(cluster.apply(configMap("m"), MANAGER)).rejects.toMatchObject({ status: 500, message, reason });
    expect(server.seen.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  test("a 500 of etcd is repeated for an apply", async () => {
    let asked = 0;
    const { cluster } = await start(
      (seen, response) => (++asked < 3 ? status(500, "", "etcdserver: leader changed") : echo(seen, response)),
      {
        timing: createTiming(),
      },
    );
    await cluster.apply(configMap("m"), MANAGER);
    expect(asked).toBe(3);
  });

  test.each([
    [403, "Forbidden"],
    [422, "Invalid"],
    [409, "Conflict"],
  ])("%i is never repeated", async (code, reason) => {
    const { server, cluster } = await start(() => status(code, reason, "no"));
    await expect(cluster.apply(configMap("m"), MANAGER)).rejects.toMatchObject({ status: code, reason });
    expect(server.seen.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  test("an answer that breaks off in its body is asked for again", async () => {
    let asked = 0;
    const { cluster } = await start(
      (seen, response) => {
        if (++asked > 1) return echo(seen, response);
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"kind":');
        setTimeout(() => seen.raw.socket.destroy(), 5);
        return undefined;
      },
      { timing: createTiming() },
    );
    expect(await cluster.get(refOf("m"))).toMatchObject({ kind: "ConfigMap" });
    expect(asked).toBe(2);
  });

  test("a create that may have arrived is not sent twice", async () => {
    const { server, cluster } = await start((seen) => void seen.raw.socket.destroy(), { timing: createTiming() });
    await cluster.resources();
    const failure = cluster.create(configMap("m"), "kn-bootstrap");
    await expect(failure).rejects.toBeInstanceOf(Unreachable);
    await expect(failure).rejects.toThrow(/closed the connection/);
    expect(server.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  test("a server that comes back within the patience is not noticed", async () => {
    const first = await start(echo, { patience: { firstContactMs: 100, midRunMs: 20_000 } });
    await first.cluster.get(refOf("m"));
    await first.server.close();
    const pending = first.cluster.apply(configMap("m"), MANAGER);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await serve((seen, response) => discover(seen) ?? echo(seen, response), identity, first.server.port);
    cleanUp.push(second.close);
    expect((await pending).object).toMatchObject({ kind: "ConfigMap" });
  });

  test("a slow answer ends with the timeout", async () => {
    const { cluster } = await start(() => new Promise(() => {}), {
      timeoutMs: 50,
      patience: { firstContactMs: 0, midRunMs: 0 },
    });
    await expect(cluster.version()).rejects.toThrow(/did not answer in time/);
  });
});

describe("a look", () => {
  const looking = { silentMs: 60, patience: { firstContactMs: 10_000, midRunMs: 10_000 } };

  test("ends where nothing comes, says of what, and is not made again", async () => {
    const { server, cluster } = await start(() => new Promise(() => {}), looking);
    const failure = cluster.list({ apiVersion: "v1", kind: "ConfigMap" });
    await expect(failure).rejects.toMatchObject({ request: "GET /api/v1/configmaps" });
    await expect(failure).rejects.toThrow(/has not answered GET \/api\/v1\/configmaps within 0.06 s$/);
    expect(server.seen.filter(({ path }) => path === "/api/v1/configmaps")).toHaveLength(1);
  });

  test("ends where an answer stops coming, too", async () => {
    const { cluster } = await start(({ path, raw }, response) => {
      if (path !== "/version") return undefined;
      response.writeHead(200, { "content-type": "application/json" }).write('{"gitVersion"');
      return new Promise(() => raw);
    }, looking);
    await expect(cluster.version()).rejects.toThrow(/has not answered GET \/version within/);
  });

  test("goes on while something comes", async () => {
    const { cluster } = await start(async (_seen, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      for (const piece of '{"gitVersion":"v1.36.2"}'.match(/.{1,4}/g) ?? []) {
        response.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end();
      return undefined;
    }, looking);
    expect(await cluster.version()).toBe("1.36.2");
  });
});

describe("a guarded write", () => {
  const denied = new Error("the lock is gone");

  test("that waits for a connection asks when it has one", async () => {
    const held: (() => void)[] = [];
    const { server, cluster } = await start(
      (seen, response) => new Promise((resolve) => held.push(() => resolve(echo(seen, response)))),
    );
    await cluster.resources();
    let isLost = false;
    const guarded = cluster.guarded(async () => {
      if (isLost) throw denied;
    });
    const writes = Array.from({ length: 40 }, (_, index) => guarded.apply(configMap(`m${index}`), MANAGER));
    const outcomes = Promise.allSettled(writes);
    await expect.poll(() => held.length).toBe(16);
    isLost = true;
    for (const release of held) release();
    expect((await outcomes).filter(({ status }) => status === "fulfilled")).toHaveLength(16);
    expect(server.seen.filter(({ method }) => method === "PATCH")).toHaveLength(16);
  });

  test("is asked for again before a second try with newer credentials", async () => {
    const tokenFile = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-token-")), "token");
    writeFileSync(tokenFile, "first");
    const order: string[] = [];
    const answer: Handler = (seen, response) => {
      if (seen.method !== "PATCH") return echo(seen, response);
      order.push(String(seen.headers.authorization));
      writeFileSync(tokenFile, "second");
      return order.length === 2 ? status(401, "Unauthorized", "expired") : echo(seen, response);
    };
    const { cluster } = await start(answer, {}, { login: { tokenFile } });
    const guarded = cluster.guarded(async () => void order.push("permit"));
    await guarded.apply(configMap("a"), MANAGER);
    expect(order).toEqual(["permit", "Bearer first", "permit", "Bearer second"]);
  });
});

describe("an interrupted run", () => {
  test("ends reads, finishes writes, and lets a clean-up talk", async () => {
    const stop = new AbortController();
    const held: (() => void)[] = [];
    const { cluster } = await start(
      (seen, response) =>
        seen.path.endsWith("/slow")
          ? new Promise((resolve) => held.push(() => resolve(echo(seen, response))))
          : echo(seen, response),
      { signal: stop.signal },
    );
    await cluster.resources();
    const read = cluster.get(refOf("slow"));
    const written = cluster.apply(configMap("slow"), MANAGER);
    await expect.poll(() => held.length).toBe(2);
    stop.abort(new Error("interrupted"));
    await expect(read).rejects.toThrow("interrupted");
    for (const release of held) release();
    expect((await written).object).toMatchObject({ kind: "ConfigMap" });
    expect(await cluster.remove(refOf("quick"), {})).toBe(true);
  });

  test("asks nothing of a server that was never reached when it comes before the first request", async () => {
    const { server, cluster } = await start(() => new Promise(() => {}), {
      signal: AbortSignal.abort(new Error("interrupted")),
    });
    await expect(cluster.version()).rejects.toThrow("interrupted");
    expect(server.seen).toEqual([]);
  });

  test("does not wait for a server that is away", async () => {
    const stop = new AbortController();
    const { server, cluster } = await start(echo, { signal: stop.signal });
    await cluster.get(refOf("m"));
    await server.close();
    const pending = cluster.apply(configMap("m"), MANAGER);
    setTimeout(() => stop.abort(new Error("interrupted")), 100);
    await expect(pending).rejects.toThrow("interrupted");
    await expect(cluster.apply(configMap("m"), MANAGER)).rejects.toBeInstanceOf(Unreachable);
  });
});

test("every request ends when the server goes away, those that waited for a connection too", async () => {
  const held: string[] = [];
  const stop = new AbortController();
  const { server, cluster } = await start(
    (seen, response) => (seen.method === "PATCH" ? new Promise(() => void held.push(seen.path)) : echo(seen, response)),
    { signal: stop.signal },
  );
  await cluster.resources();
  const writes = Array.from({ length: 60 }, (_, index) => cluster.apply(configMap(`m${index}`), MANAGER));
  const ended = Promise.allSettled(writes);
  await expect.poll(() => held.length).toBe(16);
  await server.close();
  stop.abort(new Error("interrupted"));
  expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(["rejected"]));
});

test("an error names the request and never the credentials", async () => {
  const { cluster } = await start(() => status(403, "Forbidden", "no"));
  const error: unknown = await cluster.get(refOf("m")).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).request).toBe("GET /api/v1/namespaces/n/configmaps/m");
  expect(JSON.stringify(error)).not.toContain(TOKEN);
});
