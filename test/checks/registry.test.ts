import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HealthCheck, Reading } from "../../src/checks/health-check.ts";
import type { PlanContext } from "../../src/checks/plan/context.ts";
import { PLAN_CHECKS } from "../../src/checks/plan/index.ts";
import { runChecks } from "../../src/checks/run.ts";
import { SKIPPABLE } from "../../src/config/skippable.ts";
import type { Check, Finding } from "../../src/core/check.ts";
import { ApiError, BrokenAnswer, Unreachable } from "../../src/ports/cluster.ts";
import { NoAnswer } from "../../src/ports/dns.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { CHECKS } from "../../src/steps/index.ts";
import { patient } from "../patience.ts";
import { sampled } from "../thorough.ts";
import { type Meddling, recording } from "./recording.ts";
import { type Moment, moment, TROUBLES } from "./scenes.ts";

type AnyCheck = HealthCheck<Check["id"], PlanContext>;
const checks: readonly AnyCheck[] = [...CHECKS, ...PLAN_CHECKS];
const isOfPlan = new Set(PLAN_CHECKS);

describe("the registries of checks", () => {
  it("has each id once, in its form", () => {
    const ids = checks.flatMap(({ id, also = [] }) => [id, ...also]);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z-]+\.[a-z-]+$/.test(id))).toEqual([]);
  });

  it("has every check that an install can leave out", () => {
    const ids: readonly string[] = checks.map(({ id }) => id);
    expect(SKIPPABLE.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("knows what each needs, earlier in the list, so that there is no circle", () => {
    const ids = checks.map(({ id }) => id);
    const late = checks.flatMap(({ id, needs = [] }, index) =>
      needs.filter((need) => !ids.slice(0, index).includes(need)).map((need) => `${id} needs ${need}`),
    );
    expect(late).toEqual([]);
  });

  it("explains nothing by itself, at whatever distance: of those in a circle none would be a cause", () => {
    const before = new Map(checks.map(({ id, needs = [], symptomOf = [] }) => [id, [...needs, ...symptomOf]] as const));
    const circles: string[] = [];
    const walk = (id: string, way: readonly string[]): void => {
      if (way.includes(id)) circles.push([...way.slice(way.indexOf(id)), id].join(" ← "));
      else if (!done.has(id)) for (const earlier of before.get(id as never) ?? []) walk(earlier, [...way, id]);
      done.add(id);
    };
    const done = new Set<string>();
    for (const { id } of checks) walk(id, []);
    expect(circles).toEqual([]);
  });

  it("has each in docs/checks.md, with what it means and what to do", () => {
    const page = readFileSync(new URL("../../docs/checks.md", import.meta.url), "utf8");
    for (const { id, title, meaning, todo } of checks) {
      expect(page).toContain(`\n### ${id}\n\n${title}.\n\n- If not: ${meaning}\n- What to do: ${todo}\n`);
      expect(title).not.toMatch(/\.$/);
      for (const text of [meaning, todo]) expect(text).toMatch(/\.$/);
    }
  });
});

describe("the checks, in an installed cluster with a proof that runs", { timeout: patient(60_000) }, () => {
  let moments: readonly Moment[];
  beforeAll(async () => {
    moments = await Promise.all([moment("acme"), moment("cert-manager")]);
  }, patient(60_000));
  afterAll(async () => {
    await Promise.all((moments ?? []).map(({ close }) => close()));
  });

  /** Looks at everything once, each check by itself. */
  const look = async (meddling: Meddling = {}, more: readonly AnyCheck[] = checks) =>
    Promise.all(
      more.map(async (check) => {
        const looks = await Promise.all(
          moments.map(async ({ ctx, planned }) => {
            const {
              ctx: noted,
              readings,
              writes,
            } = recording(isOfPlan.has(check) ? planned : ({ ...ctx } as PlanContext), meddling);
            const [judged] = await runChecks([check], noted);
            return { finding: judged?.finding as Finding, readings, writes };
          }),
        );
        return { check, looks };
      }),
    );

  // A rehearsal is smaller than what is recommended; in a moment that stands still nothing starts; and one day support has ended.
  const EXPECTED = ["cluster.capacity", "proof.zero", "knative.support"];
  it("find nothing wrong", async () => {
    const wrong = (await look()).flatMap(({ check, looks }) =>
      looks.flatMap(({ finding: { status, summary } }) =>
        status === "ok" || status === "skipped" || EXPECTED.includes(check.id) ? [] : [`${check.id}: ${summary}`],
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("each say something in one of the two", async () => {
    const skipped = (await look()).filter(({ looks }) => looks.every(({ finding }) => finding.status === "skipped"));
    // Neither sends metrics, or has Istio, a mesh, a domain of magic DNS or its Job, a CronJob, a proof over http alone, a DomainMapping,
    // another program that keeps settings, a CA whose limits are known, or GitLab's agent.
    const istio = [
      ...["owner", "settings", "service-names", "probed-service", "certificate-forms"],
      ...["members", "shared-port", "certificate-source", "secret-rights"],
    ];
    const mesh = ["sidecars", "strict", "namespace", "outside"];
    expect(skipped.map(({ check }) => check.id)).toEqual([
      "knative.operator",
      "config.writers",
      "observability.sent",
      ...istio.map((name) => `istio.${name}`),
      ...["contour.services", "contour.delegation", "gateway-api.gateways", "ingress.terminated"],
      ...["istio.tls-names", "istio.gateway-pods"],
      ...mesh.map((name) => `mesh.${name}`),
      "domain.job",
      "domain.magic",
      "cert-manager.week",
      "certificate.provided",
      "proof.http",
      "domain-mappings.claimed",
      "gitlab.agent",
      "renew.cronjob",
    ]);
  });

  it("read what they say that they read, and write nothing", async () => {
    const real = new Map<string, Set<Reading>>(checks.map(({ id }) => [id, new Set()]));
    for (const change of [undefined, ...Object.values(TROUBLES)])
      for (const { check, looks } of await look(change ? { change } : {}))
        for (const { readings, writes } of looks) {
          expect(writes).toEqual([]);
          for (const reading of readings) real.get(check.id)?.add(reading);
        }
    const wrong = checks.map(({ id, reads }) => {
      const declared = new Set<Reading>(reads);
      const found = real.get(id) ?? new Set<Reading>();
      return {
        id,
        undeclared: declared.has("any kind") ? [] : [...found].filter((one) => !declared.has(one)).sort(),
        unread: [...declared].filter((one) => one !== "any kind" && !found.has(one)).sort(),
      };
    });
    expect(wrong.filter(({ undeclared, unread }) => undeclared.length + unread.length > 0)).toEqual([]);
  });

  const forbidden = new ApiError({ status: 403, reason: "Forbidden", message: "no", request: "GET" });
  const broken = new BrokenAnswer("https://a", "GET", "a page");
  it.each([
    ["forbidden", forbidden, forbidden],
    ["answered by somebody else", broken, new NoAnswer("192.0.2.1", "nonsense")],
    ["not answered", new Unreachable("https://a", "refused"), new NoAnswer("192.0.2.1", "time ran out")],
  ])("are unknown when what they read is %s, and end in no crash when one of it is", async (_what, error, ofDns) => {
    const refuse = (reading: Reading): void => {
      throw reading === "dns" ? ofDns : error;
    };
    const reading = checks.filter(({ reads }) => reads.length > 0);
    for (const { check, looks } of await look({ refuse }, reading))
      for (const { finding } of looks) expect([check.id, finding.status]).toEqual([check.id, "unknown"]);
    for (const check of checks)
      for (const one of new Set(check.reads))
        for (const { looks } of await look({ refuse: (reading) => reading === one && refuse(reading) }, [check]))
          for (const { finding } of looks) expect(finding.summary).not.toBe("");
  });

  const ODD: readonly unknown[] = [null, "text", 7, [], [null], {}, { toString: 1 }, [{ toString: 1 }]];
  const FIELDS = ["spec", "status", "data", "webhooks"];
  it.each(FIELDS)("end in no crash when %s is what it cannot be", async (field) => {
    for (const value of sampled(ODD, 4)) {
      // Deeper than the first level, too.
      const deeper = (old: unknown): unknown =>
        typeof old === "object" && old !== null
          ? Object.fromEntries(Object.keys(old).map((key) => [key, value]))
          : value;
      for (const change of [
        (object: KubeObject) => ({ ...object, [field]: value }),
        (object: KubeObject) => ({ ...object, [field]: deeper(object[field]) }),
      ])
        for (const { looks } of await look({ change }))
          for (const { finding } of looks) expect(finding.summary).toEqual(expect.any(String));
    }
  });

  it("say the same again of the same objects", async () => {
    for (const change of [undefined, ...sampled(Object.values(TROUBLES), 9)]) {
      const findings = async () =>
        (await look(change ? { change } : {})).map(({ looks }) => looks.map(({ finding }) => finding));
      expect(await findings()).toEqual(await findings());
    }
  });
});
