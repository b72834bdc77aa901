import { describe, expect, it } from "vitest";
import { problemOf, problemText } from "../../src/cli/fatal.ts";
import { jsonReporter } from "../../src/cli/reporter/json.ts";
import type { Look } from "../../src/cli/reporter/look.ts";
import { plainReporter } from "../../src/cli/reporter/plain.ts";
import type { Event } from "../../src/core/event.ts";
import { ApiError, Unreachable } from "../../src/ports/cluster.ts";
import { Interrupted, UserError } from "../../src/ports/error.ts";
import { joined, sh } from "../../src/ports/shell.ts";
import { readLine } from "../json-line.ts";
import { found } from "./found.ts";
import { change, failedReport, next, plan, report } from "./plans.ts";

const LOOK: Look = { columns: 80, color: false, unicode: true };

const plain = (options: { quiet?: boolean; verbose?: boolean; results?: boolean } = {}) => {
  const out: string[] = [];
  const err: string[] = [];
  const reporter = plainReporter({
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
    look: LOOK,
    quiet: false,
    verbose: false,
    results: true,
    ...options,
  });
  return { reporter, out: () => out.join(""), err: () => err.join("") };
};

const json = () => {
  const out: string[] = [];
  const text = (): string => out.join("");
  return {
    reporter: jsonReporter((line) => out.push(line)),
    text,
    lines: () => text().trimEnd().split("\n").map(readLine),
  };
};

const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "wildcard-tls", namespace: "kn-bootstrap" },
  data: { "tls.key": "aHVudGVyMg==" },
};
const secretChange = change("update", secret, {
  uid: "1",
  fields: [{ path: '.data["tls.key"]', from: "b2xk", to: "aHVudGVyMg==" }],
});

/** One of each kind, in the order of a run. */
const EVENTS: readonly Event[] = [
  { type: "target", context: "kind-kind", server: "https://127.0.0.1:6443", version: "1.36.2" },
  { type: "note", level: "info", text: "Kubernetes is new enough." },
  { type: "note", level: "warning", text: "Two nodes only." },
  { type: "download", file: "serving-core.yaml", bytes: 100_000, total: 1_234_567 },
  { type: "download", file: "serving-core.yaml", bytes: 1_234_567, total: 1_234_567 },
  { type: "check", id: "cluster.version", title: "The server is new enough", status: "ok", summary: "1.36.2" },
  {
    type: "check",
    id: "cluster.capacity",
    title: "There is room",
    status: "warn",
    summary: "2 of 6 vCPU",
    remedy: { text: "Add a node.", command: sh`kubectl get nodes` },
  },
  { type: "plan", plan },
  { type: "step-started", step: "crds", title: "Install CRDs", changes: 12 },
  { type: "step-started", step: "hpa", title: "Install HPA", changes: 0 },
  { type: "step-done", step: "hpa", title: "Install HPA", seconds: 0.01, changes: [], findings: [] },
  { type: "change-done", step: "crds", change: secretChange },
  { type: "waiting", step: "crds", check: "crds.established", reason: "3 of 12 established" },
  { type: "waiting", step: "crds", check: "crds.established", reason: "3 of 12 established" },
  {
    type: "step-done",
    step: "crds",
    title: "Install CRDs",
    seconds: 2.13,
    changes: [],
    findings: [found("12 established")],
  },
  {
    type: "step-failed",
    step: "core",
    title: "Install Knative Serving",
    seconds: 31,
    error: "ImagePullBackOff: 401 from gcr.io",
  },
  { type: "step-skipped", step: "proof", title: "Prove", reason: "an earlier step failed" },
];

describe("progress for people", () => {
  const run = (options = {}) => {
    const all = plain(options);
    for (const event of EVENTS) all.reporter.emit(event);
    return all;
  };

  it("is on stderr, line by line; the plan is on stdout", async () => {
    const { out, err } = run();
    await expect(err()).toMatchFileSnapshot("golden/progress.txt");
    expect(out()).toContain("Plan: 10 to create");
  });

  it("says each reason to wait once", () => {
    expect(
      run()
        .err()
        .match(/3 of 12 established/g),
    ).toHaveLength(1);
  });

  it("with -q says only which cluster it is, and bad news", async () => {
    const { out, err } = run({ quiet: true });
    await expect(err()).toMatchFileSnapshot("golden/progress-quiet.txt");
    expect(out()).toContain("Plan: 10 to create");
  });

  it("with -v names every check and every object", async () => {
    await expect(run({ verbose: true }).err()).toMatchFileSnapshot("golden/progress-verbose.txt");
  });

  it("leaves plan and report to JSON where that is the result", () => {
    const { reporter, out } = run({ results: false });
    reporter.report(report, next);
    expect(out()).toBe("");
  });

  it("shows no secret", () => {
    const { reporter, out, err } = plain({ verbose: true });
    reporter.emit({
      type: "plan",
      plan: { goal: "present", steps: [{ step: "a", title: "A", changes: [secretChange], notes: ["token=abc123"] }] },
    });
    reporter.emit({ type: "note", level: "warning", text: "Authorization: Bearer abcdefghijklmnopqrstuvwxyz" });
    expect(out() + err()).not.toMatch(/aHVudGVyMg|b2xk|abc123|abcdefghij/);
    expect(out()).toContain("[redacted]");
  });
});

