import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bindingOf, ecKey, type Json, jwkOf, type RawClient, type Signing, signJws } from "./client.ts";
import { derOf, open, rsaKey, setUp } from "./shared.ts";

const outcome = ({ status, problem }: { status: number; problem: string | undefined }) =>
  problem === undefined ? String(status) : `${status} ${problem}`;

describe("a request", () => {
  let stage: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    stage = await open();
  });
  afterAll(() => stage.close());

  it.each<[string, string, (client: RawClient) => Signing | Promise<Signing>]>([
    ["a nonce that was never issued", "400 badNonce", () => ({ nonce: "AAAAAAAAAAAAAAAAAAAAAA" })],
    ["no nonce", "400 badNonce", () => ({ nonce: "" })],
    ["another url", "400 malformed", (client) => ({ url: client.directory.newAccount })],
    ["another content type", "415 malformed", () => ({ contentType: "application/json" })],
    ["a Replay-Nonce of its own", "400 malformed", () => ({ headers: { "replay-nonce": "x" } })],
    ["an algorithm without a signature", "400 badSignatureAlgorithm", () => ({ alg: "none" })],
    ["a MAC", "400 badSignatureAlgorithm", () => ({ alg: "HS256" })],
    ["an algorithm that does not fit the key", "400 badSignatureAlgorithm", () => ({ alg: "RS256" })],
    ["the signature of another key", "400 malformed", () => ({ key: ecKey().privateKey })],
    ["kid and jwk", "400 malformed", (client) => ({ jwk: jwkOf(client.key) })],
    ["only a jwk", "400 malformed", () => ({ kid: undefined })],
    ["an account that does not exist", "400 accountDoesNotExist", (client) => ({ kid: `${client.kid}x` })],
    ["an account elsewhere", "400 malformed", () => ({ kid: "https://example.com/account/1" })],
    ["an unprotected header", "400 malformed", () => ({ tamper: (jws) => ({ ...jws, header: { kid: "x" } }) })],
    ["several signatures", "400 malformed", () => ({ tamper: (jws) => ({ payload: jws.payload, signatures: [jws] }) })],
    ["padded base64", "400 malformed", () => ({ tamper: (jws) => ({ ...jws, signature: `${jws.signature}==` }) })],
    ["no User-Agent", "400 malformed", () => ({ headers: { "user-agent": "" } })],
    ["no JSON", "400 malformed", () => ({ tamper: () => "hello" })],
  ])("with %s is refused", async (_, expected, signing) => {
    const { client } = stage;
    const answer = await client.post(
      client.directory.newOrder,
      { identifiers: [{ type: "dns", value: "example.com" }] },
      await signing(client),
    );
    expect(outcome(answer)).toBe(expected);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.headers["replay-nonce"]).toMatch(/^[\w-]{22}$/);
    expect(
      (await client.post(client.kid ?? "", undefined, { nonce: answer.headers["replay-nonce"] ?? "" })).status,
    ).toBe(200);
  });

  it("may use a nonce once", async () => {
    const { client } = await setUp();
    const nonce = await client.nonce();
    expect(outcome(await client.post(client.kid ?? "", undefined, { nonce }))).toBe("200");
    expect(outcome(await client.post(client.kid ?? "", undefined, { nonce }))).toBe("400 badNonce");
  });

  it("looks with POST-as-GET only, and of its own account only", async () => {
    const { client, join, issue } = await setUp();
    const finalized = await issue(["example.com"]);
    const other = await join();
    const { authorizations, certificate } = finalized.body;
    const challenge = (await client.proofs(finalized))[0]?.challenge ?? "";
    for (const url of [finalized.headers.location ?? "", ...authorizations, challenge, certificate]) {
      expect((await client.http("GET", url)).status).toBe(405);
      expect(outcome(await client.post(url))).toBe("200");
      expect(outcome(await other.post(url))).toBe("403 unauthorized");
    }
    expect(outcome(await client.post(certificate, {}))).toBe("400 malformed");
    expect(outcome(await client.post(finalized.headers.location ?? "", {}))).toBe("400 malformed");
    expect(outcome(await client.post(`${finalized.headers.location}x`))).toBe("404 malformed");
    expect(outcome(await other.post(client.kid ?? ""))).toBe("403 unauthorized");
    const orders = (await client.post((await client.post(client.kid ?? "")).body.orders)).body;
    expect(orders).toEqual({ orders: [finalized.headers.location] });
    expect(outcome(await client.post(client.directory.newNonce))).toBe("204");
    expect((await client.post(client.directory.newNonce, { a: 1 })).status).toBe(400);
  });
});

