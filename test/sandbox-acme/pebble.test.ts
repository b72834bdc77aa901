import "reflect-metadata";
import { AuthorityKeyIdentifierExtension, X509Certificate } from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AcmeCa, startAcme } from "../../src/sandbox/acme/index.ts";
import { type Pebble, pebbleMissing, startPebble } from "../real/pebble.ts";
import { type Answer, connect, ecKey, jwkOf, type RawClient, signJws } from "./client.ts";
import { type Responder, startResponder } from "./responder.ts";
import { csrFor, derOf, rsaKey } from "./shared.ts";

const PROFILES_OF_PEBBLE = {
  default: { description: "90 days", hours: 2160 },
  shortlived: { description: "6 days", hours: 144 },
};
const NAMES = ["*.apps.example.com", "apps.example.com"];

/** One client's life, well-behaved and not; each line is an answer: its status, its problem, the state it tells. */
const live = async (client: RawClient, dns: Responder): Promise<readonly string[]> => {
  const lines: string[] = [];
  const note = (what: string, { status, problem, body }: Answer): void => {
    lines.push(
      [what, status, problem, problem ? undefined : body?.status].filter((part) => part !== undefined).join(" "),
    );
  };
  const { directory } = client;
  const someone = ecKey().privateKey;
  const before = { key: someone, kid: undefined };
  note("newNonce HEAD", await client.http("HEAD", directory.newNonce));
  note("newNonce GET", await client.http("GET", directory.newNonce));
  note("newOrder by GET", await client.http("GET", directory.newOrder));
  note(
    "only existing",
    await client.post(directory.newAccount, { onlyReturnExisting: true, termsOfServiceAgreed: true }, before),
  );
  note("no terms", await client.post(directory.newAccount, {}, before));
  note(
    "telephone",
    await client.post(directory.newAccount, { termsOfServiceAgreed: true, contact: ["tel:1"] }, before),
  );
  note(
    "bad address",
    await client.post(directory.newAccount, { termsOfServiceAgreed: true, contact: ["mailto:"] }, before),
  );
  note("register", await client.register({ contact: ["mailto:ops@example.com"] }));
  note("register again", await client.register());
  const kid = client.kid ?? "";
  note("account", await client.post(kid));
  note("contact", await client.post(kid, { contact: ["mailto:more@example.com"] }));
  note("bad status", await client.post(kid, { status: "revoked", contact: [] }));

  const order = { identifiers: NAMES.map((value) => ({ type: "dns", value })) };
  note("wrong nonce", await client.post(directory.newOrder, order, { nonce: "AAAAAAAAAAAAAAAAAAAAAA" }));
  note("no nonce", await client.post(directory.newOrder, order, { nonce: "" }));
  note("wrong url", await client.post(directory.newOrder, order, { url: directory.newAccount }));
  note("wrong type", await client.post(directory.newOrder, order, { contentType: "application/json" }));
  note("nonce in header", await client.post(directory.newOrder, order, { headers: { "replay-nonce": "x" } }));
  note("alg none", await client.post(directory.newOrder, order, { alg: "none" }));
  note("alg RS256", await client.post(directory.newOrder, order, { alg: "RS256" }));
  note("other key", await client.post(directory.newOrder, order, { key: someone }));
  note("kid and jwk", await client.post(directory.newOrder, order, { jwk: jwkOf(client.key) }));
  note("jwk only", await client.post(directory.newOrder, order, { kid: undefined }));
  note("kid of nobody", await client.post(directory.newOrder, order, { kid: `${kid}f` }));
  note("kid elsewhere", await client.post(directory.newOrder, order, { kid: "https://example.com/1" }));
  note(
    "unprotected",
    await client.post(directory.newOrder, order, { tamper: (jws) => ({ ...jws, header: { a: "b" } }) }),
  );
  note("no JSON", await client.post(directory.newOrder, order, { tamper: () => "hello" }));
  note("old resource", await client.post(directory.newOrder, { ...order, resource: "new-order" }));
  note("no names", await client.order([]));
  note("trailing dot", await client.order(["example.com."]));
  note("underscore", await client.order(["a_b.example.com"]));
  note("two wildcards", await client.order(["*.*.example.com"]));
  note("inner wildcard", await client.order(["a.*.example.com"]));
  note("address", await client.order(["192.0.2.1"]));

  const made = await client.order(NAMES);
  note("newOrder", made);
  const url = made.headers.location ?? "";
  note("order", await client.post(url));
  note("order with a body", await client.post(url, {}));
  note("too early", await client.post(made.body.finalize, { csr: (await csrFor(NAMES)).csr }));
  const proofs = await client.proofs(made);
  lines.push(
    proofs
      .map(({ name, record }) => `${name} ${record}`)
      .sort()
      .join(", "),
  );
  dns.txt("_acme-challenge.apps.example.com", ...proofs.map(({ txt }) => txt));
  note("wrong answer", await client.post(proofs[0]?.challenge ?? "", { keyAuthorization: "x" }));
  for (const { challenge, url: authorization } of proofs) {
    await client.post(challenge, {});
    note("authorization", await client.settled(authorization));
  }
  note("answer again", await client.post(proofs[0]?.challenge ?? "", {}));
  note("ready", await client.post(url));
  note(
    "other names",
    await client.post(made.body.finalize, { csr: (await csrFor(["apps.example.com", "x.example.com"])).csr }),
  );
  note("fewer names", await client.post(made.body.finalize, { csr: (await csrFor(["apps.example.com"])).csr }));
  note("no CSR", await client.post(made.body.finalize, { csr: "AAAA" }));
  const accountKey = Buffer.from(client.key.export({ type: "pkcs8", format: "pem" }));
  note("account key", await client.post(made.body.finalize, { csr: (await csrFor(NAMES, accountKey)).csr }));
  await client.post(made.body.finalize, { csr: (await csrFor(NAMES)).csr });
  const valid = await client.settled(url);
  note("valid", valid);
  note("again", await client.post(made.body.finalize, { csr: (await csrFor(NAMES)).csr }));
  const chain = await client.post(valid.body.certificate);
  note("certificate", chain);
  const pems = chain.text.split(/(?<=-----END CERTIFICATE-----\n)/);
  lines.push(`${pems.filter((pem) => pem.trim() !== "").length} certificates`);

  for (const [what, publish] of [
    ["no record", () => dns.names.delete("_acme-challenge.example.net")],
    ["stale record", () => dns.txt("_acme-challenge.example.net", "stale")],
  ] as const) {
    const failing = await client.order(["example.net"]);
    publish();
    const [proof] = await client.proofs(failing);
    await client.post(proof?.challenge ?? "", {});
    note(what, await client.settled(proof?.url ?? ""));
    note("its order", await client.post(failing.headers.location ?? ""));
    note("its finalize", await client.post(failing.body.finalize, { csr: (await csrFor(["example.net"])).csr }));
  }
  const unwanted = await client.order(["example.org"]);
  note("deactivate wrongly", await client.post(unwanted.body.authorizations[0], { status: "valid" }));
  note("deactivate authorization", await client.post(unwanted.body.authorizations[0], { status: "deactivated" }));

  const certificate = derOf(pems[0] ?? "");
  note("revoke, bad reason", await client.post(directory.revokeCert, { certificate, reason: 7 }));
  note("revoke", await client.post(directory.revokeCert, { certificate }));
  note("revoke again", await client.post(directory.revokeCert, { certificate }));

  const next = ecKey().privateKey;
  const roll = (key = next, oldKey = client.key) => {
    const header = { alg: "ES256", jwk: jwkOf(key), url: directory.keyChange };
    return client.post(
      directory.keyChange,
      signJws(header, JSON.stringify({ account: kid, oldKey: jwkOf(oldKey) }), key),
    );
  };
  note("wrong old key", await roll(next, someone));
  note("same key", await roll(client.key));
  lines.push(`new key ${(await roll()).status}`);
  note("old key", await client.post(kid));
  note("deactivate", await client.post(kid, { status: "deactivated" }, { key: next }));
  note("after the end", await client.post(directory.newOrder, order, { key: next }));
  note(
    "register after the end",
    await client.post(directory.newAccount, { termsOfServiceAgreed: true }, { key: next, kid: undefined }),
  );
  const rsa = await rsaKey(2048);
  note(
    "RSA account",
    await client.post(directory.newAccount, { termsOfServiceAgreed: true }, { key: rsa.key, kid: undefined }),
  );
  return lines;
};

