import { longestChain } from "../../core/critical-path.ts";
import { elapsed } from "../reporter/look.ts";
import { clip, firsts, html, type Markup } from "./html.ts";
import type { StepView, Wait } from "./steps.ts";

/** How many reasons are shown of one step. */
const MOST_WAITS = 8;
/** Reasons that passed quicker than this are not shown. */
const WORTH_SECONDS = 0.15;

/**
 * Where the time went: a bar for each step on one common axis, the waits in it lighter, their reasons below, and which steps made up
 * the whole time.
 */
export const timelineSection = (steps: readonly StepView[], seconds: number): Markup => {
  const total = Math.max(seconds, 0.001, ...steps.map((step) => step.startedAt + step.seconds));
  const chain = longestChain(steps);
  return html`<section aria-labelledby="timeline">
<h2 id="timeline">Timeline</h2>
<p class="legend"><span class="key work" aria-hidden="true"></span> working <span class="key wait" aria-hidden="true"></span> waiting for the reason below${
    chain.size > 0 ? html` <strong>Bold</strong> the chain of steps that took longest` : undefined
  }</p>
<table class="timeline" role="table" aria-labelledby="timeline">
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Step</th><th scope="col" role="columnheader" class="number">Time</th><th scope="col" role="columnheader"><span class="axis"><span>0 s</span><span>${elapsed(total / 2)}</span><span>${elapsed(total)}</span></span></th></tr></thead>
<tbody role="rowgroup">
${steps.filter(isWorthARow).map((step) => row(step, { total, chain, before: lastOf(step, steps) }))}</tbody>
</table>
</section>`;
};

/** What was not begun is told where there was something to do. */
const isWorthARow = ({ status, planned }: StepView): boolean => status !== "not started" || planned !== 0;

/** The step that was done last among those that this one needs. */
const lastOf = ({ needs = [] }: StepView, steps: readonly StepView[]): StepView | undefined =>
  steps
    .filter(({ id }) => needs.includes(id))
    .toSorted((a, b) => a.startedAt + a.seconds - (b.startedAt + b.seconds))
    .at(-1);

interface Common {
  /** Seconds of the whole axis. */
  readonly total: number;
  readonly chain: ReadonlySet<string>;
  readonly before: StepView | undefined;
}

const row = (step: StepView, { total, chain, before }: Common): Markup => {
  const begun = step.status !== "not started";
  const worth = step.waits.filter(
    (wait, index) =>
      wait.until - wait.from >= WORTH_SECONDS || (step.status !== "done" && index === step.waits.length - 1),
  );
  const { shown, left } = firsts(worth, MOST_WAITS);
  return html`<tr role="row" class="${step.status.replace(" ", "-")}"><th scope="row" role="rowheader">${begun && chain.has(step.id) ? html`<strong>${step.title}</strong>` : step.title}${
    step.status === "done" ? undefined : html` <span class="tag">${step.status}</span>`
  }${begun && before ? html` <span class="after">after: ${before.title}</span>` : undefined}</th><td role="cell" class="number">${begun ? elapsed(step.seconds) : "–"}</td><td role="cell">${
    begun ? bar(step, total) : undefined
  }${shown.length > 0 ? html`<ul class="waits">${shown.map(waitItem)}${left > 0 ? html`<li>… and ${left} more</li>` : undefined}</ul>` : undefined}${
    step.status === "failed" ? html`<p class="bad">${clip(step.error ?? "")}</p>` : undefined
  }</td></tr>
`;
};

const waitItem = ({ from, until, reason, remedy }: Wait): Markup =>
  html`<li><span class="number">${elapsed(from)} – ${elapsed(until)}</span> ${clip(reason)}${
    remedy
      ? html`<br>${remedy.text}${remedy.command ? html` <code>${clip(remedy.command)}</code>` : undefined}`
      : undefined
  }</li>`;

/** Width of the picture in its own units; the browser stretches it to its column. */
const WIDTH = 1000;
const NARROWEST = 4;
const MOST_PIECES = 100;

const bar = (step: StepView, total: number): Markup => {
  const x = (seconds: number): number => Math.min(WIDTH, Math.max(0, (seconds / total) * WIDTH));
  const piece = (from: number, until: number, kind: string, title: string): Markup => {
    const left = Math.min(x(from), WIDTH - NARROWEST);
    return html`<rect class="${kind}" x="${left}" y="2" width="${Math.max(NARROWEST, x(until) - left)}" height="12"><title>${title}</title></rect>`;
  };
  const end = step.startedAt + step.seconds;
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path class="grid" d="M0 0V16M500 0V16M1000 0V16"/>${piece(
    step.startedAt,
    end,
    "work",
    `${step.title}, ${elapsed(step.seconds)}`,
  )}${firsts(step.waits, MOST_PIECES).shown.map(({ from, until, reason }) => piece(from, until, "wait", clip(reason, 200)))}${
    step.status === "failed" ? piece(end, end, "failed", clip(step.error ?? "", 200)) : undefined
  }</svg>`;
};
