import { describe, expect, it } from "vitest";
import { explained, OrderFailed } from "../../src/certificates/acme/problems.ts";
import { type AcmeProblem, type Asked, AuthorityError, AuthorityUnreachable } from "../../src/ports/authority.ts";
import { UserError } from "../../src/ports/error.ts";
import { outside } from "../../src/ports/outside.ts";
import { ZonesUnreachable } from "../../src/ports/zones.ts";

const context = {
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  names: ["*.example.com"],
  accountUrl: "https://acme-v02.api.letsencrypt.org/acme/acct/1",
  info: {
    caaIdentities: ["letsencrypt.org"],
    externalAccountRequired: false,
    profiles: { classic: "as ever", shortlived: "six days" },
    hasRenewalInfo: true,
  },
};

const said = (error: unknown): UserError => {
  const result = explained(error, context);
  if (!(result instanceof UserError)) throw new Error("not explained");
  return result;
};
const answer = (problem: AcmeProblem): UserError => said(new AuthorityError(problem, "order", "POST newOrder"));
const failed = (problem: AcmeProblem): UserError => said(new OrderFailed([{ name: "*.example.com", problem }]));

describe("what a CA's refusal means to a person", () => {
  it("rate limits: the time of the next try, by the words or by Retry-After", () => {
    const words = "too many certificates (5) already issued, retry after 2026-08-01 10:00:00 UTC: see …";
    expect(answer({ type: "rateLimited", detail: words }).remedy.text).toContain("after 2026-08-01 10:00:00 UTC");
    const retryAfter = new Date("2026-08-02T09:00:00.200Z");
    expect(answer({ type: "rateLimited", detail: "no", retryAfter }).remedy.text).toContain(
      "after 2026-08-02 09:00:01 UTC",
    );
  });

  it("CAA: the record to add, bound to the account and to DNS-01", () => {
    const error = failed({ type: "caa", detail: "CAA record for example.com prevents issuance" });
    expect(error.remedy.command).toBe(
      'example.com. CAA 0 issuewild "letsencrypt.org; validationmethods=dns-01; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1"',
    );
  });

  it("names the identifier of a subproblem", () => {
    const detail = "Error creating new order";
    const error = answer({
      type: "malformed",
      detail,
      subproblems: [{ type: "rejectedIdentifier", detail: "is blocked", name: "bad.example.com" }],
    });
    expect(error).toMatchObject({ id: "acme.rejected-name", kind: "input", why: "is blocked" });
    expect(error.message).toContain("bad.example.com");
  });

  it.each<[string, string, string]>([
    ["unauthorized", "acme.unauthorized", "failed"],
    ["dns", "acme.dns", "failed"],
    ["externalAccountRequired", "acme.external-account", "input"],
    ["userActionRequired", "acme.user-action", "failed"],
    ["invalidProfile", "acme.profile", "input"],
    ["unsupportedContact", "acme.contact", "input"],
    ["badNonce", "acme.bad-nonce", "failed"],
    ["noDirectory", "acme.directory", "input"],
    ["somethingNew", "acme.refused", "failed"],
  ])("%s is %s", (type, id, kind) => {
    const error = failed({ type, detail: "the CA's own words" });
    expect(error).toMatchObject({ id, kind });
    expect(error.remedy.text).not.toBe("");
    if (id !== "acme.external-account") expect(error.why).toBe("the CA's own words");
  });

  it("the same words mean another thing in answer to another request", () => {
    const unauthorized = { type: "unauthorized", detail: "the CA's own words" };
    const to = (asked: Asked, more = {}) => {
      const error = explained(new AuthorityError(unauthorized, asked, "POST"), { ...context, ...more });
      if (!(error instanceof UserError)) throw new Error("not explained");
      return error;
    };
    expect(to("account", { kid: "customer-7" })).toMatchObject({
      id: "acme.external-account",
      kind: "input",
      message: expect.stringContaining("customer-7"),
      remedy: { command: expect.stringContaining("ACME_EAB_KID") },
    });
    expect(to("account").remedy.text).toContain("customers");
    expect(to("order").id).toBe("acme.not-allowed");
    expect(`${to("order").message} ${to("order").remedy.text}`).not.toContain("TXT");
    expect(to("challenge").message).toContain("TXT");
  });

  it("of very many names a few are told", () => {
    const names = Array.from({ length: 121 }, (_, index) => `*.team-${index}.example.com`);
    const error = explained(new AuthorityError({ type: "malformed", detail: "too many" }, "order", "POST"), {
      ...context,
      names,
    });
    expect((error as Error).message).toMatch(/\*\.team-3\.example\.com and 117 more/);
  });

  it("no answer: what was tried, and --acme-ca-file where trust is missing", () => {
    const refusedBy = new AuthorityUnreachable("ca.example", "connect ECONNREFUSED 192.0.2.1:443");
    expect(said(refusedBy)).toMatchObject({ id: "acme.unreachable", kind: "failed" });
    const cause = Object.assign(new Error("self-signed certificate in chain"), { code: "SELF_SIGNED_CERT_IN_CHAIN" });
    const error = said(new AuthorityUnreachable("ca.example", cause.message, cause));
    expect(error.id).toBe("acme.distrusted");
    expect(error.remedy.text).toContain("--acme-ca-file");
  });

  it.each(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"])("%s: this machine's clock, whoever tells it", (code) => {
    const cause = Object.assign(new Error("certificate is not valid now"), { code });
    const away = new AuthorityUnreachable("ca.example", cause.message, cause);
    for (const error of [said(away), outside(away)])
      expect(error).toMatchObject({
        id: "acme.distrusted",
        remedy: { text: expect.stringMatching(/^Here it is 20.*clock/), command: "timedatectl set-ntp true" },
      });
  });

  it("a zone that does not answer is explained, anything else is passed on as it is", () => {
    expect(said(new ZonesUnreachable("throttled for a minute"))).toMatchObject({
      id: "acme.zone-unreachable",
      kind: "failed",
    });
    const bug = new TypeError("x is not a function");
    expect(explained(bug, context)).toBe(bug);
  });
});
