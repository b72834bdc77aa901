import { byKind, isTemporary, type RecordsChange, subjectOf } from "../../changes/index.ts";
import type { ChangeBase, FieldDifference, Plan, StepPlan } from "../../core/change.ts";
import { describe } from "../../ports/object.ts";
import { zoneLabel } from "../../ports/zones.ts";
import { count } from "../reporter/look.ts";
import {
  accountText,
  choiceText,
  contentOf,
  fieldsToShow,
  fold,
  foldedParts,
  recordSetName,
  remark,
  valueText,
} from "../reporter/plan.ts";
import { clip, firsts, fitting, html, type Markup } from "./html.ts";

const MARKS = { create: "+", update: "~", delete: "−" } as const;

// Limits in characters of markup, so that the page loads fast.
const ROOM_FOR_A_STEP = 100_000;
const ROOM_FOR_ALL = 600_000;

/** How many records, fields or warnings of one change are shown. */
const MOST_LINES = 40;

/** The plan that was agreed to, step by step. Each step can be opened. */
export const planSection = (plan: Plan): Markup => {
  const steps = plan.steps.filter((step) => step.changes.length > 0 || step.notes.length > 0);
  const quiet = plan.steps.length - steps.length;
  const { shown, left } = fitting(steps.map(stepDetails), ROOM_FOR_ALL);
  return html`<section aria-labelledby="plan">
<h2 id="plan">Plan</h2>
<p>${totals(plan.steps.flatMap(({ changes }) => changes))}</p>
${choices(plan)}${shown}
${
  left > 0
    ? html`<p>… and ${left} more: ${clip(
        steps
          .slice(-left)
          .map(({ title }) => title)
          .join(", "),
      )}</p>`
    : undefined
}
${quiet > 0 ? html`<p class="soft">${count(quiet, "step")} had nothing to change.</p>` : undefined}
</section>`;
};

const choices = ({ choices = [] }: Plan): Markup | undefined =>
  choices.length === 0
    ? undefined
    : html`<p>Choices that change:</p>
<ul class="changes">${choices.map(
        (choice) =>
          html`<li>${mark(choice.from === undefined ? "create" : "update")} ${choice.option}: ${clip(choiceText(choice), 400)}${
            choice.means ? html`<br><span class="soft">${choice.means}</span>` : undefined
          }</li>`,
      )}</ul>
`;

const totals = (changes: readonly ChangeBase[]): string => {
  const lasting = changes.filter((change) => !isTemporary(change));
  const number = (action: ChangeBase["action"]): number => lasting.filter((change) => change.action === action).length;
  const passing = changes.length - lasting.length;
  return `${number("create")} to create, ${number("update")} to update, ${number("delete")} to delete${passing > 0 ? `, ${passing} for the run only` : ""}.`;
};

const stepDetails = ({ title, changes, notes }: StepPlan): Markup => {
  const { shown, left } = fitting(fold(changes, false).map(changeItem), ROOM_FOR_A_STEP);
  const contested = changes.some((change) => change.conflicts && change.conflicts.length > 0);
  return html`<details${contested ? html` open` : undefined}>
<summary>${title} <span class="soft">${changes.length > 0 ? count(changes.length, "change") : "a note"}</span></summary>
<ul class="changes">${shown}${left > 0 ? html`<li>… and ${left} more</li>` : undefined}</ul>
${firsts(notes, MOST_LINES).shown.map((note) => html`<p>${clip(note)}</p>`)}
</details>
`;
};

const changeItem = (changes: readonly ChangeBase[]): Markup => {
  const [first] = changes;
  if (!first) return html``;
  if (changes.length === 1) return itemOf(first);
  const [title, names] = foldedParts(changes);
  return item(first, html`${title}: <span class="soft">${clip(names, 4_000)}</span>`);
};

const item = (change: ChangeBase, subject: Markup, fields: readonly FieldDifference[] = []): Markup => {
  const { shown, left } = firsts(fields, MOST_LINES);
  return html`<li>${mark(change.action)} ${subject}${
    shown.length > 0
      ? html`<ul>${shown.map(
          ({ path, from, to }) =>
            html`<li>${mark(from === undefined ? "create" : to === undefined ? "delete" : "update")} <code>${clip(path, 300)}</code>: ${values(from, to)}</li>`,
        )}${left > 0 ? html`<li>… and ${left} more</li>` : undefined}</ul>`
      : undefined
  }${conflicts(change)}</li>`;
};

/** As in the terminal: every kind that has nothing of its own to say shows its subject and its differences. */
const itemOf = byKind<[], Markup>(
  {
    certificate: (change) => {
      const { names, issuer, secret, reason, remarks = [] } = change;
      const soft = remarks.map((text) => html`<br><span class="soft">${clip(text)}</span>`);
      return item(
        change,
        html`Certificate for ${clip(names.join(", "))} by ${issuer} in ${describe(secret)}: ${reason}${soft}`,
      );
    },
    records: (change) => recordsItem(change),
    account: (change) => item(change, html`${accountText(change)}`),
  },
  (change) => item(change, html`${subjectOf(change)}${remark(change)}`, fieldsToShow(change)),
);

const recordsItem = (change: RecordsChange): Markup => {
  const { zone, sets, shadows } = change;
  const warned = firsts(shadows, MOST_LINES);
  return html`<li>In zone ${zoneLabel(zone)}, all at once:<ul>${firsts(sets, MOST_LINES).shown.map(
    (set) =>
      html`<li>${mark(set.from === undefined ? "create" : set.to === undefined ? "delete" : "update")} <code>${recordSetName(zone, set)}</code>: ${clip(
        [set.from, set.to].flatMap((side) => (side ? [contentOf(side)] : [])).join(" → "),
        400,
      )}</li>`,
  )}${warned.shown.map((text) => html`<li class="warn">${mark("warn")} ${clip(text)}</li>`)}${
    warned.left > 0 ? html`<li>… and ${warned.left} more</li>` : undefined
  }</ul>${conflicts(change)}</li>`;
};

const conflicts = (change: ChangeBase): Markup | undefined => {
  const { shown, left } = firsts(change.conflicts ?? [], MOST_LINES);
  if (shown.length === 0) return undefined;
  return html`<ul>${shown.map(
    ({ path, owner, from, to }) =>
      html`<li class="warn">${mark("warn")} <code>${clip(path, 300)}</code> belongs to ${owner}${
        from === undefined && to === undefined ? undefined : html`: ${values(from, to)}`
      }</li>`,
  )}${left > 0 ? html`<li>… and ${left} more</li>` : undefined}</ul>`;
};

const values = (from: unknown, to: unknown): Markup =>
  html`${[from, to].flatMap((value, index) =>
    value === undefined
      ? []
      : [html`${index === 1 && from !== undefined ? " → " : ""}<code>${clip(valueText(value, true), 300)}</code>`],
  )}`;

const NAMES = { create: "create", update: "update", delete: "delete", warn: "attention" } as const;

/** A sign, with a word for screen readers. */
const mark = (action: keyof typeof NAMES): Markup =>
  html`<span class="mark ${action}" role="img" aria-label="${NAMES[action]}">${action === "warn" ? "!" : MARKS[action]}</span>`;
