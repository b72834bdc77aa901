import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import { type Handler, serve, status, targetOf } from "./loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
const start = async (handler: Handler) => {
  const server = await serve(handler);
  const cluster = openCluster(targetOf(server.url));
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};
const OF = { kind: "Pod", namespace: "n", name: "p", port: 8080, host: "hello.example.com" } as const;

test("a pod is asked with the Host that it goes by", async () => {
  const { server, cluster } = await start(() => ({ status: 200, headers: { server: "envoy" }, body: "Hello!\n" }));
  expect(await cluster.askThrough(OF)).toEqual({ status: 200, server: "envoy", body: "Hello!\n" });
  const [seen] = server.seen;
  expect([seen?.path, seen?.headers.host]).toEqual(["/api/v1/namespaces/n/pods/p:8080/proxy/", "hello.example.com"]);
  await cluster.askThrough({ ...OF, kind: "Service" });
  expect(server.seen.at(-1)?.path).toBe("/api/v1/namespaces/n/services/p:8080/proxy/");
});

test.each([301, 404, 503])("what it answers is an answer, and asked for once: %i", async (code) => {
  const { server, cluster } = await start(() => ({ status: code, headers: { server: "envoy" }, body: "no route" }));
  expect(await cluster.askThrough(OF)).toEqual({ status: code, server: "envoy", body: "no route" });
  expect(server.seen).toHaveLength(1);
});

test("what the server itself says is its error", async () => {
  const { cluster } = await start(() => status(503, "ServiceUnavailable", "error trying to reach service: refused"));
  await expect(cluster.askThrough(OF)).rejects.toThrow(ApiError);
});
