import { breakable, clip, html, type Markup } from "./html.ts";
import type { Fact, Place } from "./places.ts";

const MARKS: Readonly<Record<Place["state"], readonly [mark: string, kind: string]>> = {
  "in place": ["✓", "good"],
  planned: ["○", "soft"],
  "not reached": ["○", "soft"],
  "stopped here": ["–", "warn"],
  "failed here": ["✗", "bad"],
};

/** The way from a name to a Service: beside each other where there is room, else below each other. */
export const topologySection = (places: readonly Place[]): Markup => html`<section aria-labelledby="topology">
<h2 id="topology">From a name to a Service</h2>
<ol class="way">
${places.map(placeItem)}</ol>
</section>`;

const placeItem = ({ title, state, facts, leads }: Place): Markup => {
  const [mark, kind] = MARKS[state];
  return html`<li class="${kind}"><h3>${title}</h3><p class="state ${kind}"><span aria-hidden="true">${mark}</span> ${state}</p>${facts.map(factLine)}${
    leads ? html`<span class="leads">${leads}</span>` : undefined
  }</li>
`;
};

const factLine = ({ name, value }: Fact): Markup =>
  html`<div class="fact"><span class="soft">${name}:</span> ${breakable(clip(value, 2_000))}</div>`;
