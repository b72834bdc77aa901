import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { AcmeRequest } from "../../src/sandbox/acme/index.ts";
import { csrFor, setUp } from "./shared.ts";

describe("a fault", () => {
  it("refuses a share of nonces without doing anything, the same ones each time", async () => {
    const refused = async () => {
      const { client, ca } = await setUp();
      ca.setFaults({ nonceRejections: 0.5 });
      const outcomes: string[] = [];
      for (let nth = 0; nth < 24; nth++) outcomes.push((await client.order(["example.com"])).problem ?? "ok");
      expect(ca.orders()).toHaveLength(outcomes.filter((each) => each === "ok").length);
      return outcomes;
    };
    const first = await refused();
    expect(new Set(first)).toEqual(new Set(["ok", "badNonce"]));
    expect(await refused()).toEqual(first);
  });

  it("makes the API slow, or unavailable for some requests, as Let's Encrypt or as a proxy says it", async () => {
    const { client, ca } = await setUp();
    ca.setFaults({ unavailable: { status: 503, requests: 2, retryAfterSeconds: 7 } });
    const busy = await client.http("GET", ca.directory);
    expect([busy.status, busy.problem, busy.headers["retry-after"]]).toEqual([503, "rateLimited", "7"]);
    expect((await client.http("GET", ca.directory)).status).toBe(503);
    expect((await client.http("GET", ca.directory)).status).toBe(200);
    ca.setFaults({ unavailable: { status: 502 } });
    const broken = await client.http("GET", ca.directory);
    expect([broken.status, broken.headers["content-type"], broken.body]).toEqual([502, "text/html", undefined]);
    ca.setFaults({ slowMs: 40 });
    const before = performance.now();
    expect((await client.http("GET", ca.directory)).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(35);
  });

  it("breaks the connection of the nth request before or after it has taken effect", async () => {
    const { client, ca } = await setUp();
    ca.setFaults({ drop: { nth: 2, when: "before", onlyWrites: true } });
    await client.order(["a.example.com"]);
    await expect(client.order(["b.example.com"])).rejects.toThrow(/socket hang up|ECONNRESET/);
    ca.setFaults({ drop: { nth: 1, when: "after", onlyWrites: true } });
    await expect(client.order(["c.example.com"])).rejects.toThrow(/socket hang up|ECONNRESET/);
    await client.order(["d.example.com"]);
    expect(ca.orders().map(({ names }) => names.join())).toEqual(["a.example.com", "c.example.com", "d.example.com"]);
  });

  it("keeps an order processing and a challenge in validation, and says when to ask again", async () => {
    const { client, ca, prove, dns } = await setUp({ faults: { validationMs: 60, processingMs: 60 } });
    const order = await client.order(["example.com"]);
    const [proof] = await client.proofs(order);
    dns.txt(proof?.record ?? "", proof?.txt ?? "");
    await client.post(proof?.challenge ?? "", {});
    const authorization = await client.post(proof?.url ?? "");
    expect([authorization.body.status, authorization.headers["retry-after"]]).toEqual(["pending", "1"]);
    await client.settled(proof?.url ?? "");
    const answer = await client.post(order.body.finalize, { csr: (await csrFor(["example.com"])).csr });
    expect([answer.body.status, answer.headers["retry-after"]]).toEqual(["processing", "1"]);
    expect(ca.certificates()).toHaveLength(0);
    expect((await client.settled(order.headers.location ?? "")).body.status).toBe("valid");
    expect(ca.certificates()).toHaveLength(1);

    ca.setFaults({ issuanceFails: { type: "serverInternal", detail: "Unable to sign" } });
    const failing = await prove(await client.order(["example.net"]));
    const failed = await client.post(failing.body.finalize, { csr: (await csrFor(["example.net"])).csr });
    expect(failed.body).toMatchObject({ status: "invalid", error: { detail: "Unable to sign" } });
    ca.setFaults({ rateLimited: { detail: "too many of everything", retryAfterSeconds: 90 } });
    const limited = await client.order(["example.org"]);
    expect([limited.problem, limited.headers["retry-after"]]).toEqual(["rateLimited", "90"]);
  });

  it("serves a certificate that is wrong in one way, and the right one afterwards", async () => {
    const { client, ca, issue } = await setUp();
    const finalized = await issue(["example.com"]);
    const root = new X509Certificate(ca.root);
    const look = async () => {
      const { text } = await client.post(finalized.body.certificate);
      const [leaf, intermediate] = text
        .split(/(?<=-----END CERTIFICATE-----\n)/)
        .map((pem) => new X509Certificate(pem));
      const [issued] = ca.certificates().map(({ pem }) => new X509Certificate(pem));
      const verifies = (above: X509Certificate | undefined, below: X509Certificate | undefined) =>
        above !== undefined && below?.verify(above.publicKey) === true;
      return {
        key: leaf?.publicKey.equals(issued?.publicKey ?? root.publicKey),
        names: leaf?.checkHost("example.com") !== undefined,
        dates: (leaf?.validToDate.getTime() ?? 0) > Date.now(),
        chain: verifies(intermediate, leaf) && verifies(root, intermediate),
      };
    };
    const right = { key: true, names: true, dates: true, chain: true };
    for (const fault of ["key", "names", "dates", "chain"] as const) {
      ca.setFaults({ wrongCertificate: fault });
      expect(await look()).toEqual({ ...right, [fault]: false });
    }
    ca.setFaults({ wrongCertificate: "incomplete" });
    expect(await look()).toEqual({ ...right, chain: false });
    ca.setFaults({ wrongCertificate: "order" });
    expect(await look()).toMatchObject({ names: false, chain: false });
    ca.setFaults({});
    expect(await look()).toEqual(right);
  });
});

describe("the hooks", () => {
  it("see each request with what it carries, may answer it and may end it on either side", async () => {
    const seen: AcmeRequest[] = [];
    const { client, ca } = await setUp({
      onRequest: (request) => {
        seen.push(request);
        if (JSON.stringify(request.payload ?? "").includes("answered"))
          return { status: 418, body: { type: "teapot" } };
        if (JSON.stringify(request.payload ?? "").includes("lost")) throw new Error("lost");
        return undefined;
      },
      onAnswer: ({ payload }, { status }) => {
        if (status === 201 && JSON.stringify(payload).includes("done")) throw new Error("not told");
      },
    });
    expect(seen.map(({ nth, method, path, writes }) => [nth, method, path, writes])).toEqual([
      [1, "GET", "/directory", false],
      [2, "HEAD", "/new-nonce", false],
      [3, "POST", "/new-account", true],
    ]);
    await client.post(client.kid ?? "");
    expect(seen.at(-1)).toMatchObject({ payload: "", writes: false });
    await client.register({ onlyReturnExisting: true });
    expect(seen.at(-1)).toMatchObject({ payload: { onlyReturnExisting: true }, writes: false });
    expect((await client.order(["answered.example.com"])).status).toBe(418);
    await expect(client.order(["lost.example.com"])).rejects.toThrow(/socket hang up|ECONNRESET/);
    await expect(client.order(["done.example.com"])).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(ca.orders().map(({ names }) => names.join())).toEqual(["done.example.com"]);
  });
});

it("ends with work under way and leaves the port free", async () => {
  const { ca, client } = await setUp({ faults: { validationMs: 600_000 } });
  const [proof] = await client.proofs(await client.order(["example.com"]));
  await client.post(proof?.challenge ?? "", {});
  await ca.close();
  await expect(client.http("GET", ca.directory)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
});
