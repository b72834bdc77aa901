import { describe, expect, it } from "vitest";
import { reportPage } from "../../src/cli/report-page/page.ts";
import type { Recording } from "../../src/cli/report-page/recording.ts";
import { DARK, LIGHT } from "../../src/cli/report-page/style.ts";
import type { Plan } from "../../src/core/change.ts";
import type { Event } from "../../src/core/event.ts";
import { sh } from "../../src/ports/shell.ts";
import { found } from "../cli/found.ts";
import { change, next, plan, report } from "../cli/plans.ts";
import { ASKED, BEFORE, failedRun, record, STATUS, waiting, wholeRun } from "./recordings.ts";

/** What a reader sees: no tags, no style. */
const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, "")
    .replaceAll("<wbr>", "")
    .replace(/<[^>]+>/g, " ")
    .replace(/&(quot|#39|lt|gt|amp);/g, (_, name: string) => ENTITIES[name] ?? "")
    .replace(/\s+/g, " ");
const ENTITIES: Readonly<Record<string, string>> = { quot: '"', "#39": "'", lt: "<", gt: ">", amp: "&" };
const sectionOf = (page: string, id: string): string =>
  textOf(new RegExp(`<section[^>]* aria-labelledby="${id}">[\\s\\S]*?</section>`).exec(page)?.[0] ?? "");

describe("the page of a run that is done", () => {
  const page = reportPage(wholeRun());

  it("says how it ended, where, and by which command", () => {
    const text = textOf(page);
    expect(text).toMatch(/kn-bootstrap install ✓ Done/);
    expect(text).toContain("https://203.0.113.1:6443, Kubernetes 1.36.2");
    expect(text).toContain(ASKED.commandLine);
    expect(text).toContain("Warning: Two nodes only.");
    expect(text).toContain("1 files, 2.0 MB");
    expect(page).toMatch(/<title>kn-bootstrap install: done, prod<\/title>/);
  });

  it("breaks names of the way behind their dots", () => {
    expect(page).toMatch(/[\w-]+\.<wbr>example\.<wbr>com/);
  });

  it("has the plan by step, to be opened, with everything that the terminal shows", () => {
    const text = sectionOf(page, "plan");
    expect(text).toContain("10 to create, 5 to update, 1 to delete, 1 for the run only.");
    for (const { title, changes } of plan.steps) if (changes.length > 0) expect(text).toContain(title);
    expect(text).toContain("CustomResourceDefinition ×4");
    expect(text).toMatch(/\.spec\.replicas : 1 → 2/);
    expect(text).toContain("belongs to external-dns (owner prod)");
    expect(text).toContain("*.example.com answers for old.apps.example.com no more");
    expect(text).toContain("known after apply: the address of Kourier");
    expect(text).toContain("The autoscaler's replicas stay as somebody scaled them.");
    // What somebody else owns is not hidden behind a click.
    expect(page.match(/<details open/g)).toHaveLength(2);
  });

  it("has a bar for each step, and what it waited for and when", () => {
    const text = sectionOf(page, "timeline");
    for (const step of report.steps) expect(text).toContain(step.title);
    expect(page.match(/<rect class="work"/g)).toHaveLength(report.steps.length);
    expect(page.match(/<rect class="wait"/g)).toHaveLength(2);
    expect(text).toContain("3.0 s – 44 s Deployment knative-serving/webhook: 0 of 1 available");
    expect(text).toContain("1 min 12 s");
  });

  it("shows the way from the DNS to a Service with what is known of each place", () => {
    const text = sectionOf(page, "topology");
    for (const words of [
      "Zone: example.com (Z0123456789)",
      "Records: Amazon Route 53",
      "*.apps.example.com A: 203.0.113.7 (TTL 60 s)",
      "203.0.113.7 (LoadBalancer kourier-system/kourier)",
      "Ingress: Kourier 1.99.1",
      "Certificate: *.apps.example.com",
      "Issuer: CN=Example CA",
      "Valid until: 2030-03-01",
      "Version: 1.99.0",
      "URL: https://hello.apps.example.com",
    ])
      expect(text).toContain(words);
    // Once: neither again as a picture nor again as a table.
    expect(page.split("Z0123456789")).toHaveLength(2 + (sectionOf(page, "plan").split("Z0123456789").length - 1));
    expect(text).toMatch(/DNS ✓ in place .* gives Address ✓ in place .* is of Gateway ✓ in place/);
  });

  it("has the certificate, who renews it, the checks with their remedies, and what to do next", () => {
    expect(sectionOf(page, "certificate")).toMatch(/2030-03-01 12:00 UTC, 89 days left .*Renewed by nobody/);
    const checks = sectionOf(page, "checks");
    expect(checks).toMatch(/There is room cluster\.capacity warning 2 of 6 vCPU Add a node\. kubectl get nodes/);
    expect(checks).toMatch(/serving\.deployments ok after/);
    for (const { text, command } of next) {
      expect(sectionOf(page, "next")).toContain(text);
      expect(sectionOf(page, "next")).toContain(command);
    }
  });

  it("needs nothing from elsewhere and forbids it, runs no script but its own, and is small", () => {
    expect(page).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<link|<img|<iframe|\sstyle=|\son\w+=|@import|url\(|(src|href)="(?!#)/i);
    expect(page.length).toBeLessThan(60_000);
  });

  it("can be read by everybody: language, one main heading, headers of tables, names of pictures", () => {
    expect(page).toContain('<html lang="en">');
    expect(page.match(/<h1>/g)).toHaveLength(1);
    for (const table of page.match(/<table[\s\S]*?<\/table>/g) ?? [])
      expect(table).toMatch(/<th scope="col"[\s\S]*<th scope="row"/);
    for (const svg of page.match(/<svg[^>]*>/g) ?? []) expect(svg).toMatch(/aria-hidden="true"|role="img" aria-label=/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g)) expect(ids).toContain(target);
  });
});

describe("the page of a run that is not done", () => {
  it("of one that failed says what went wrong, where, and what to do", () => {
    const page = reportPage(failedRun());
    expect(textOf(page)).toContain("✗ Failed After 31 s: 1 of 4 steps done; what is done is kept.");
    expect(sectionOf(page, "problem")).toMatch(
      /401 from gcr\.io\. Waiting cannot mend this\. Give the nodes access\. kubectl describe pod activator/,
    );
    expect(sectionOf(page, "timeline")).toMatch(
      /Install Knative Serving failed .*Install Kourier stopped .*not started –/,
    );
    expect(sectionOf(page, "topology")).toMatch(
      /Gateway – stopped here.*Knative Serving ✗ failed here.*Service ○ not reached/,
    );
    expect(sectionOf(page, "checks")).toMatch(/serving\.deployments failed/);
    expect(page).not.toContain('href="#next"');
  });

  it("marks the step that failed, at the end of the chain that led there", () => {
    const page = reportPage(failedRun());
    expect(page.match(/<rect class="failed"/g)).toHaveLength(1);
    expect(page).toMatch(/<strong>Install Knative Serving<\/strong> <span class="tag">failed/);
  });

  it("leaves out what was not begun and had nothing to do", () => {
    const step = (id: string, planned: number) => ({
      ...{
        id,
        title: `Step ${id}`,
        status: "not started" as const,
        startedAt: 0,
        seconds: 0,
        changes: [],
        findings: [],
      },
      planned,
    });
    const failed = failedRun();
    const timeline = sectionOf(
      reportPage({ ...failed, report: { ...report, steps: [step("idle", 0), step("open", 2)] } }),
      "timeline",
    );
    expect(timeline).toContain("Step open not started");
    expect(timeline).not.toContain("Step idle");
  });

  const without = (done: readonly string[], id: string, behind?: string) => {
    const steps = [
      { id: "ingress", status: "done" as const },
      { id: "address", status: "not started" as const },
      { id: "gateway-tls", status: "done" as const },
      { id: "proof", status: "failed" as const, error: "no answer" },
    ].map((step, index) => ({
      title: step.id,
      startedAt: index,
      seconds: 1,
      changes: [],
      findings: [],
      ...step,
      ...(done.includes(step.id) ? { status: "done" as const } : {}),
    }));
    const problem = { id, what: "No answer.", remedy: { text: "Look." }, exitCode: 1 };
    const cause = { id: behind ?? "", summary: "NXDOMAIN", remedy: { text: "Delegate it." } };
    return reportPage(
      record(
        [
          { type: "plan", plan },
          { type: "step-started", step: "ingress", title: "ingress", changes: 1 },
        ],
        (recorder) => {
          recorder.see({ ...STATUS, url: "http://<service>-<namespace>.apps.example.com" });
          recorder.report({ outcome: "failed", seconds: 4, error: new Error("no answer"), steps }, []);
          recorder.problem(behind === undefined ? problem : { ...problem, behind: cause });
        },
      ),
    );
  };

  it("names the place that is broken, not the one where that is felt", () => {
    const page = without([], "proof.ready", "dns.delegated");
    expect(sectionOf(page, "topology")).toMatch(/DNS ✗ failed here .*Service ○ not reached/);
    expect(sectionOf(page, "problem")).toMatch(/Behind it is dns\.delegated : NXDOMAIN\. Delegate it\./);
    expect(sectionOf(without([], "proof.ready"), "topology")).toMatch(/Service ✗ failed here/);
    expect(sectionOf(without([], "certificate.usable"), "topology")).toMatch(/Gateway ✗ failed here/);
  });

  it("says of an address that is known that it is in place, and https where that was planned", () => {
    const text = sectionOf(without([], "proof.ready"), "topology");
    expect(text).toMatch(/Address ✓ in place Address: 203\.0\.113\.7/);
    expect(text).toContain("URL: https://<service>-<namespace>.apps.example.com");
    expect(text).not.toContain("http://");
  });

  it("of one that was interrupted before its report is pieced together from what was said", () => {
    const page = reportPage(
      record(
        [
          ...BEFORE,
          { type: "step-started", step: "crds", title: "Install CRDs", changes: 12 },
          {
            type: "step-done",
            step: "crds",
            title: "Install CRDs",
            seconds: 1,
            changes: [],
            findings: [found("12 established")],
          },
          { type: "step-started", step: "core", title: "Install Knative Serving", changes: 60 },
          waiting("core", "serving.deployments", "0 of 1 available"),
        ],
        ({ problem }) =>
          problem({ id: "interrupted", what: "Interrupted.", remedy: { text: "Run it again." }, exitCode: 130 }),
      ),
    );
    expect(textOf(page)).toContain("– Interrupted After 3.0 s: 1 of 6 steps done");
    expect(sectionOf(page, "timeline")).toMatch(
      /0 of 1 available Look at serving\.deployments\. kubectl describe core/,
    );
    expect(sectionOf(page, "timeline")).toMatch(/Set the domain not started/);
  });

  it("of one that was refused before its first step has no timeline, and says that nothing was changed", () => {
    const page = reportPage(
      record(BEFORE.slice(0, 2), ({ problem }) =>
        problem({ id: "cluster.version", what: "Too old.", remedy: { text: "Upgrade it." }, exitCode: 2 }),
      ),
    );
    expect(textOf(page)).toMatch(/Failed After 2\.0 s: no step was begun, nothing was changed/);
    expect(page).not.toContain('id="timeline"');
    expect(sectionOf(page, "checks")).toMatch(/cluster\.version failed Too old\. Upgrade it/);
  });

  it("of one with nothing to do, and of one that was not agreed to, says so", () => {
    const idle: Event = { type: "plan", plan: { goal: "present", steps: [] } };
    const healthy = reportPage(record([idle], ({ see }) => see(STATUS)));
    expect(textOf(healthy)).toContain("Nothing to do Everything is as it should be.");
    expect(sectionOf(healthy, "topology")).toContain("Address: 203.0.113.7");
    expect(textOf(reportPage(record(BEFORE)))).toContain("Nothing was changed: the plan was not agreed to.");
  });

  it("of an uninstall draws no way to what is gone", () => {
    const page = reportPage(record([{ type: "plan", plan: { ...plan, goal: "absent" } }]));
    expect(page).not.toContain('id="topology"');
    expect(page).not.toContain('id="certificate"');
  });
});

const HOSTILE = `"><script>alert('x')</script><img src=x onerror=alert(1)>&{{\u202Eevil\u0007\uD800`;

describe("texts from elsewhere", () => {
  /** Every text of a value replaced, but for those that the page chooses by. */
  const replaced = <T>(value: T, by: string, key = ""): T => {
    const chosen = /^(type|kind|action|status|outcome|goal|level|by|step|due|notAfter|id)$/.test(key);
    if (typeof value === "string") return (chosen ? value : by) as T;
    if (Array.isArray(value)) return value.map((item) => replaced(item, by, key)) as T;
    if (value instanceof Date || typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, by, name)])) as T;
  };

  it.each([
    ["done", wholeRun()],
    ["failed", failedRun()],
  ])("are never markup, wherever they stand (%s)", (_name, recording: Recording) => {
    const page = reportPage(replaced(recording, HOSTILE));
    expect(page).toContain("&lt;script&gt;alert(&#39;x&#39;)");
    expect(page.match(/<script/gi)).toHaveLength(1);
    expect(page).not.toMatch(/<img|alert\('x'\)/i);
    expect(page.replaceAll("\n", "")).not.toMatch(/[\u202E\p{Cc}\p{Cs}]/u);
    const tags = (text: string) => text.match(/<\/?(section|h\d|li|table|script|pre|p|a)\b/g);
    expect(tags(page)).toEqual(tags(reportPage(replaced(recording, "harmless"))));
  });

  it("hold no secret: neither data of Secrets nor tokens, wherever they were said", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "wildcard-tls", namespace: "kn-bootstrap" },
      data: { "tls.key": "aHVudGVyMg==" },
    };
    const token = "Bearer abcdefghijklmnopqrstuvwxyz";
    const secretChange = change("update", secret, {
      fields: [{ path: '.data["tls.key"]', from: "b2xk", to: "aHVudGVyMg==" }],
    });
    const page = reportPage(
      record(
        [
          {
            type: "plan",
            plan: { goal: "present", steps: [{ step: "a", title: token, changes: [secretChange], notes: [token] }] },
          },
          { type: "note", level: "warning", text: token },
          { type: "step-started", step: "a", title: "A", changes: 1 },
          waiting("a", "a.b", `token=abc123 ${token}`),
          { type: "change-done", step: "a", change: secretChange },
        ],
        (recorder) => {
          recorder.see({ ...STATUS, problems: [token] });
          recorder.report({ ...report, steps: [{ ...report.steps[0], id: "a", summary: token } as never] }, [
            { text: token, command: sh`curl -H 'Authorization: Basic aHVudGVyMg=='` },
          ]);
          recorder.problem({ id: "a.b", what: token, why: token, remedy: { text: token }, exitCode: 1 });
        },
        { ...ASKED, commandLine: `kn-bootstrap install --config https://me:hunter2@example.com` },
      ),
    );
    expect(page).not.toMatch(/aHVudGVyMg|b2xk|abc123|abcdefghij|hunter2/);
    expect(page).toContain("[redacted]");
  });
});