describe("an account", () => {
  it("is made once, agrees to the terms and can be found by its key", async () => {
    const { client, join, ca } = await setUp();
    const again = await client.register({ contact: ["mailto:someone@example.com"] });
    expect([again.status, again.headers.location]).toEqual([200, client.kid]);
    const found = await client.register({ onlyReturnExisting: true });
    expect([found.status, found.headers.location]).toEqual([200, client.kid]);
    expect(ca.accounts()).toHaveLength(1);

    const { privateKey: key } = ecKey();
    const ask = async (payload: Json) =>
      outcome(await client.post(client.directory.newAccount, payload, { key, kid: undefined }));
    expect(await ask({ termsOfServiceAgreed: true, onlyReturnExisting: true })).toBe("400 accountDoesNotExist");
    expect(await ask({})).toBe("403 userActionRequired");
    expect(await ask({ termsOfServiceAgreed: true, contact: ["tel:1"] })).toBe("400 unsupportedContact");
    expect(await ask({ termsOfServiceAgreed: true, contact: ["mailto:no address"] })).toBe("400 invalidContact");
    const weak = await rsaKey(1024);
    const weakly = { key: weak.key, kid: undefined };
    expect(outcome(await client.post(client.directory.newAccount, {}, weakly))).toBe("400 badPublicKey");
    expect(ca.accounts()).toHaveLength(1);
    const rsa = await join((await rsaKey(2048)).key);
    expect(rsa.kid).not.toBe(client.kid);
  });

  it("changes its contact, but not by an empty update, and ends for good", async () => {
    const { client, ca } = await setUp();
    const kid = client.kid ?? "";
    expect(outcome(await client.post(kid, {}))).toBe("400 malformed");
    expect((await client.post(kid, { contact: ["mailto:ops@example.com"] })).body.contact).toEqual([
      "mailto:ops@example.com",
    ]);
    expect((await client.post(kid, { status: "deactivated" })).body.status).toBe("deactivated");
    expect(outcome(await client.order(["example.com"]))).toBe("403 unauthorized");
    expect(outcome(await client.register())).toBe("403 unauthorized");
    expect(ca.accounts()).toMatchObject([{ status: "deactivated" }]);
  });

  it("is bound to an external one by the right key only", async () => {
    const secret = Buffer.from("a secret of the external account").toString("base64url");
    const { join } = await setUp({ externalAccounts: { "kid-1": secret }, externalAccountRequired: true });
    const client = await join();
    const url = client.directory.newAccount;
    expect(client.directory.meta.externalAccountRequired).toBe(true);
    const good = { alg: "HS256", kid: "kid-1", url };
    const bind = async (header: Json, with_ = secret, jwk: Json = jwkOf(client.key)) =>
      outcome(await client.register({ externalAccountBinding: bindingOf(jwk, header, with_) }));
    expect(outcome(await client.register())).toBe("403 externalAccountRequired");
    expect(await bind({ ...good, kid: "kid-2" })).toBe("403 unauthorized");
    expect(await bind(good, Buffer.from("another secret").toString("base64url"))).toBe("403 unauthorized");
    expect(await bind({ ...good, url: `${url}x` })).toBe("400 malformed");
    expect(await bind({ ...good, nonce: "x" })).toBe("400 malformed");
    expect(await bind({ ...good, alg: "ES256" })).toBe("400 malformed");
    expect(await bind(good, secret, jwkOf(ecKey().privateKey))).toBe("400 badPublicKey");
    expect(await bind(good)).toBe("201");
  });

  it("takes a new key that is nobody's", async () => {
    const { client, join } = await setUp();
    const other = await join();
    const next = ecKey().privateKey;
    const url = client.directory.keyChange;
    const change = async (key = next, changed: Json = {}, header: Json = {}) => {
      const inner = { account: client.kid, oldKey: jwkOf(client.key), ...changed };
      return client.post(url, signJws({ alg: "ES256", jwk: jwkOf(key), url, ...header }, JSON.stringify(inner), key));
    };
    expect(outcome(await change(next, { oldKey: jwkOf(other.key) }))).toBe("400 malformed");
    expect(outcome(await change(next, { account: other.kid }))).toBe("400 malformed");
    expect(outcome(await change(next, {}, { url: `${url}x` }))).toBe("400 malformed");
    expect(outcome(await change(client.key))).toBe("400 malformed");
    const taken = await change(other.key);
    expect([outcome(taken), taken.headers.location]).toEqual(["409 malformed", other.kid]);
    expect(outcome(await change())).toBe("200");
    expect(outcome(await client.post(client.kid ?? ""))).toBe("400 malformed");
    expect(outcome(await client.post(client.kid ?? "", undefined, { key: next }))).toBe("200");
  });
});

describe("a revocation", () => {
  it("is signed by the account or by the certificate's key", async () => {
    const { client, join, issue, ca, prove } = await setUp();
    await issue(["a.example.com"]);
    const certificate = (nth: number) => derOf(ca.certificates()[nth]?.pem ?? "");
    const other = await join();
    const url = client.directory.revokeCert;
    expect(outcome(await other.post(url, { certificate: certificate(0) }))).toBe("403 unauthorized");
    expect(outcome(await client.post(url, { certificate: certificate(0), reason: 7 }))).toBe("400 badRevocationReason");
    expect(outcome(await client.post(url, { certificate: "AAAA" }))).toBe("404 malformed");
    expect(outcome(await client.post(url, { certificate: certificate(0), reason: 4 }))).toBe("200");
    expect(outcome(await client.post(url, { certificate: certificate(0) }))).toBe("400 alreadyRevoked");

    const { crypto } = await import("acme-client");
    const [pem, csr] = await crypto.createCsr({ altNames: ["b.example.com"] }, await crypto.createPrivateEcdsaKey());
    const order = await prove(await client.order(["b.example.com"]));
    await client.post(order.body.finalize, { csr: derOf(csr) });
    const { createPrivateKey } = await import("node:crypto");
    const own = { key: createPrivateKey(pem), kid: undefined };
    expect(outcome(await client.post(url, { certificate: certificate(1) }, own))).toBe("200");
    expect(ca.certificates().map(({ revoked }) => revoked)).toEqual([true, true]);
  });
});
