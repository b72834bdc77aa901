import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Responder } from "./responder.ts";
import { open, setUp } from "./shared.ts";

let stage: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  stage = await open();
});
afterAll(() => stage.close());

/** Asks for validation of one name after `publish`; what the challenge says in the end. */
const validate = async (
  name: string,
  publish: (dns: Responder, record: string, txt: string, account: string) => void,
) => {
  const { client, dns } = stage;
  dns.names.clear();
  const order = await client.order([name]);
  const [proof] = await client.proofs(order);
  if (!proof) throw new Error("an order without an authorization");
  publish(dns, proof.record, proof.txt, client.kid ?? "");
  await client.post(proof.challenge, {});
  const { body } = await client.settled(proof.url);
  const [{ status, error }] = body.challenges;
  const after = await client.post(order.headers.location ?? "");
  expect([body.status, after.body.status]).toEqual(status === "valid" ? ["valid", "ready"] : ["invalid", "invalid"]);
  return error ? `${error.status} ${error.type.split(":").at(-1)}: ${error.detail}` : status;
};

const RECORD = "_acme-challenge.example.com";
const caa = (...values: readonly string[]) => ({
  records: values.map((value) => {
    const [tag = "", ...rest] = value.split(" ");
    return { type: "CAA" as const, tag, value: rest.join(" ") };
  }),
});

describe("DNS-01", () => {
  it.each<[string, string, Parameters<typeof validate>[1]]>([
    ["the value", "valid", (dns, record, txt) => dns.txt(record, txt)],
    ["the value among others", "valid", (dns, record, txt) => dns.txt(record, "x", txt, "y")],
    [
      "the value in several strings",
      "valid",
      (dns, record, txt) =>
        dns.names.set(record, { records: [{ type: "TXT", data: [txt.slice(0, 9), txt.slice(9)] }] }),
    ],
    [
      "an alias to the value",
      "valid",
      (dns, record, txt) => {
        dns.names.set(record, { alias: "challenges.example.net" });
        dns.txt("challenges.example.net", txt);
      },
    ],
    [
      "no name",
      `400 dns: DNS problem: NXDOMAIN looking up TXT for ${RECORD} - check that a DNS record exists for this domain`,
      () => {},
    ],
    [
      "a name without TXT",
      `403 unauthorized: No TXT record found at ${RECORD}`,
      (dns, record) => dns.names.set(record, {}),
    ],
    [
      "another value",
      `403 unauthorized: Incorrect TXT record "stale" found at ${RECORD}`,
      (dns, record) => dns.txt(record, "stale"),
    ],
    [
      "other values",
      `403 unauthorized: Incorrect TXT record "${"x".repeat(100)}..." (and 1 more) found at ${RECORD}`,
      (dns, record) => dns.txt(record, "x".repeat(120), "other"),
    ],
    [
      "a broken zone",
      `400 dns: DNS problem: SERVFAIL looking up TXT for ${RECORD} - the domain's nameservers may be malfunctioning`,
      (dns, record) => dns.names.set(record, { rcode: "SERVFAIL" }),
    ],
  ])("finds %s", async (_, expected, publish) => {
    expect(await validate("example.com", publish)).toBe(expected);
  });

  it("asks the records of a wildcard at the name below it", async () => {
    const asked: string[] = [];
    const result = await validate("*.apps.example.com", (dns, record, txt) => {
      dns.txt(record, txt);
      asked.push(record);
    });
    expect([result, asked]).toEqual(["valid", ["_acme-challenge.apps.example.com"]]);
  });

  it("is asked for once and with an empty object only", async () => {
    const { client, dns } = await setUp();
    const order = await client.order(["example.com"]);
    const [proof] = await client.proofs(order);
    if (!proof) throw new Error("an order without an authorization");
    expect((await client.post(proof.challenge, { keyAuthorization: "x" })).problem).toBe("malformed");
    dns.txt(proof.record, proof.txt);
    expect((await client.post(proof.challenge, {})).body.status).toBe("processing");
    await client.settled(proof.url);
    const again = await client.post(proof.challenge, {});
    expect([again.status, again.problem]).toEqual([400, "malformed"]);
  });
});

describe("CAA", () => {
  const OURS = "ca.rehearsal.internal";
  const prevents = (name: string, at: string) =>
    `403 caa: While processing CAA for ${name}: CAA record for ${at} prevents issuance`;

  it.each<
    [
      string,
      string,
      string,
      (account: string) => Responder["names"] extends Map<string, infer T> ? Record<string, T> : never,
    ]
  >([
    ["its own name", "example.com", "valid", () => ({ "example.com": caa(`issue ${OURS}`) })],
    [
      "somebody else's",
      "example.com",
      prevents("example.com", "example.com"),
      () => ({ "example.com": caa("issue other.internal") }),
    ],
    ["nobody's", "example.com", prevents("example.com", "example.com"), () => ({ "example.com": caa("issue ;") })],
    [
      "one further up",
      "a.b.example.com",
      prevents("a.b.example.com", "example.com"),
      () => ({ "b.example.com": {}, "example.com": caa("issue other.internal") }),
    ],
    [
      "the nearest one",
      "a.b.example.com",
      "valid",
      () => ({ "b.example.com": caa(`issue ${OURS}`), "example.com": caa("issue other.internal") }),
    ],
    [
      "one for wildcards",
      "*.example.com",
      prevents("*.example.com", "example.com"),
      () => ({ "example.com": caa(`issue ${OURS}`, "issuewild ;") }),
    ],
    ["one for wildcards only", "example.com", "valid", () => ({ "example.com": caa("issuewild ;") })],
    [
      "this account",
      "example.com",
      "valid",
      (account) => ({ "example.com": caa(`issue ${OURS}; accounturi=${account}; validationmethods=http-01,dns-01`) }),
    ],
    [
      "another account",
      "example.com",
      prevents("example.com", "example.com"),
      (account) => ({ "example.com": caa(`issue ${OURS}; accounturi=${account}x`) }),
    ],
    [
      "another method",
      "example.com",
      prevents("example.com", "example.com"),
      () => ({ "example.com": caa(`issue ${OURS}; validationmethods=http-01`) }),
    ],
    [
      "a critical property that nobody knows",
      "example.com",
      prevents("example.com", "example.com"),
      () => ({ "example.com": { records: [{ type: "CAA", tag: "tbs", value: "x", flags: 128 }] } }),
    ],
    [
      "no answer",
      "example.com",
      "400 dns: While processing CAA for example.com: DNS problem: SERVFAIL looking up CAA for example.com - the domain's nameservers may be malfunctioning",
      () => ({ "example.com": { rcode: "SERVFAIL" } }),
    ],
  ])("that names %s", async (_, name, expected, records) => {
    const result = await validate(name, (dns, record, txt, account) => {
      dns.txt(record, txt);
      for (const [at, entry] of Object.entries(records(account))) dns.names.set(at, entry);
    });
    expect(result).toBe(expected);
  });
});
