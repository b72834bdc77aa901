import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { renewalOf } from "../../src/certificates/renewal.ts";
import { dueDate, inspect } from "../../src/certificates/secret.ts";
import { UserError } from "../../src/ports/error.ts";
import { type AcmeAnswer, type AcmeCa, type AcmeRequest, startAcme } from "../../src/sandbox/acme/index.ts";
import { patient } from "../patience.ts";
import { memoryCluster, memoryZones, NAMES, scene, wish } from "./acme-scene.ts";
import { startTxtServer, type TxtServer } from "./txt-server.ts";

type Fields = Record<string, unknown>;
/** What is sent as the body, or, with a number as its status, instead of the whole answer. */
type Lie = (body: Fields, request: AcmeRequest, answer: AcmeAnswer) => unknown;

let dns: TxtServer;
let ca: AcmeCa;
let room: string;
let lie: Lie | undefined;

const other = (body: Fields, value: string): Fields => ({
  ...body,
  ...("identifier" in body ? { identifier: { type: "dns", value } } : {}),
  ...("identifiers" in body ? { identifiers: [{ type: "dns", value }] } : {}),
});

beforeEach(async () => {
  dns = await startTxtServer();
  lie = undefined;
  ca = await startAcme({
    resolver: dns.address,
    onAnswer: (request, answer) => {
      if (!lie || request.path.split("/")[1] !== room || answer.status >= 300) return undefined;
      const body = lie(structuredClone(answer.body) as Fields, request, answer);
      if (body === undefined) return undefined;
      const isWhole = typeof body === "object" && body !== null && "status" in body && Number(body.status) >= 200;
      return isWhole ? (body as AcmeAnswer) : { ...answer, body };
    },
  });
});
afterEach(async () => {
  await ca.close();
  await dns.close();
});

const fresh = (more: Parameters<typeof scene>[2] = {}) => {
  const authority = createAuthority({ directory: ca.directory, ca: ca.tlsCa, env: {}, pausesMs: [1, 1] });
  return { authority, ...scene(authority, memoryZones(dns.txt), { settings: { root: ca.root }, ...more }) };
};

const refused = async (work: Promise<unknown>): Promise<UserError> => {
  const error: unknown = await work.then(
    () => new Error("it was not refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error;
  return error;
};

describe("a CA that lies about what was ordered", () => {
  it.each<[string, string, Lie]>([
    ["another domain is to be proved", "authorization", (body) => other(body, "victim.example.net")],
    ["the domain above is to be proved", "authorization", (body) => other(body, "com")],
    ["a name below is to be proved", "authorization", (body) => other(body, "www.example.com")],
    ["a wildcard that was not ordered is to be proved", "authorization", (body) => ({ ...body, wildcard: true })],
    ["the order is for another domain", "new-order", (body) => other(body, "victim.example.net")],
    [
      "the order lacks a name",
      "new-order",
      (body) => ({ ...body, identifiers: (body.identifiers as unknown[]).slice(1) }),
    ],
    [
      "the order has one more name",
      "new-order",
      (body) => ({ ...body, identifiers: [...(body.identifiers as []), { type: "dns", value: "a.example.com" }] }),
    ],
  ])("nothing is written when %s", async (_title, where, how) => {
    const { issuer, tools, zones } = fresh();
    [room, lie] = [where, how];
    const names = where === "new-order" ? NAMES : ["example.com"];
    expect(await refused(issuer.issue(wish(names), tools()))).toMatchObject({ id: "acme.not-ordered", kind: "failed" });
    expect(zones.batches).toEqual([]);
    expect(ca.certificates()).toEqual([]);
    lie = undefined;
    await issuer.issue(wish(names), tools());
    expect(ca.certificates()).toHaveLength(1);
  });

  it("a kept order that is for other names now is given up", async () => {
    const cluster = memoryCluster();
    const pause = new UserError({ id: "test", what: "not yet", remedy: "", kind: "unseen" });
    const first = fresh({ cluster, awaitTxt: () => Promise.reject(pause) });
    expect(await refused(first.issuer.issue(wish(), first.tools()))).toBe(pause);
    expect(first.kept("acme-order-")).toHaveLength(1);
    const { issuer, tools, kept } = fresh({ cluster });
    [room, lie] = ["order", (body) => other(body, "victim.example.net")];
    expect(await refused(issuer.issue(wish(), tools()))).toMatchObject({ id: "acme.not-ordered" });
    expect(kept("acme-order-")).toEqual([]);
    expect(dns.txt.size).toBe(0);
  });
});

describe("a CA whose renewal information is broken", () => {
  it.each<[string, unknown]>([
    ["a web page", "<html><body>hello</body></html>"],
    ["an error page", { status: 500, body: "<html><body>500</body></html>" }],
    ["a refusal", { status: 403, body: "no" }],
    ["null", null],
    ["a list", []],
    ["no window", { suggestedWindow: 5 }],
    ["dates that are none", { suggestedWindow: { start: "soon", end: {} } }],
  ])("renews all the same: %s", async (_title, body) => {
    const { issuer, tools, authority, secret } = fresh();
    await issuer.issue(wish(), tools());
    const first = secret("tls.crt");
    [room, lie] = ["renewal-info", () => body];
    const found = inspect({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "x" },
      data: Object.fromEntries(["tls.crt", "tls.key"].map((key) => [key, Buffer.from(secret(key)).toString("base64")])),
    });
    if (!found) throw new Error("no certificate");
    const renewal = await renewalOf(found, authority);
    expect(renewal.at).toEqual(dueDate(found));
    await issuer.issue(wish(NAMES, "due"), tools({ now: () => new Date(Date.now() + 2 * 86_400_000) }));
    expect(secret("tls.crt")).not.toBe(first);
  });
});

/** Of every type that JSON has, and none. */
const NONSENSE: readonly unknown[] = ["<html><body>hello</body></html>", "", null, 7, "text", [], [null], {}, true];

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "new-order": ["status", "identifiers", "authorizations", "finalize"],
  authorization: ["status", "identifier", "challenges"],
  finalize: ["status", "certificate"],
};

