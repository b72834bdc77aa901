import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAskedFor, renewalOf } from "../../src/certificates/renewal.ts";
import { dueDate, inspect, reasonToIssue } from "../../src/certificates/secret.ts";
import { makeLeaf, makeRoot } from "../../src/certificates/x509.ts";

const DAY = 86_400_000;
const START = new Date("2026-09-01T00:00:00Z");
const root = await makeRoot("a test root", START, 400);
const leaf = await makeLeaf(root, ["example.com"], START, 90);
const found = inspect({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "wildcard-tls" },
  data: {
    "tls.crt": Buffer.from(leaf.certificate).toString("base64"),
    "tls.key": Buffer.from(leaf.key).toString("base64"),
    "ca.crt": Buffer.from(root.certificate).toString("base64"),
  },
});
if (!found) throw new Error("no certificate");
const { notBefore, notAfter } = found;

const judged = (start: Date, end: Date) => renewalOf(found, { renewalInfo: async () => ({ start, end }) });

describe("when a certificate is due", () => {
  it("within the window of its CA, which is asked for it then", async () => {
    const [start, end] = [new Date(notBefore.getTime() + 50 * DAY), new Date(notBefore.getTime() + 52 * DAY)];
    const renewal = await judged(start, end);
    expect(renewal.at.getTime()).toBeGreaterThanOrEqual(start.getTime());
    expect(renewal.at.getTime()).toBeLessThan(end.getTime());
    expect([start, new Date(end.getTime() - 1)].map((now) => isAskedFor(renewal, now))).toEqual([true, true]);
    expect([new Date(start.getTime() - 1), end].map((now) => isAskedFor(renewal, now))).toEqual([false, false]);
  });

  it("at once when the window has passed since it was made, as before a revocation", async () => {
    const renewal = await judged(new Date(notBefore.getTime() + DAY), new Date(notBefore.getTime() + DAY + 3_600_000));
    expect(renewal.at.getTime()).toBeLessThan(notBefore.getTime() + 2 * DAY);
  });

  it.each([
    ["before the certificate was made", new Date(0), new Date(DAY)],
    ["after its end", new Date(notAfter.getTime() + DAY), new Date(notAfter.getTime() + 2 * DAY)],
    ["in the last hours", new Date(notAfter.getTime() - 3_600_000), new Date(notAfter.getTime() + DAY)],
  ])("by its dates when the window lies %s", async (_title, start, end) => {
    expect((await judged(start, end)).at).toEqual(dueDate(found));
    expect(isAskedFor(await judged(start, end), new Date(start.getTime() + 1))).toBe(false);
  });

  it("judged with its CA, by nobody else: not by its dates again", () => {
    const late = new Date(dueDate(found).getTime() + DAY);
    expect(reasonToIssue(found, ["example.com"], late)).toBe("expires in 29 days");
    expect(reasonToIssue(found, ["example.com"], late, false)).toBeUndefined();
  });

  it("between its beginning and a tenth of its time before its end, whatever the window", async () => {
    const moment = fc.date({ noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(moment, moment, async (start, end) => {
        const { at } = await judged(start, end);
        expect(at.getTime()).toBeGreaterThanOrEqual(notBefore.getTime());
        expect(at.getTime()).toBeLessThanOrEqual(notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) / 10);
      }),
      { numRuns: 300 },
    );
  });
});
