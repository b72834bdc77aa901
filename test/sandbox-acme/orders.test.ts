import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LETS_ENCRYPT, PROFILES } from "../../src/sandbox/acme/index.ts";
import { csrFor, open, setUp } from "./shared.ts";

const HOUR = 3_600_000;

/** A clock that stands still until it is moved. */
const clock = (start = "2027-03-01T12:00:00Z") => {
  const state = { at: new Date(start).getTime() };
  return {
    now: () => new Date(state.at),
    pass: (hours: number) => {
      state.at += hours * HOUR;
    },
  };
};

describe("a new order", () => {
  let stage: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    stage = await open({ forbidden: ["forbidden.example"] });
  });
  afterAll(() => stage.close());

  it.each<[string, string, readonly string[]]>([
    ["a trailing dot", "400 malformed", ["example.com."]],
    ["an address", "400 malformed", ["192.0.2.1"]],
    ["a single label", "400 malformed", ["localhost"]],
    ["an underscore", "400 malformed", ["a_b.example.com"]],
    ["a wildcard in the middle", "400 malformed", ["a.*.example.com"]],
    ["half a wildcard", "400 malformed", ["a*.example.com"]],
    ["an IDN in its own script", "400 malformed", ["bücher.example.com"]],
    ["a name that its wildcard covers", "400 malformed", ["*.example.com", "www.example.com"]],
    ["no names", "400 malformed", []],
    ["a label that is too long", "400 malformed", [`${"a".repeat(64)}.example.com`]],
    ["a name against the policy", "400 rejectedIdentifier", ["www.forbidden.example"]],
  ])("with %s is refused", async (_, expected, names) => {
    const { client, ca } = stage;
    const { status, problem } = await client.order(names);
    expect(`${status} ${problem}`).toBe(expected);
    expect(ca.orders()).toEqual([]);
  });

  it("names each of several forbidden names", async () => {
    const { client } = stage;
    const { body } = await client.order(["a.forbidden.example", "b.forbidden.example", "example.com"]);
    expect(body.subproblems.map((each: { identifier: { value: string } }) => each.identifier.value)).toEqual([
      "a.forbidden.example",
      "b.forbidden.example",
    ]);
  });

  it("takes upper case as lower case and each name once", async () => {
    const { client, ca } = await setUp();
    expect((await client.order(["EXAMPLE.com", "example.com", "*.Example.COM"])).status).toBe(201);
    expect(ca.orders().map(({ names }) => names)).toEqual([["*.example.com", "example.com"]]);
  });

  it("takes a profile that the directory names, and none where there are none", async () => {
    const { client } = await setUp();
    expect(Object.keys(client.directory.meta.profiles)).toEqual(Object.keys(PROFILES));
    expect((await client.order(["example.com"])).body.profile).toBe("classic");
    expect((await client.order(["example.com"], { profile: "shortlived" })).body.profile).toBe("shortlived");
    expect((await client.order(["example.com"], { profile: "tlsclient" })).problem).toBe("invalidProfile");
    const without = await setUp({ profiles: {}, renewalInfo: false });
    expect(without.client.directory.meta.profiles).toBeUndefined();
    expect(without.client.directory.renewalInfo).toBeUndefined();
    expect((await without.client.order(["example.com"])).body.profile).toBeUndefined();
    expect((await without.client.order(["example.com"], { profile: "classic" })).problem).toBe("invalidProfile");
  });

  it("expires, and its authorizations with it", async () => {
    const { now, pass } = clock();
    const { client } = await setUp({ now });
    const order = await client.order(["example.com"]);
    expect(order.body.expires).toBe("2027-03-08T12:00:00Z");
    pass(7 * 24);
    expect((await client.post(order.headers.location ?? "")).body.status).toBe("invalid");
    expect((await client.post(order.body.authorizations[0])).body.status).toBe("invalid");
  });

  it("is the open order of the same names only when orders are reused", async () => {
    const urls = async (reuseOrders: boolean) => {
      const { client, join, issue } = await setUp({ reuseOrders });
      const names = ["b.example.com", "a.example.com"];
      const first = await client.order(names);
      const again = await client.order([...names].reverse());
      const other = await (await join()).order(names);
      const profile = await client.order(names, { profile: "tlsserver" });
      const issued = await issue(names);
      const after = await client.order(names);
      const [own = "", ...rest] = [first, again, other, profile, issued, after].map((each) => each.headers.location);
      return rest.map((url) => url === own);
    };
    expect(await urls(true)).toEqual([true, false, false, true, false]);
    expect(await urls(false)).toEqual([false, false, false, false, false]);
  });

  it("needs no proof that was given before when authorizations are reused, until it expires", async () => {
    const { now, pass } = clock();
    const { client, issue } = await setUp({ now, reuseAuthorizations: true, authorizationHours: 7 });
    await issue(["example.com"]);
    expect((await client.order(["example.com"])).body.status).toBe("ready");
    expect((await client.order(["*.example.com", "example.com"])).body.status).toBe("pending");
    pass(7);
    expect((await client.order(["example.com"])).body.status).toBe("pending");
  });
});

