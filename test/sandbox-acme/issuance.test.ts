import { X509Certificate } from "node:crypto";
import { createServer, get } from "node:https";
import type { AddressInfo } from "node:net";
import * as acme from "acme-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csrFor, derOf, rsaKey, setUp } from "./shared.ts";

const NAMES = ["*.apps.example.com", "apps.example.com"];

/** acme-client keeps its trust in one place for the process. */
const trust = async (ca: string): Promise<void> => {
  const { Agent } = await import("node:https");
  acme.axios.defaults.httpsAgent = new Agent({ ca });
};

describe("issuance with acme-client", () => {
  // In this process the product may have put its own adapter in (src/adapters/authority); here acme-client is its plain self.
  const { adapter } = acme.axios.defaults;
  beforeAll(() => {
    acme.axios.defaults.adapter = "http";
  });
  afterAll(() => {
    if (adapter) acme.axios.defaults.adapter = adapter;
  });

  it.each(["ecdsa", "rsa"] as const)("of a wildcard and its apex with %s keys, served and verified", async (kind) => {
    const { ca, dns } = await setUp();
    await trust(ca.tlsCa);
    const newKey = () => (kind === "rsa" ? acme.crypto.createPrivateRsaKey(2048) : acme.crypto.createPrivateEcdsaKey());
    const client = new acme.Client({ directoryUrl: ca.directory, accountKey: await newKey() });
    await client.createAccount({ termsOfServiceAgreed: true, contact: ["mailto:ops@example.com"] });
    const order = await client.createOrder({ identifiers: NAMES.map((value) => ({ type: "dns", value })) });
    const authorizations = await client.getAuthorizations(order);
    const values: string[] = [];
    for (const { challenges, wildcard } of authorizations) {
      expect(challenges.map(({ type }) => type).sort()).toEqual(wildcard ? ["dns-01"] : ["dns-01", "http-01"]);
      const challenge = challenges.find(({ type }) => type === "dns-01");
      if (challenge) values.push(await client.getChallengeKeyAuthorization(challenge));
    }
    dns.txt("_acme-challenge.apps.example.com", ...values);
    for (const { challenges } of authorizations) {
      const challenge = challenges.find(({ type }) => type === "dns-01");
      if (challenge) await client.completeChallenge(challenge);
    }
    await expect.poll(async () => (await client.getOrder(order)).status).toBe("ready");
    const [key, csr] = await acme.crypto.createCsr({ altNames: [...NAMES] }, await newKey());
    const finalized = await client.finalizeOrder(order, csr);
    const chain = await client.getCertificate(finalized);

    const [leaf, intermediate] = chain.split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
    const root = new X509Certificate(ca.root);
    expect(leaf?.subjectAltName).toBe("DNS:*.apps.example.com, DNS:apps.example.com");
    expect(leaf?.subject).toBe("CN=*.apps.example.com");
    expect(intermediate && leaf?.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
    expect(intermediate?.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(true);
    expect(ca.certificates().map(({ names, serial }) => ({ names, serial }))).toEqual([
      { names: NAMES, serial: leaf?.serialNumber },
    ]);
    expect(ca.accounts().slice(1)).toEqual([
      { url: client.getAccountUrl(), status: "valid", contact: ["mailto:ops@example.com"] },
    ]);

    const server = createServer({ key, cert: chain }, (_, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const status = await new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, servername: "hello.apps.example.com", ca: ca.root, agent: false };
      get(options, (response) => resolve(response.resume().statusCode)).on("error", reject);
    });
    await new Promise((resolve) => server.close(resolve));
    expect(status).toBe(200);
  });

  it("revokes, deactivates authorizations, changes the key and deactivates the account", async () => {
    const { ca, client: raw, issue } = await setUp();
    await trust(ca.tlsCa);
    const finalized = await issue(["example.com"]);
    const { text: chain } = await raw.post(finalized.body.certificate);
    const accountKey = raw.key.export({ type: "pkcs8", format: "pem" }).toString();
    const client = new acme.Client({ directoryUrl: ca.directory, accountKey, accountUrl: raw.kid ?? "" });
    await client.revokeCertificate(chain, { reason: 4 });
    expect(ca.certificates()[0]?.revoked).toBe(true);
    await expect(client.revokeCertificate(chain)).rejects.toThrow(/already been revoked/);

    const order = await client.createOrder({ identifiers: [{ type: "dns", value: "other.example.com" }] });
    const [authorization] = await client.getAuthorizations(order);
    if (authorization) await client.deactivateAuthorization(authorization);
    expect((await client.getOrder(order)).status).toBe("invalid");

    const next = await acme.crypto.createPrivateEcdsaKey();
    await client.updateAccountKey(next);
    expect((await raw.post(raw.kid ?? "")).problem).toBe("malformed");
    const account = await client.updateAccount({ status: "deactivated" });
    expect(account.status).toBe("deactivated");
    await expect(client.getOrder(order)).rejects.toThrow(/deactivated/);
  });
});

describe("finalize", () => {
  it("refuses what no certificate should be made of", async () => {
    const { client, prove, ca } = await setUp();
    const order = await client.order(["example.com"]);
    const finalize = async (csr: string) => {
      const { status, problem } = await client.post(order.body.finalize, { csr });
      return `${status} ${problem}`;
    };
    expect(await finalize((await csrFor(["example.com"])).csr)).toBe("403 orderNotReady");
    expect((await prove(order)).body.status).toBe("ready");
    expect(await finalize((await csrFor(["example.com", "www.example.com"])).csr)).toBe("403 unauthorized");
    expect(await finalize((await csrFor(["www.example.com"])).csr)).toBe("403 unauthorized");
    expect(await finalize("AAAA")).toBe("400 malformed");
    const weak = await rsaKey(1024);
    expect(await finalize((await csrFor(["example.com"], weak.pem)).csr)).toBe("400 badCSR");
    const accountKey = Buffer.from(client.key.export({ type: "pkcs8", format: "pem" }));
    expect(await finalize((await csrFor(["example.com"], accountKey)).csr)).toBe("400 badCSR");
    const good = await csrFor(["example.com"]);
    const broken = Buffer.from(good.csr, "base64url");
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    expect(await finalize(broken.toString("base64url"))).toBe("400 badCSR");
    expect(ca.certificates()).toEqual([]);
    const answer = await client.post(order.body.finalize, { csr: good.csr });
    expect(answer.body).toMatchObject({ status: "valid", certificate: expect.any(String) });
    expect(await finalize(good.csr)).toBe("403 orderNotReady");
    const { text } = await client.post(answer.body.certificate);
    expect(derOf(text.split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? "")).toBe(derOf(ca.certificates()[0]?.pem ?? ""));
  });

  it("gives each profile its lifetime and the subject that goes with it", async () => {
    const now = new Date("2027-03-01T12:00:00Z");
    const { ca, issue } = await setUp({ now: () => now });
    for (const profile of [undefined, "classic", "tlsserver", "shortlived"])
      await issue(["example.com"], profile === undefined ? {} : { profile });
    const seen = ca.certificates().map(({ pem, notBefore, notAfter, profile }) => {
      const certificate = new X509Certificate(pem);
      expect(certificate.validFromDate).toEqual(notBefore);
      expect(certificate.validToDate).toEqual(notAfter);
      return [profile, (notAfter.getTime() + 1000 - notBefore.getTime()) / 3_600_000, certificate.subject ?? ""];
    });
    expect(seen).toEqual([
      ["classic", 2160, "CN=example.com"],
      ["classic", 2160, "CN=example.com"],
      ["tlsserver", 1080, ""],
      ["shortlived", 160, ""],
    ]);
  });
});
