import net, { type AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { createProbe } from "../../src/adapters/probe.ts";
import { createAuthority, type Handler, serve } from "./loopback.ts";

const authority = await createAuthority();
const identity = await authority.issue(["*.default.example.test", "default.example.test"]);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
const start = async (handler: Handler = () => "Hello", tls: Parameters<typeof serve>[1] = identity) => {
  const server = await serve(handler, tls);
  cleanUp.push(server.close);
  return server;
};
const HOST = "hello.default.example.test";

describe("probe", () => {
  test("https by SNI and Host, to an address that no DNS knows, with the certificate's details", async () => {
    const server = await start(({ raw }) => ({
      sni: (raw.socket as TLSSocket & { servername: string }).servername,
      host: raw.headers.host,
    }));
    const probe = createProbe();
    const got = await probe({ scheme: "https", address: "127.0.0.1", port: server.port, host: HOST, ca: authority.ca });
    expect(got).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
    expect(JSON.parse(got.body)).toEqual({ sni: HOST, host: HOST });
    expect(got.certificate).toMatchObject({
      subject: "CN=*.default.example.test",
      names: ["*.default.example.test", "default.example.test"],
      serial: expect.stringMatching(/^[0-9A-F]+$/),
    });
    expect(Date.parse(got.certificate?.notAfter ?? "")).toBeGreaterThan(Date.now());
  });

  test("a mapped port leads to loopback whatever the address says", async () => {
    const server = await start();
    const probe = createProbe({ connectTo: new Map([[443, server.port]]) });
    expect(
      await probe({ scheme: "https", address: "203.0.113.7", port: 443, host: HOST, ca: authority.ca }),
    ).toMatchObject({ body: "Hello" });
  });

  test("http has no certificate, and redirects are shown, not followed", async () => {
    const plain = await serve(() => ({ status: 301, headers: { location: `https://${HOST}/` }, body: "" }));
    cleanUp.push(plain.close);
    const got = await createProbe()({
      scheme: "http",
      address: "127.0.0.1",
      port: plain.port,
      host: HOST,
      path: "/x?y=1",
    });
    expect(got).toMatchObject({ status: 301, headers: { location: `https://${HOST}/` } });
    expect(got).not.toHaveProperty("certificate");
    expect(plain.seen).toHaveLength(1);
    expect(plain.seen[0]).toMatchObject({ path: "/x", query: { y: "1" } });
  });

  test.each([
    [
      "of another authority",
      async () => (await createAuthority("Other")).issue([HOST]),
      /unable to (verify|get local issuer certificate)/,
    ],
    ["for other names", () => authority.issue(["other.example.test"]), /does not match certificate's altnames/],
    ["that has expired", () => authority.issue([HOST], { days: -1 }), /certificate has expired/],
  ])("a certificate %s is a rejection", async (_, issue, words) => {
    const server = await start(undefined, await issue());
    const request = { scheme: "https", address: "127.0.0.1", port: server.port, host: HOST, ca: authority.ca } as const;
    await expect(createProbe()(request)).rejects.toThrow(words);
  });

  test("the test's authority is not among the system's roots", async () => {
    const server = await start();
    await expect(
      createProbe()({ scheme: "https", address: "127.0.0.1", port: server.port, host: HOST }),
    ).rejects.toThrow();
  });

  test("a new connection each time: every proof is a handshake", async () => {
    const server = await start();
    const probe = createProbe();
    for (let index = 0; index < 3; index++)
      await probe({ scheme: "https", address: "127.0.0.1", port: server.port, host: HOST, ca: authority.ca });
    expect(server.connections()).toBe(3);
  });

  test("64 KiB of the body are enough", async () => {
    const server = await start(() => "x".repeat(1_000_000));
    const { body } = await createProbe()({
      scheme: "https",
      address: "127.0.0.1",
      port: server.port,
      host: HOST,
      ca: authority.ca,
    });
    expect(body).toHaveLength(65_536);
  });

  test("silence ends with the timeout, also in the handshake; the signal ends it with its reason", async () => {
    const silent = net.createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    cleanUp.push(() => silent.close());
    const request = {
      scheme: "https",
      address: "127.0.0.1",
      port: (silent.address() as AddressInfo).port,
      host: HOST,
    } as const;
    await expect(createProbe()({ ...request, timeoutMs: 50 })).rejects.toThrow("no answer within 50 ms");
    const slow = await start((_, response) => void response.write("begin"));
    await expect(createProbe()({ ...request, port: slow.port, ca: authority.ca, timeoutMs: 100 })).rejects.toThrow(
      "no answer within 100 ms",
    );
    await expect(createProbe()({ ...request, signal: AbortSignal.abort(new Error("interrupted")) })).rejects.toThrow(
      "interrupted",
    );
  });

  test("refused, in the transport's own words", async () => {
    const server = await start();
    await server.close();
    const request = { scheme: "http", address: "127.0.0.1", port: server.port, host: HOST } as const;
    await expect(createProbe()(request)).rejects.toThrow(/ECONNREFUSED/);
  });
});