describe("its size", () => {
  it("is bounded, whatever the run", () => {
    const long = "x ".repeat(1_500);
    const many = <T>(number: number, make: (index: number) => T): readonly T[] =>
      Array.from({ length: number }, (_, index) => make(index));
    const fields = many(45, (index) => ({ path: `.data.f${index}`, from: "x".repeat(400), to: 1 }));
    const config = (index: number) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${index}` } });
    const huge: Plan = {
      goal: "present",
      steps: many(12, (index) => ({
        step: `s${index}`,
        title: `Step ${index}`,
        notes: [long],
        changes: many(15, (other) => change("update", config(other), { fields })),
      })),
    };
    const page = reportPage(
      record(
        [
          { type: "plan", plan: huge },
          ...many(500, (index): Event => ({ type: "note", level: "warning", text: `${index} ${long}` })),
          { type: "step-started", step: "s0", title: "S", changes: 1 },
          ...many(500, (index): Event => waiting("s0", "a.b", `${index} ${long}`)),
        ],
        ({ problem }) => problem({ id: "a.b", what: long, remedy: { text: long, command: sh`${long}` }, exitCode: 1 }),
      ),
    );
    expect(page.length).toBeLessThan(1_000_000);
    expect(sectionOf(page, "plan")).toMatch(/… and \d+ more: Step \d+/);
  });
});

/** WCAG 2.2, relative luminance and contrast ratio. */
const luminance = (colour: string): number =>
  [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0);
const contrast = (a: string, b: string): number => {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};

describe("its look", () => {
  it.each([
    ["light", LIGHT],
    ["dark", DARK],
  ])("has texts with a contrast of 4.5 and bars with one of 3 (%s)", (_name, palette) => {
    for (const ground of [palette.ground, palette.panel]) {
      for (const name of ["ink", "soft", "link", "good", "warn", "bad"] as const)
        expect(contrast(palette[name], ground), name).toBeGreaterThan(4.5);
      expect(contrast(palette.work, ground)).toBeGreaterThan(3);
    }
  });
});
