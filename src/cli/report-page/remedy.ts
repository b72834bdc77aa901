import type { Remedy } from "../../ports/error.ts";
import { clip, html, type Markup } from "./html.ts";

/** Long enough for a Service as JSON, and for the records of many namespaces. */
const LONGEST_COMMAND = 8_000;

/** What to do, and the command to copy below it. */
export const remedyPart = ({ text, command }: Remedy): Markup =>
  html`<p class="remedy">${clip(text)}</p>${command ? commandPart(command) : undefined}`;

/** One that is cut is not offered to be copied. */
const commandPart = (command: string): Markup =>
  html`<div class="${command.length > LONGEST_COMMAND ? "cut" : "command"}"><pre><code>${clip(command, LONGEST_COMMAND)}</code></pre></div>`;