/** Profiles and RFC 9773, which only newer ones have. */
const liveOn = async (client: RawClient, stranger: RawClient, dns: Responder): Promise<readonly string[]> => {
  const lines: string[] = [];
  const names = ["renewed.example.com"];
  const issue = async (what: string, more: object): Promise<string> => {
    const order = await client.order(names, more);
    lines.push(`${what} ${order.status} ${order.problem ?? order.body.profile}`);
    if (order.status !== 201) return "";
    for (const { challenge, url, record, txt } of await client.proofs(order)) {
      dns.txt(record, txt);
      await client.post(challenge, {});
      await client.settled(url);
    }
    await client.post(order.body.finalize, { csr: (await csrFor(names)).csr });
    const { body } = await client.settled(order.headers.location ?? "");
    return (await client.post(body.certificate)).text;
  };
  await client.register();
  await stranger.register();
  await issue("unknown profile", { profile: "everlasting" });
  const certificate = new X509Certificate(await issue("profile", { profile: "shortlived" }));
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId ?? "";
  const id = [keyId, certificate.serialNumber].map((hex) => Buffer.from(hex, "hex").toString("base64url")).join(".");
  const { renewalInfo } = client.directory;
  const info = await client.http("GET", `${renewalInfo}/${id}`);
  const { start, end } = info.body.suggestedWindow;
  const inside = certificate.notBefore < new Date(start) && start < end && new Date(end) <= certificate.notAfter;
  lines.push(`info ${info.status} ${inside} ${info.headers["retry-after"]}`);
  lines.push(`no id ${(await client.http("GET", `${renewalInfo}/x`)).status}`);
  const theirs = await stranger.order(names, { replaces: id });
  lines.push(`replaced by others ${theirs.status} ${theirs.problem}`);
  await issue("replaced", { replaces: id, profile: "shortlived" });
  await issue("replaced again", { replaces: id, profile: "shortlived" });
  return lines;
};

