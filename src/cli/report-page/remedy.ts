import type { Remedy } from "../../ports/error.ts";
import { clip, html, type Markup } from "./html.ts";

/** Long enough for a root certificate in PEM. */
const LONGEST_COMMAND = 8_000;

/** What to do, and the command to copy below it. */
export const remedyPart = ({ text, command }: Remedy): Markup =>
  html`<p class="remedy">${clip(text)}</p>${command ? commandPart(command) : undefined}`;

/** A command can be scrolled sideways, so it must be reached by keyboard too. */
const commandPart = (command: string): Markup =>
  html`<pre tabindex="0" role="group" aria-label="Command"><code>${clip(command, LONGEST_COMMAND)}</code></pre>`;
