import type { Remedy } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import { BUG, type Problem } from "../fatal.ts";
import { elapsed } from "../reporter/look.ts";
import { clip, html, type Markup } from "./html.ts";
import { isWhole } from "./places.ts";
import { eventsOf, type Recording } from "./recording.ts";
import { remedyPart } from "./remedy.ts";
import type { StepView } from "./steps.ts";

export interface CheckRow {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly found: string;
  readonly remedy?: Remedy;
}

/** Ids of waits that are for no check. */
const NO_CHECKS: ReadonlySet<string> = new Set(["apply", "plan"]);

const WORDS: Readonly<Record<string, readonly [word: string, kind: string]>> = {
  ok: ["ok", "good"],
  skipped: ["skipped", "soft"],
  warn: ["warning", "warn"],
  fail: ["failed", "bad"],
  unknown: ["unknown", "warn"],
};

/** All checks of a run: those before it, in it and after it. */
export const checksOf = (recording: Recording, steps: readonly StepView[]): readonly CheckRow[] => {
  const { problem, status } = recording;
  const before = eventsOf(recording, "check").map(({ event }) => ({
    id: event.id,
    title: event.title,
    status: event.status,
    found: event.summary,
    ...("remedy" in event ? { remedy: event.remedy } : {}),
  }));
  const during = steps.flatMap((step): readonly CheckRow[] =>
    [...new Set(step.waits.map(({ check }) => check))].flatMap((id) =>
      NO_CHECKS.has(id) ? [] : [waitedFor(id, step, problem)],
    ),
  );
  const named = new Set([...before, ...during].map(({ id }) => id));
  const refused: readonly CheckRow[] =
    problem && problem.id !== BUG && problem.exitCode <= 128 && !named.has(problem.id)
      ? [{ id: problem.id, title: "What ended the run", status: "fail", found: problem.what, remedy: problem.remedy }]
      : [];
  const after: readonly CheckRow[] =
    status && (status.problems.length > 0 || isWhole(recording, steps))
      ? [
          {
            id: "status.deployments",
            title: "Every Deployment is available",
            status: status.problems.length === 0 ? "ok" : "fail",
            found: status.problems.join("; ") || "all of them, at the end",
            ...(status.problems.length === 0
              ? {}
              : {
                  remedy: { text: "Look at the pods.", command: sh`kubectl get pods --all-namespaces` },
                }),
          },
        ]
      : [];
  return [...before, ...during, ...refused, ...after];
};

/** The row of a check that was waited for. */
const waitedFor = (id: string, step: StepView, problem: Problem | undefined): CheckRow => {
  const own = step.waits.filter(({ check }) => check === id);
  const last = own.at(-1);
  const row = { id, title: step.title };
  if (step.status === "failed" && problem?.id === id)
    return { ...row, status: "fail", found: problem.what, remedy: problem.remedy };
  if (step.status !== "done" && last === step.waits.at(-1))
    return { ...row, status: "unknown", found: last?.reason ?? "", ...(last?.remedy ? { remedy: last.remedy } : {}) };
  const seconds = (last?.until ?? 0) - (own[0]?.from ?? 0);
  return { ...row, status: "ok", found: `after ${elapsed(seconds)} of waiting` };
};

export const checksSection = (rows: readonly CheckRow[]): Markup => html`<section aria-labelledby="checks">
<h2 id="checks">Checks</h2>
<table class="facts" aria-labelledby="checks">
<thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col">What was found</th></tr></thead>
<tbody>
${rows.map(({ id, title, status, found, remedy }) => {
  const [word, kind] = WORDS[status] ?? [status, "soft"];
  return html`<tr><th scope="row">${title}<br><code class="soft">${id}</code></th><td class="${kind}">${word}</td><td>${clip(found)}${remedy ? remedyPart(remedy) : undefined}</td></tr>
`;
})}</tbody>
</table>
</section>`;
