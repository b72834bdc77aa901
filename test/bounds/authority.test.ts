import { describe, expect, test } from "vitest";
import { AUTHORIZATION_SHAPE, CERTIFICATE_SHAPE, ORDER_SHAPE } from "../../src/adapters/authority/broken.ts";
import { infoOf, orderOf, windowOf } from "../../src/adapters/authority/shapes.ts";
import { encoded } from "../../src/certificates/acme/secrets.ts";
import { UserError } from "../../src/ports/error.ts";

const CA = "https://ca.example";
const order = (authorizations: readonly string[]) => ({
  status: "pending",
  identifiers: [{ type: "dns", value: "a.example" }],
  authorizations,
  finalize: `${CA}/f`,
});

describe("a CA that never stops", () => {
  test("with links to proofs makes no thousands of requests: such an order is none", () => {
    const links = Array.from({ length: 501 }, (_, i) => `${CA}/a/${i}`);
    expect(ORDER_SHAPE(JSON.stringify(order(links)))).toMatch(/whose authorizations is not what it must be/);
    expect(ORDER_SHAPE(JSON.stringify(order(links.slice(1))))).toBeUndefined();
  });

  test("with challenges is not listened to", () => {
    const challenge = { type: "http-01" };
    const authorization = {
      status: "pending",
      identifier: { type: "dns", value: "a.example" },
      challenges: Array(501).fill(challenge),
    };
    expect(AUTHORIZATION_SHAPE(JSON.stringify(authorization))).toMatch(/challenges/);
  });

  test("with a chain that no Secret can hold is told before the certificate is used", () => {
    const block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(CERTIFICATE_SHAPE(block.repeat(5000))).toBe("it sent a certificate chain larger than 256 KiB");
    expect(CERTIFICATE_SHAPE(block)).toBeUndefined();
  });
});

test("a Secret beyond what etcd takes is not sent", () => {
  expect(() => encoded({ a: "x".repeat(2 ** 19), b: "x".repeat(2 ** 19 + 1) })).toThrow(UserError);
  expect(Object.keys(encoded({ a: "x".repeat(2 ** 19), b: "x".repeat(2 ** 19) }))).toEqual(["a", "b"]);
});

test("what is no text where a CA's answer should have one is none, and no defect of ours", () => {
  const odd = { toString: 1 };
  expect(windowOf(JSON.stringify({ suggestedWindow: { start: odd, end: [odd] } }))).toBeUndefined();
  expect(infoOf({ meta: { profiles: { classic: odd } } }).profiles).toEqual({ classic: "" });
  const read = { ...order([]), url: `${CA}/o`, expires: [odd] } as unknown as Parameters<typeof orderOf>[0];
  expect(orderOf(read).expires).toBeUndefined();
});
