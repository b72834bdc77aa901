import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { bundle } from "../../scripts/build.ts";
import { certificateId, createAuthority } from "../../src/adapters/authority/index.ts";
import { makeLeaf, makeRoot } from "../../src/certificates/x509.ts";
import { AuthorityError, AuthorityUnreachable } from "../../src/ports/authority.ts";

const key = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();

interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

interface Served {
  readonly method: string;
  readonly path: string;
  /** Decoded protected header and payload of a signed request. */
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown> | undefined;
}

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** A CA that answers as told; `reply` sees each signed request. Undefined: the connection ends without an answer. */
const startCa = async (reply: (request: Served) => Reply | undefined, directory: Record<string, unknown> = {}) => {
  const root = await makeRoot("a private root", new Date(), 2);
  const leaf = await makeLeaf(root, ["localhost", "ca.example"], new Date(), 1);
  const served: Served[] = [];
  let nonce = 0;
  const server = https.createServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const text = Buffer.concat(chunks).toString();
      const jws = text ? JSON.parse(text) : {};
      const part = (value: string | undefined) =>
        value ? JSON.parse(Buffer.from(value, "base64url").toString()) : undefined;
      const seen = {
        method: request.method ?? "",
        path,
        header: part(jws.protected) ?? {},
        payload: part(jws.payload),
      };
      served.push(seen);
      const answer: Reply | undefined =
        path === "/nonce" ? { status: 200 } : path === "/dir" && !("dir" in directory) ? { body: links } : reply(seen);
      if (!answer) return request.socket.destroy();
      nonce += 1;
      const body = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
      response.writeHead(answer.status ?? 200, { "replay-nonce": `n${nonce}`, ...answer.headers });
      return response.end(request.method === "HEAD" ? undefined : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closings.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const base = `https://localhost:${(server.address() as AddressInfo).port}`;
  const links = {
    newNonce: `${base}/nonce`,
    newAccount: `${base}/account`,
    newOrder: `${base}/orders`,
    ...directory,
  };
  const options = { directory: `${base}/dir`, ca: root.certificate, env: {}, pausesMs: [1, 1] };
  return { base, served, options, authority: createAuthority(options) };
};

const problem = (type: string, detail: string, more: object = {}): Reply => ({
  status: 400,
  body: { type: `urn:ietf:params:acme:error:${type}`, detail, ...more },
  headers: { "content-type": "application/problem+json" },
});

const ordered = (base: string): Reply => ({
  status: 201,
  headers: { location: `${base}/order/1`, "retry-after": "3" },
  body: {
    status: "pending",
    identifiers: [{ type: "dns", value: "example.com" }],
    authorizations: [],
    finalize: `${base}/f`,
  },
});

describe("an ACME CA through acme-client", () => {
  it("gets through when most nonces are rejected, and reuses the ones it is given", async () => {
    let tries = 0;
    const ca = await startCa(() => {
      tries += 1;
      return tries % 20 === 0 ? ordered(ca.base) : problem("badNonce", "JWS has an invalid anti-replay nonce");
    });
    const account = ca.authority.account(key(), `${ca.base}/account/1`);
    const order = await account.newOrder({ names: ["example.com"] });
    expect(order).toMatchObject({ url: `${ca.base}/order/1`, status: "pending", names: ["example.com"] });
    tries = 19;
    await account.newOrder({ names: ["example.com"] });
    const nonces = ca.served.filter(({ method }) => method === "POST").map(({ header }) => header.nonce);
    expect(new Set(nonces).size).toBe(nonces.length);
    expect(ca.served.at(-2)?.method).toBe("POST");
  });

  it("passes on whole problem documents, with the time of the next try", async () => {
    const ca = await startCa(() => ({
      ...problem("rateLimited", "too many certificates", {
        subproblems: [
          { type: "urn:ietf:params:acme:error:caa", detail: "no", identifier: { type: "dns", value: "a.example" } },
        ],
      }),
      status: 429,
      headers: { "retry-after": "120" },
    }));
    const error = await ca.authority
      .account(key(), `${ca.base}/account/1`)
      .newOrder({ names: ["a.example"] })
      .catch((e) => e);
    expect(error).toBeInstanceOf(AuthorityError);
    expect(error.problem).toMatchObject({
      type: "rateLimited",
      detail: "too many certificates",
      status: 429,
      subproblems: [{ type: "caa", detail: "no", name: "a.example" }],
    });
    expect(error.problem.retryAfter.getTime() - Date.now()).toBeGreaterThan(110_000);
  });

  it("tries again what passes, and tells the real cause in the end", async () => {
    let answers = 0;
    const ca = await startCa(() => {
      answers += 1;
      if (answers === 1) return { status: 502, body: "<html>bad gateway</html>" };
      return answers === 2 ? undefined : ordered(ca.base);
    });
    const account = ca.authority.account(key(), `${ca.base}/account/1`);
    await account.newOrder({ names: ["example.com"] });
    expect(answers).toBe(3);
    const busy = await startCa(() => ({ status: 503, body: { detail: "down for maintenance" } }));
    const error = await busy.authority
      .account(key(), "https://x/1")
      .newOrder({ names: ["a.example"] })
      .catch((e) => e);
    expect(error).toBeInstanceOf(AuthorityUnreachable);
    expect(error.message).toContain("503: down for maintenance");
    const gone = await createAuthority({ ...ca.options, directory: "https://127.0.0.1:1/dir" })
      .directory()
      .catch((e) => e);
    expect(gone).toBeInstanceOf(AuthorityUnreachable);
    expect(gone.message).toContain("ECONNREFUSED 127.0.0.1:1");
  });

  it("says what the CA really answered when its nonces are used up by answers of 500", async () => {
    const used = new Set<string>();
    const broken = await startCa((seen) => {
      const nonce = String(seen.header.nonce);
      if (used.has(nonce)) return problem("badNonce", "JWS has an invalid anti-replay nonce");
      used.add(nonce);
      return { status: 500, body: { detail: "out of order" } };
    });
    const work = broken.authority.account(key(), `${broken.base}/account/1`).newOrder({ names: ["a.example.com"] });
    await expect(work).rejects.toThrow("500: out of order");
  });

  it("trusts the given CA alone, one for each authority of a process", async () => {
    const [one, two] = [await startCa(() => undefined), await startCa(() => undefined)];
    expect((await one.authority.directory()).hasRenewalInfo).toBe(false);
    expect((await two.authority.directory()).hasRenewalInfo).toBe(false);
    const crossed = await createAuthority({ ...one.options, directory: two.options.directory })
      .directory()
      .catch((e) => e);
    expect(crossed).toBeInstanceOf(AuthorityUnreachable);
    expect((crossed.cause as NodeJS.ErrnoException).code).toMatch(/CERT|SIGNATURE/);
  });

  it("ends at once when its signal does", async () => {
    const stop = new AbortController();
    const ca = await startCa(() => {
      stop.abort(new Error("enough"));
      return { status: 503 };
    });
    const slow = createAuthority({ ...ca.options, pausesMs: [60_000] });
    await expect(slow.account(key(), "https://x/1").newOrder({ names: ["a.example"] }, stop.signal)).rejects.toThrow(
      "enough",
    );
  });

  it("says so when the URL is no ACME directory", async () => {
    const ca = await startCa(() => ({ body: "<html>hello</html>" }), { dir: "own" });
    await expect(ca.authority.directory()).rejects.toMatchObject({ problem: { type: "noDirectory" } });
  });

  it("finds an account by its key before it makes one, without an empty update", async () => {
    let isKnown = false;
    const ca = await startCa(({ payload }) => {
      if (payload === undefined) return { body: { status: "valid" } };
      if (!isKnown && payload.onlyReturnExisting) return problem("accountDoesNotExist", "no such account");
      return { status: isKnown ? 200 : 201, headers: { location: `${ca.base}/account/7` }, body: { status: "valid" } };
    });
    expect(await ca.authority.register(key(), { email: "a@example.com" })).toBe(`${ca.base}/account/7`);
    const made = ca.served.map(({ payload }) => payload).filter((payload) => payload && !payload.onlyReturnExisting);
    expect(made).toEqual([{ termsOfServiceAgreed: true, contact: ["mailto:a@example.com"] }]);
    isKnown = true;
    ca.served.length = 0;
    expect(await ca.authority.register(key(), { email: "a@example.com" })).toBe(`${ca.base}/account/7`);
    expect(ca.served.flatMap(({ payload }) => payload ?? [])).toEqual([{ onlyReturnExisting: true }]);
  });

  it("sends profile and, to a CA with renewal information, what is replaced", async () => {
    const root = await makeRoot("issuer", new Date(), 30);
    const { certificate } = await makeLeaf(root, ["example.com"], new Date(), 10);
    const wish = { names: ["example.com"], profile: "shortlived", replaces: certificate };
    const plain = await startCa(() => ordered(plain.base));
    await plain.authority.account(key(), `${plain.base}/account/1`).newOrder(wish);
    expect(plain.served.at(-1)?.payload).toMatchObject({ profile: "shortlived" });
    expect(plain.served.at(-1)?.payload).not.toHaveProperty("replaces");
    const modern = await startCa(() => ordered(modern.base), { renewalInfo: "https://localhost/ari" });
    await modern.authority.account(key(), `${modern.base}/account/1`).newOrder(wish);
    expect(modern.served.at(-1)?.payload?.replaces).toBe(certificateId(certificate));
  });

  it("goes through the proxy of the environment, except to loopback and where NO_PROXY says", async () => {
    const ca = await startCa(() => undefined);
    const tunnels: string[] = [];
    const proxy = createHttp();
    proxy.on("connect", (request, client) => {
      tunnels.push(request.url ?? "");
      const upstream = connect(Number((request.url ?? "").split(":")[1]), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [upstream, client]) socket.on("error", () => {});
      closings.push(async () => {
        client.destroy();
        upstream.destroy();
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    closings.push(async () => void (await new Promise((resolve) => proxy.close(resolve))));
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const directory = ca.options.directory.replace("localhost", "ca.example");
    await createAuthority({ ...ca.options, directory, env: { HTTPS_PROXY } }).directory();
    expect(tunnels).toEqual([new URL(directory).host]);
    await createAuthority({ ...ca.options, env: { HTTPS_PROXY } }).directory();
    const env = { HTTPS_PROXY, NO_PROXY: "ca.example" };
    await createAuthority({ ...ca.options, directory, env })
      .directory()
      .catch(() => {});
    expect(tunnels).toHaveLength(1);
  });
});

describe("the bundled program", () => {
  it("finds acme-client, a CommonJS package", async () => {
    const outdir = mkdtempSync(join(tmpdir(), "kn-bootstrap-authority-"));
    try {
      await bundle(outdir, "src/adapters/authority/index.ts");
      writeFileSync(join(outdir, "package.json"), '{ "type": "module" }');
      const bundled: typeof import("../../src/adapters/authority/index.ts") = createRequire(import.meta.url)(
        join(outdir, "index.js"),
      );
      const ca = await startCa(() => ({ headers: { location: `${ca.base}/account/7` }, body: { status: "valid" } }));
      expect(await bundled.createAuthority(ca.options).register(key(), {})).toBe(`${ca.base}/account/7`);
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  });
});

describe("the name of a certificate in renewal information", () => {
  // The certificate of RFC 9773, appendix A.
  const example = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`;

  it("is that of the RFC's example", () => {
    expect(certificateId(example)).toBe("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  });

  it("is absent where the certificate does not name its issuer's key", async () => {
    expect(certificateId((await makeRoot("no issuer", new Date(), 1)).certificate)).toBeUndefined();
  });
});