describe("renewal information", () => {
  it("names a window that can be moved, and the hour before now once the certificate is revoked", async () => {
    const { now } = clock();
    const { client, issue, ca } = await setUp({ now });
    await issue(["example.com"]);
    const [certificate] = ca.certificates();
    if (!certificate) throw new Error("nothing was issued");
    const { notBefore, notAfter, serial, id, pem } = certificate;
    const read = () => client.http("GET", `${client.directory.renewalInfo}/${id}`);
    const { headers, body } = await read();
    expect(headers["retry-after"]).toBe("21600");
    const share = (text: string) =>
      (new Date(text).getTime() - notBefore.getTime()) / (notAfter.getTime() - notBefore.getTime());
    expect(share(body.suggestedWindow.start)).toBeCloseTo(7 / 9, 5);
    expect(share(body.suggestedWindow.end)).toBeCloseTo(8 / 9, 5);
    ca.moveRenewal(serial, {
      start: now(),
      end: new Date(now().getTime() + HOUR),
      explanationURL: "https://example.com/why",
    });
    expect((await read()).body).toEqual({
      suggestedWindow: { start: "2027-03-01T12:00:00.000Z", end: "2027-03-01T13:00:00.000Z" },
      explanationURL: "https://example.com/why",
    });
    await client.post(client.directory.revokeCert, {
      certificate: Buffer.from(new X509Certificate(pem).raw).toString("base64url"),
    });
    expect((await read()).body.suggestedWindow.end).toBe("2027-03-01T12:00:00.000Z");

    const [keyId, number = ""] = id.split(".");
    expect(number).toBe(Buffer.from(serial, "hex").toString("base64url"));
    const status = async (path: string) => (await client.http("GET", `${client.directory.renewalInfo}/${path}`)).status;
    expect(await status("x")).toBe(400);
    expect(await status(`AAAA.${number}`)).toBe(404);
    expect(await status(`${keyId}.AAAA`)).toBe(404);
  });

  it("lies at two thirds for Let's Encrypt, at half for short lifetimes", async () => {
    const at = (days: number) => {
      const { start, end } = LETS_ENCRYPT.renewalWindow?.(new Date(0), new Date(days * 24 * HOUR)) ?? {};
      return [start, end].map((date) => Math.round(((date?.getTime() ?? 0) / HOUR / 24 / days) * 1000) / 1000);
    };
    expect([at(90), at(6)]).toEqual([
      [0.657, 0.677],
      [0.49, 0.51],
    ]);
  });

  it("lets an order replace a certificate once, of the same account and with a name in common", async () => {
    const { client, issue, join, ca } = await setUp();
    await issue(["example.com"]);
    const replaces = ca.certificates()[0]?.id;
    const other = await join();
    expect((await other.order(["example.com"], { replaces })).problem).toBe("unauthorized");
    expect((await client.order(["example.net"], { replaces })).problem).toBe("malformed");
    expect((await client.order(["example.com"], { replaces: "a.b.c" })).problem).toBe("malformed");
    const order = await client.order(["example.com", "*.example.com"], { replaces });
    expect(order.body.replaces).toBe(replaces);
    const again = await client.order(["example.com"], { replaces });
    expect([again.status, again.problem]).toEqual([409, "alreadyReplaced"]);
    await client.post(order.body.authorizations[0], { status: "deactivated" });
    expect((await issue(["example.com"], { replaces })).body.status).toBe("valid");
    expect((await client.order(["example.com"], { replaces })).problem).toBe("alreadyReplaced");
  });
});

