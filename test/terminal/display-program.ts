// What the command line makes of a run, without a cluster: the same few events each time. It goes on when the file that GATE
// names is there.

import { existsSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandContext } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/index.ts";
import type { Report } from "../../src/core/run.ts";
import { Interrupted } from "../../src/ports/error.ts";
import { found } from "../cli/found.ts";
import { fakeHost } from "../cli/host.ts";
import { change, failedReport, next, plan, report } from "../cli/plans.ts";

const stop = new AbortController();
process.on("SIGINT", () => stop.abort(new Interrupted("SIGINT")));

const namespace = change("create", { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } });
writeFileSync(`${process.env.GATE}.pid`, String(process.pid));

const gate = async (): Promise<boolean> => {
  while (!existsSync(process.env.GATE ?? "") && !stop.signal.aborted) await sleep(20);
  return !stop.signal.aborted;
};

const run = async (ctx: CommandContext): Promise<number> => {
  const { emit } = ctx;
  emit({ type: "target", context: "kind-kind", server: "https://127.0.0.1:6443", version: "1.36.2" });
  emit({ type: "plan", plan });
  if (!(await ctx.confirm("Apply this to context kind-kind?"))) return 0;
  emit({ type: "step-started", step: "crds", title: "Install the custom resource definitions", changes: 2 });
  emit({
    type: "step-done",
    step: "crds",
    title: "Install the custom resource definitions",
    seconds: 0.4,
    changes: [],
    findings: [found("12 established")],
  });
  for (let index = 1; index <= 5; index++) {
    const step = `step-${index}`;
    emit({ type: "step-started", step, title: `Install part ${index} of what there is to install`, changes: 3 });
    emit({ type: "change-done", step, change: namespace });
    emit({
      type: "waiting",
      step,
      check: "a.b",
      reason: `Deployment knative-serving/part-${index}: 0 of 1 available, as its image is still being pulled`,
      remedy: { text: "Wait." },
    });
  }
  await sleep(200);
  emit({ type: "note", level: "warning", text: "A warning in the middle." });
  const passed = await gate();
  if (!passed) {
    const { error: _error, ...cut } = failedReport;
    const interrupted: Report = { ...cut, outcome: "interrupted", error: new Interrupted("SIGINT") };
    return ctx.finish(interrupted, []);
  }
  for (let index = 1; index <= 5; index++)
    emit({
      type: "step-done",
      step: `step-${index}`,
      title: `Install part ${index}`,
      seconds: 1,
      changes: [],
      findings: [found("available")],
    });
  return ctx.finish(report, next);
};

process.exitCode = await runCli(
  {
    argv: process.argv.slice(2),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    adapters: fakeHost([]).adapters,
  },
  [{ name: "install", summary: "Install", run }],
);
process.stdin.unref();
