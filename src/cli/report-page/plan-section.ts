import { type Change, conflictsOfChange, type Plan, type RecordsChange, type StepPlan } from "../../core/change.ts";
import { describe } from "../../ports/object.ts";
import { count } from "../reporter/look.ts";
import { choiceText, contentOf, differences, fold, isTemporary, nameOf, remark, valueText } from "../reporter/plan.ts";
import { clip, firsts, fitting, html, type Markup } from "./html.ts";

const MARKS = { create: "+", update: "~", delete: "−" } as const;

// In characters of markup: a page that takes long to load is not looked at.
const ROOM_FOR_A_STEP = 100_000;
const ROOM_FOR_ALL = 600_000;

/** Records, fields, warnings of one change. */
const MOST_LINES = 40;

/** What was agreed to, step by step; each can be opened. */
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

const totals = (changes: readonly Change[]): string => {
  const lasting = changes.filter((change) => !isTemporary(change));
  const number = (action: Change["action"]): number => lasting.filter((change) => change.action === action).length;
  const passing = changes.length - lasting.length;
  return `${number("create")} to create, ${number("update")} to update, ${number("delete")} to delete${passing > 0 ? `, ${passing} for the run only` : ""}.`;
};

const stepDetails = ({ title, changes, notes }: StepPlan): Markup => {
  const { shown, left } = fitting(fold(changes, false).map(changeItem), ROOM_FOR_A_STEP);
  const contested = changes.some((change) => conflictsOfChange(change).length > 0);
  return html`<details${contested ? html` open` : undefined}>
<summary>${title} <span class="soft">${changes.length > 0 ? count(changes.length, "change") : "a note"}</span></summary>
<ul class="changes">${shown}${left > 0 ? html`<li>… and ${left} more</li>` : undefined}</ul>
${firsts(notes, MOST_LINES).shown.map((note) => html`<p>${clip(note)}</p>`)}
</details>
`;
};

const changeItem = (changes: readonly Change[]): Markup => {
  const [first] = changes;
  if (!first) return html``;
  if (first.kind === "records") return recordsItem(first);
  const fields = first.kind === "object" && changes.length === 1 ? firsts(differences(first), MOST_LINES) : undefined;
  return html`<li>${mark(first.action)} ${subject(changes, first)}${
    fields && fields.shown.length > 0
      ? html`<ul>${fields.shown.map(
          ({ path, from, to }) =>
            html`<li>${mark(from === undefined ? "create" : to === undefined ? "delete" : "update")} <code>${clip(path, 300)}</code>: ${values(from, to)}</li>`,
        )}${fields.left > 0 ? html`<li>… and ${fields.left} more</li>` : undefined}</ul>`
      : undefined
  }${conflicts(first)}</li>`;
};

const subject = (changes: readonly Change[], first: Exclude<Change, RecordsChange>): Markup => {
  if (first.kind === "certificate") {
    const { names, issuer, secret, reason, remarks = [] } = first;
    return html`Certificate for ${clip(names.join(", "))} by ${issuer} in ${describe(secret)}: ${reason}${remarks.map(
      (text) => html`<br><span class="soft">${clip(text)}</span>`,
    )}`;
  }
  if (first.kind === "account")
    return html`Account at ${first.directory}: ${first.action === "delete" ? "deactivated" : "a new key"}`;
  if (changes.length === 1) return html`${describe(first.object)}${remark(first)}`;
  const names = changes.flatMap((change) => (change.kind === "object" ? [change.object.metadata.name] : []));
  const { namespace } = first.object.metadata;
  const where = namespace ? ` in ${namespace}` : "";
  return html`${first.object.kind} ×${changes.length}${where}: <span class="soft">${clip(names.join(", "), 4_000)}</span>`;
};

const recordsItem = (change: RecordsChange): Markup => {
  const { zone, sets, shadows } = change;
  const warned = firsts(shadows, MOST_LINES);
  return html`<li>In zone ${zone.name}${zone.id === zone.name ? "" : ` (${zone.id})`}, all at once:<ul>${firsts(
    sets,
    MOST_LINES,
  ).shown.map(
    (set) =>
      html`<li>${mark(set.from === undefined ? "create" : set.to === undefined ? "delete" : "update")} <code>${nameOf(zone, set)}</code>: ${clip(
        [set.from, set.to].flatMap((side) => (side ? [contentOf(side)] : [])).join(" → "),
        400,
      )}</li>`,
  )}${warned.shown.map((text) => html`<li class="warn">${mark("warn")} ${clip(text)}</li>`)}${
    warned.left > 0 ? html`<li>… and ${warned.left} more</li>` : undefined
  }</ul>${conflicts(change)}</li>`;
};

const conflicts = (change: Change): Markup | undefined => {
  const { shown, left } = firsts(conflictsOfChange(change), MOST_LINES);
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

/** A sign, and the word for those who cannot see it. */
const mark = (action: keyof typeof NAMES): Markup =>
  html`<span class="mark ${action}" role="img" aria-label="${NAMES[action]}">${action === "warn" ? "!" : MARKS[action]}</span>`;