/** Pebble before 2.5 (bookworm has 2.4) knew no `userActionRequired` and no `badSignatureAlgorithm`. */
const asNewer = (line: string): string =>
  line.replace("agreementRequired", "userActionRequired").replace(/^(alg .*) malformed$/, "$1 badSignatureAlgorithm");

describe.skipIf(pebbleMissing() !== undefined)("beside a real Pebble -strict", () => {
  let dns: Responder;
  let pebble: Pebble;
  let ca: AcmeCa;
  beforeAll(async () => {
    dns = await startResponder();
    [pebble, ca] = await Promise.all([
      startPebble({ dns: dns.resolver, rejectedNonces: 0, authorizationsReused: false }),
      startAcme({ resolver: dns.resolver, profiles: PROFILES_OF_PEBBLE }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([pebble.close(), ca.close()]);
    await dns.close();
  });

  const both = async <T>(live: (join: () => Promise<RawClient>) => Promise<T>): Promise<readonly [T, T]> => {
    const told = async ({ directory, tlsCa }: { directory: string; tlsCa: string }): Promise<T> => {
      const clients: RawClient[] = [];
      const told = await live(async () => {
        clients.push(await connect(directory, tlsCa));
        return clients[clients.length - 1] as RawClient;
      });
      for (const client of clients) client.close();
      return told;
    };
    return [await told(ca), await told(pebble)];
  };

  it("the same client meets the same answers", async () => {
    const [ours, real] = await both(async (join) => live(await join(), dns));
    expect(ours).toEqual(pebble.isModern ? real : real.map(asNewer));
  });

  it("and the same for profiles and renewal information", async ({ skip }) => {
    skip(!pebble.isModern, "this Pebble has neither");
    const [ours, real] = await both(async (join) => liveOn(await join(), await join(), dns));
    expect(ours).toEqual(real);
  });
});
