import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type OpenOptions, openCluster } from "../../src/adapters/cluster/index.ts";
import type { ClusterTarget } from "../../src/adapters/cluster/target.ts";
import { Unreachable } from "../../src/ports/cluster.ts";
import { patient } from "../patience.ts";
import { createAuthority, serve, targetOf } from "./loopback.ts";

const authority = await createAuthority();
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const TOKEN = "very-secret-token";
const answer = () => ({ gitVersion: "v1.36.2" });

/** A port that nobody is given: of a server that has ended another test may have the port by now. */
const NOBODY = "https://127.0.0.1:1";

describe("no answer", () => {
  const open = (server: string, target: Partial<ClusterTarget> = {}, options: OpenOptions = {}) => {
    const cluster = openCluster(
      targetOf(server, { tls: { ca: authority.ca, insecure: false }, login: { token: TOKEN }, ...target }),
      {
        patience: { firstContactMs: patient(300), midRunMs: 60_000 },
        connectTimeoutMs: patient(200),
        ...options,
      },
    );
    cleanUp.push(cluster.close);
    return cluster;
  };
  const messageFrom = async (cluster: ReturnType<typeof open>): Promise<string> => {
    const error: unknown = await cluster.version().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Unreachable);
    expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain(TOKEN);
    return (error as Unreachable).message;
  };

  test("refused", async () => {
    expect(await messageFrom(open(NOBODY))).toBe(`${NOBODY} refused the connection: nothing listens there`);
  });

  test("refused, with the usual patience: reported in less than ten seconds", async () => {
    const started = performance.now();
    const cluster = openCluster(targetOf(NOBODY));
    await expect(cluster.version()).rejects.toThrow(/refused/);
    expect(performance.now() - started).toBeLessThan(patient(8_000));
    expect(cluster.stats().requests).toBeGreaterThan(3);
  });

  test("a server that accepts and stays silent", async () => {
    const silent = net.createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    cleanUp.push(() => silent.close());
    const { port } = silent.address() as net.AddressInfo;
    expect(await messageFrom(open(`https://127.0.0.1:${port}`))).toBe(
      `https://127.0.0.1:${port} did not answer in time`,
    );
  });

  test("a name that DNS does not know is reported at once", async () => {
    const cluster = open("https://kn-bootstrap.invalid:6443", {}, { connectTimeoutMs: 5_000 });
    expect(await messageFrom(cluster)).toMatch(/cannot be found: DNS does not/);
  });

  test("a certificate of another authority", async () => {
    const other = await createAuthority("Somebody else");
    const server = await serve(answer, await other.issue(["127.0.0.1"]));
    cleanUp.push(server.close);
    const cluster = open(server.url);
    expect(await messageFrom(cluster)).toMatch(/has a certificate that is not trusted: another authority signed it/);
    expect(cluster.stats().requests).toBe(1);
  });

  test("an expired certificate", async () => {
    const server = await serve(answer, await authority.issue(["127.0.0.1"], { days: -1 }));
    cleanUp.push(server.close);
    expect(await messageFrom(open(server.url))).toMatch(/has a certificate that has expired/);
  });

  test("a certificate for other names", async () => {
    const server = await serve(answer, await authority.issue(["api.example.test"]));
    cleanUp.push(server.close);
    expect(await messageFrom(open(server.url))).toMatch(/certificate for other names/);
  });

  test("https to a server that speaks http", async () => {
    const server = await serve(answer);
    cleanUp.push(server.close);
    expect(await messageFrom(open(server.url.replace("http:", "https:")))).toMatch(/does not speak TLS/);
  });
});

describe("TLS settings", () => {
  test("tls-server-name is what the certificate is checked against", async () => {
    const server = await serve(answer, await authority.issue(["api.example.test"]));
    const tls = { ca: authority.ca, insecure: false, servername: "api.example.test" };
    const cluster = openCluster(targetOf(server.url, { tls }));
    cleanUp.push(server.close, cluster.close);
    expect(await cluster.version()).toBe("1.36.2");
  });

  test("insecure-skip-tls-verify accepts any certificate", async () => {
    const other = await createAuthority("Somebody else");
    const server = await serve(answer, await other.issue(["elsewhere"]));
    const cluster = openCluster(targetOf(server.url, { tls: { insecure: true } }));
    cleanUp.push(server.close, cluster.close);
    expect(await cluster.version()).toBe("1.36.2");
  });

  test("a plain http server is allowed", async () => {
    const server = await serve(answer);
    const cluster = openCluster(targetOf(server.url));
    cleanUp.push(server.close, cluster.close);
    expect(await cluster.version()).toBe("1.36.2");
  });
});