describe("a CA that answers nonsense", () => {
  const link = (where: string, field: string, value: unknown): readonly [string, Lie] => [
    where,
    (body) => ({ ...body, [field]: value }),
  ];
  const lies: readonly (readonly [string, Lie])[] = [
    ...[
      "directory",
      "new-account",
      "new-order",
      "order",
      "authorization",
      "challenge",
      "finalize",
      "certificate",
    ].flatMap((where) => NONSENSE.map((value) => [where, () => JSON.stringify(value)] as const)),
    ...Object.entries(FIELDS).flatMap(([where, fields]) =>
      fields.flatMap((field) => [null, 7, [null], {}].map((value) => link(where, field, value))),
    ),
    ...["http://127.0.0.1:1/x", "file:///etc/passwd", "//x", "x", "https://"].flatMap((url) => [
      link("directory", "newOrder", url),
      link("directory", "newNonce", url),
      link("new-order", "authorizations", [url]),
      link("order", "finalize", url),
      link("finalize", "certificate", url),
      [
        "authorization",
        (body: Fields) => ({ ...body, challenges: [{ type: "dns-01", url, token: "x", status: "pending" }] }),
      ] as const,
      [
        "new-order",
        (body: Fields, _: AcmeRequest, answer: AcmeAnswer) => ({
          ...answer,
          status: 201,
          headers: { location: url },
          body,
        }),
      ] as const,
      [
        "new-account",
        (body: Fields, _: AcmeRequest, answer: AcmeAnswer) => ({ ...answer, headers: { location: url }, body }),
      ] as const,
    ]),
    ["new-order", (body, _, answer) => ({ ...answer, status: 201, headers: {}, body })],
    ["new-order", (body, _, answer) => ({ ...answer, status: 204, headers: {}, body })],
    ["order", (body, _, answer) => ({ ...answer, status: 302, headers: { location: "/" }, body })],
  ];

  it(`is a message of the CA's name, never a bug of ours, and leaves nothing (${lies.length} answers)`, async () => {
    for (const [index, [where, how]] of lies.entries()) {
      const { issuer, tools, zones } = fresh();
      [room, lie] = [where, how];
      const said: unknown = await issuer
        .issue(wish([`n${index}.example.com`]), tools({ signal: AbortSignal.timeout(patient(3000)) }))
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      const told = `${where} ${index}: ${said instanceof Error ? said.stack : said}`;
      // An order that never gets anywhere is waited for until the run's own end.
      const isPatience = said instanceof DOMException && said.name === "TimeoutError";
      if (said !== undefined && !isPatience) {
        expect(said, told).toBeInstanceOf(UserError);
        expect(["input", "failed"], told).toContain((said as UserError).kind);
      }
      expect(zones.sets, told).toEqual([]);
    }
  });
});
