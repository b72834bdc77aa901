import { createHash } from "node:crypto";
import { changesOf } from "../../core/change.ts";
import { few } from "../../ports/few.ts";
import { describe } from "../../ports/object.ts";
import { renewalText } from "../../steps/renewal/status.ts";
import type { Problem } from "../fatal.ts";
import { askedOf } from "../reporter/asked.ts";
import { size } from "../reporter/look.ts";
import { targetText } from "../reporter/target.ts";
import { checksOf, checksSection } from "./checks.ts";
import { SCRIPT } from "./copy.ts";
import { clip, firsts, html, type Markup } from "./html.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { certificateOf, placesOf } from "./places.ts";
import { planSection } from "./plan-section.ts";
import { eventsOf, type Recording } from "./recording.ts";
import { remedyPart } from "./remedy.ts";
import { planOf, stepsOf } from "./steps.ts";
import { STYLE } from "./style.ts";
import { timelineSection } from "./timeline.ts";
import { topologySection } from "./topology.ts";

const MOST_NOTES = 50;

/** The page as one file. It loads nothing, and its policy lets no other style and script run than its own. */
export const reportPage = (recording: Recording): string => {
  const steps = stepsOf(recording);
  const outcome = outcomeOf(recording, steps);
  const { asked } = recording;
  const target = eventsOf(recording, "target").at(-1)?.event;
  const plan = planOf(recording);
  const places = placesOf(recording, steps);
  const checks = checksOf(recording, steps);
  const title = `kn-bootstrap ${asked.command}: ${outcome.word.toLowerCase()}${target ? `, ${target.context}` : ""}`;
  const sections: readonly (readonly [id: string, name: string, section: Markup])[] = [
    ...(recording.next.length > 0 ? ([["next", "Next", nextSection(recording)]] as const) : []),
    ...(places.length > 0 ? ([["topology", "Topology", topologySection(places)]] as const) : []),
    ...certificateEntry(recording),
    ...(steps.length > 0
      ? ([["timeline", "Timeline", timelineSection(steps, recording.report?.seconds ?? 0)]] as const)
      : []),
    ...(checks.length > 0 ? ([["checks", "Checks", checksSection(checks)]] as const) : []),
    ...(plan && changesOf(plan).length > 0 ? ([["plan", "Plan", planSection(plan)]] as const) : []),
  ];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="kn-bootstrap ${asked.version}">
<title>${title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<header class="${outcome.kind}">
${heading(outcome, asked.command)}
${facts(recording)}
</header>
<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<main>
${problemSection(recording)}
${notesSection(recording)}
${askedSection(recording)}
${sections.map(([, , section]) => section)}
</main>
<footer><p>Made by kn-bootstrap ${asked.version}. Secrets, keys and tokens are left out.</p></footer>
<script>${{ markup: SCRIPT }}</script>
</body>
</html>
`;
  return page.markup;
};

const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

const SIGNS = { done: "✓", failed: "✗", interrupted: "–", nothing: "·" } as const;

const heading = ({ kind, word, sentence }: Outcome, command: string): Markup =>
  html`<p class="product">kn-bootstrap ${command}</p>
<h1><span aria-hidden="true">${SIGNS[kind]}</span> ${word}</h1>
<p class="lead">${sentence}</p>`;

const facts = (recording: Recording): Markup => {
  const { asked, began, seconds } = recording;
  const target = eventsOf(recording, "target").at(-1)?.event;
  const files = eventsOf(recording, "download");
  const bytes = files.reduce((sum, { event }) => sum + event.bytes, 0);
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Context", target?.context],
    ["Server", target && targetText(target)],
    ["Time", `${timeOf(began)} to ${timeOf(new Date(began.getTime() + seconds * 1000))} UTC`],
    ["Downloaded", files.length > 0 ? `${files.length} files, ${size(bytes)}` : undefined],
  ];
  return html`<dl>${rows.map(([name, value]) =>
    value ? html`<dt>${name}</dt><dd>${clip(value, 300)}</dd>` : html``,
  )}<dt>Command</dt><dd><code>${clip(asked.commandLine)}</code></dd></dl>`;
};

const timeOf = (date: Date): string => date.toISOString().slice(0, 19).replace("T", " ");

const problemSection = ({ problem }: Recording): Markup | undefined =>
  problem &&
  html`<section class="problem ${problem.exitCode > 128 ? "stopped" : ""}" aria-labelledby="problem">
<h2 id="problem">${problem.exitCode > 128 ? "How to go on" : "What went wrong"}</h2>
<p>${clip(sentence(problem.what), 4_000)}${problem.why ? html` ${clip(problem.why)}` : undefined}</p>
${remedyPart(problem.remedy)}
${behindPart(problem)}
<p class="soft">Exit code ${problem.exitCode}, <code>${problem.id}</code></p>
</section>`;

/** As the terminal says it. */
const behindPart = ({ behind }: Problem): Markup | undefined =>
  behind &&
  html`<p>Behind it is <code>${behind.id}</code>: ${clip(sentence(behind.summary))}</p>
${remedyPart(behind.remedy)}`;

const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);

const notesSection = (recording: Recording): Markup | undefined => {
  const { shown, left } = firsts(eventsOf(recording, "note"), MOST_NOTES);
  if (shown.length === 0) return undefined;
  return html`<section aria-labelledby="notes">
<h2 id="notes">Notes</h2>
<ul class="notes">${shown.map(({ event }) =>
    event.level === "warning"
      ? html`<li class="warn"><strong>Warning:</strong> ${clip(event.text)}</li>`
      : html`<li>${clip(event.text)}</li>`,
  )}${left > 0 ? html`<li>… and ${left} more</li>` : undefined}</ul>
</section>`;
};

/** What only a person could do meanwhile. */
const askedSection = (recording: Recording): Markup | undefined => {
  const asked = eventsOf(recording, "person").map(({ event }) => askedOf(event));
  const { shown, left } = firsts(
    [...new Map(asked.map((one) => [`${one.reason} ${one.lines}`, one])).values()],
    MOST_NOTES,
  );
  if (shown.length === 0) return undefined;
  return html`<section aria-labelledby="asked">
<h2 id="asked">Asked of a person</h2>
<ul class="notes">${shown.map(({ reason, lines }) => html`<li>${remedyPart({ text: reason, command: lines })}</li>`)}${
    left > 0 ? html`<li>… and ${left} more</li>` : undefined
  }</ul>
</section>`;
};

const nextSection = ({ next }: Recording): Markup => html`<section aria-labelledby="next">
<h2 id="next">Next</h2>
<ol class="next">${firsts(next, MOST_NOTES).shown.map((remedy) => html`<li>${remedyPart(remedy)}</li>`)}</ol>
</section>`;

const certificateEntry = (recording: Recording): readonly (readonly [string, string, Markup])[] => {
  const known = certificateOf(recording);
  if (!known || planOf(recording)?.goal === "absent") return [];
  const { names, issuer, until, daysLeft, change } = known;
  const { renewal } = recording.status ?? {};
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Names", few(names)],
    ["Issuer", issuer],
    ["Valid until", until ? `${until.slice(0, 16).replace("T", " ")} UTC, ${daysLeft} days left` : "not issued yet"],
    ["Kept in", change ? describe(change.secret) : undefined],
    ["Why it was made", change?.reason],
    ["Renewed by", renewal ? renewalText(renewal) : undefined],
  ];
  return [
    [
      "certificate",
      "Certificate",
      html`<section aria-labelledby="certificate">
<h2 id="certificate">Certificate</h2>
<dl>${rows.map(([name, value]) => (value ? html`<dt>${name}</dt><dd>${clip(value)}</dd>` : html``))}</dl>
</section>`,
    ],
  ];
};