describe("the limits of Let's Encrypt", () => {
  it("allow five certificates for one set of names, then one every 33.6 hours", async () => {
    const { now, pass } = clock("2026-07-31T10:00:00Z");
    const { limits = {} } = LETS_ENCRYPT;
    const { issue, ca } = await setUp({ now, limits, reuseAuthorizations: true });
    const names = ["example.com", "*.example.com"];
    for (let nth = 0; nth < 5; nth++) expect((await issue(names)).status).toBe(200);
    const refused = await issue(names);
    expect([refused.status, refused.problem, refused.headers["retry-after"]]).toEqual([429, "rateLimited", "120960"]);
    expect(refused.body.detail).toBe(
      "too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-08-01 19:36:00 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers",
    );
    expect((await issue(["example.com"])).status).toBe(200);
    pass(33.6);
    expect((await issue(names)).status).toBe(200);
    expect((await issue(names)).status).toBe(429);
    expect(ca.certificates()).toHaveLength(7);
  });

  it("do not hold for a renewal in its window", async () => {
    const { now, pass } = clock();
    const { issue, ca } = await setUp({ now, limits: { certificatesPerSet: { count: 1, hours: 24 * 365 } } });
    await issue(["example.com"]);
    const replaces = ca.certificates()[0]?.id;
    pass(24);
    expect((await issue(["example.com"], { replaces })).status).toBe(429);
    pass(24 * 74);
    expect((await issue(["example.com"])).status).toBe(429);
    expect((await issue(["example.com"], { replaces })).status).toBe(200);
  });

  it("count failed validations of a name and new orders of an account", async () => {
    const { now, pass } = clock();
    const { client, join } = await setUp({
      now,
      limits: { failedValidations: { count: 2, hours: 1 }, newOrders: { count: 4, hours: 3 } },
    });
    for (let nth = 0; nth < 2; nth++) {
      const [proof] = await client.proofs(await client.order(["example.com"]));
      await client.post(proof?.challenge ?? "", {});
      await client.settled(proof?.url ?? "");
    }
    expect((await client.order(["*.example.com"])).body.detail).toContain(
      'too many failed authorizations (2) for "example.com" in the last 1h0m0s, retry after 2027-03-01 12:30:00 UTC',
    );
    for (const name of ["a.example.com", "b.example.com"]) expect((await client.order([name])).status).toBe(201);
    expect((await client.order(["c.example.com"])).body.detail).toContain(
      "too many new orders (4) from this account in the last 3h0m0s, retry after 2027-03-01 12:45:00 UTC",
    );
    expect((await (await join()).order(["example.com"])).status).toBe(201);
    pass(0.75);
    expect((await client.order(["example.com"])).status).toBe(201);
  });
});

it("walks years on the clock that it is given", async () => {
  const { now, pass } = clock();
  const { client, prove, ca } = await setUp({ now, ...LETS_ENCRYPT });
  for (let nth = 0; nth < 13; nth++) {
    const replaces = ca.certificates().at(-1)?.id;
    const order = await client.order(["example.com"], replaces ? { replaces } : {});
    const ready = order.body.status === "ready" ? order : await prove(order);
    expect((await client.post(ready.body.finalize, { csr: (await csrFor(["example.com"])).csr })).status).toBe(200);
    pass(60 * 24);
  }
  expect(ca.certificates().at(-1)?.notBefore).toEqual(new Date("2029-02-18T11:00:00Z"));
});