describe("JSON for programs", () => {
  it("is one line for each event, whose shape is stable", async () => {
    const { reporter, lines, text } = json();
    for (const event of EVENTS) reporter.emit(event);
    reporter.report(report, next);
    reporter.report(failedReport, []);
    reporter.problem(
      problemOf(
        new UserError({
          id: "a.b",
          what: "What.",
          why: "Why.",
          remedy: { text: "Do.", command: sh`x` },
          kind: "input",
        }),
      ),
    );
    expect(lines().map(({ type }) => type)).toEqual([...EVENTS.map(({ type }) => type), "report", "report", "error"]);
    await expect(text()).toMatchFileSnapshot("golden/events.ndjson");
  });

  it("says what a change is about, not the whole object, and never a secret", () => {
    const { reporter, lines } = json();
    reporter.emit({ type: "change-done", step: "a", change: secretChange });
    expect(lines()).toEqual([
      {
        type: "change-done",
        v: 1,
        step: "a",
        change: {
          kind: "object",
          action: "update",
          manager: "kn-bootstrap",
          fields: [{ path: '.data["tls.key"]', from: "[redacted]", to: "[redacted]" }],
          conflicts: [],
          confirmed: true,
          object: { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" },
        },
      },
    ]);
  });
});

describe("errors", () => {
  const unreachable = new Unreachable("https://10.0.0.1:6443", "connect ECONNREFUSED 10.0.0.1:6443");
  const refused = new ApiError({
    status: 403,
    reason: "Forbidden",
    message: "namespaces is forbidden",
    request: "GET /api/v1/namespaces",
  });
  const user = new UserError({
    id: "a.b",
    what: "It broke",
    why: "Because.",
    remedy: { text: "Mend it:", command: joined("\n", [sh`mend --it`, sh`mend --more`]) },
    kind: "input",
  });

  it.each([
    ["wrong input", user, {}, 2],
    ["wrong input, found while changing", user, { changing: true }, 1],
    ["a cluster that does not answer", unreachable, {}, 2],
    ["a cluster that dies in the middle", unreachable, { changing: true }, 1],
    ["an answer that is a refusal", refused, {}, 1],
    ["Ctrl-C", new Interrupted("SIGINT"), {}, 130],
    ["SIGTERM", new Interrupted("SIGTERM"), { changing: true }, 143],
    ["a bug", new TypeError("x is undefined"), {}, 1],
    ["a thrown text", "oops", {}, 1],
  ])("%s", async (name, error, options, exitCode) => {
    const problem = problemOf(error, options);
    expect(problem.exitCode).toBe(exitCode);
    await expect(problemText(problem, { ...LOOK, columns: 60 })).toMatchFileSnapshot(
      `golden/error-${name.replaceAll(/\W+/g, "-")}.txt`,
    );
  });

  it.each([
    ["40", { columns: 40 }],
    ["80", {}],
    ["120", { columns: 120 }],
    ["ascii", { unicode: false }],
    ["colour", { color: true }],
  ])("in %s", async (name, look: Partial<Look>) => {
    const problem = problemOf(
      new UserError({
        id: "release.unavailable",
        what: "serving/1.23.0/serving-core.yaml can be had from nowhere – “not found”",
        why: "https://mirror.example.com answered 404",
        remedy: {
          text: "Give a mirror that has it:",
          command: sh`kn-bootstrap install --release-mirror https://mirror.example.com/knative`,
        },
        kind: "failed",
      }),
    );
    await expect(problemText(problem, { ...LOOK, ...look })).toMatchFileSnapshot(`golden/error-in-${name}.txt`);
  });

  it("keeps the stack of a bug for -v", () => {
    const bug = new TypeError("x is undefined");
    expect(problemText(problemOf(bug), LOOK)).not.toContain("reporters.test");
    expect(problemText(problemOf(bug, { verbose: true }), LOOK)).toContain("reporters.test");
  });
});
