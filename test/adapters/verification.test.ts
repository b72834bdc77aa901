import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAuthority as openAuthority } from "../../src/adapters/authority/index.ts";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { createProbe } from "../../src/adapters/probe.ts";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { environmentFetch } from "../../src/releases/http.ts";
import { createAuthority, serve, targetOf } from "./loopback.ts";

const stranger = await createAuthority("A stranger");
const identity = await stranger.issue(["127.0.0.1", "localhost"]);
const signal = new AbortController().signal;

// Set for another program, or by advice from the internet, and left in the environment.
beforeEach(() => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
});
afterEach(() => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
});

/** Each way out of this program, to a server whose certificate nobody here trusts. */
const WAYS: readonly (readonly [string, (url: string, port: number) => Promise<unknown>])[] = [
  [
    "the API server",
    (url) => {
      const cluster = openCluster(targetOf(url, { login: { token: "t" } }), {
        patience: { firstContactMs: 0, midRunMs: 0 },
      });
      return cluster.version().finally(cluster.close);
    },
  ],
  [
    "a proxy by https",
    (url) => {
      const cluster = openCluster(targetOf("https://10.0.0.1:6443", { proxy: url }), {
        patience: { firstContactMs: 0, midRunMs: 0 },
      });
      return cluster.version().finally(cluster.close);
    },
  ],
  ["the gateway", (_, port) => createProbe()({ scheme: "https", address: "127.0.0.1", port, host: "localhost" })],
  ["the CA", (url) => openAuthority({ directory: `${url}/directory`, env: {} }).directory(signal)],
  ["downloads", (url) => environmentFetch({})(`${url}/a`, { signal })],
  [
    "Route 53",
    async (url) => {
      const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_ENDPOINT_URL_ROUTE_53: url };
      const zones = await openRoute53({ env, signal, onTrouble: () => undefined }, { maxAttempts: 1 });
      await zones.find("example.com").finally(zones.close);
    },
  ],
];

describe("NODE_TLS_REJECT_UNAUTHORIZED=0 opens nothing", () => {
  test.each(WAYS)("to %s", async (_, go) => {
    const server = await serve(() => ({ gitVersion: "v1.36.2" }), identity);
    try {
      await expect(go(server.url, server.port)).rejects.toThrow();
      // Not a byte of a request arrived: no token, no name.
      expect(server.seen).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

test("a CA's https may be verified with its own certificate alone, as with Go and curl", async () => {
  const directory = { newNonce: "https://a/n", newAccount: "https://a/a", newOrder: "https://a/o" };
  const server = await serve(() => directory, identity);
  try {
    const ca = openAuthority({ directory: `${server.url}/directory`, env: {}, ca: identity.cert });
    await ca.directory(signal);
    expect(server.seen).toHaveLength(1);
  } finally {
    await server.close();
  }
});
