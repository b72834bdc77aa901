import { minorOf } from "../ports/version.ts";
import type { GatewayMetrics } from "./gateway.ts";
import type { Panel, Section } from "./panels.ts";
import { dialectOf, sectionsOf } from "./queries.ts";

/** Width of Grafana's grid, and of a panel in it. */
const [GRID, WIDTH, HEIGHT] = [24, 8, 8];

const SOURCE = { type: "prometheus", uid: "$datasource" };

const panelOf = ({ title, about, unit, queries }: Panel, id: number, y: number, x: number) => ({
  id,
  type: "timeseries",
  title,
  description: about,
  datasource: SOURCE,
  gridPos: { h: HEIGHT, w: WIDTH, x, y },
  fieldConfig: { defaults: { unit, min: 0, ...(unit === "percentunit" ? { max: 1 } : {}) }, overrides: [] },
  options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
  targets: queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode("A".charCodeAt(0) + index),
    datasource: SOURCE,
    expr,
    legendFormat: legend,
  })),
});

const rowOf = (title: string, id: number, y: number) => ({
  id,
  type: "row",
  title,
  collapsed: false,
  gridPos: { h: 1, w: GRID, x: 0, y },
  panels: [],
});

/** From top to bottom, as many beside each other as fit. */
const laidOut = (sections: readonly Section[]) => {
  const perLine = GRID / WIDTH;
  let [y, id] = [0, 0];
  return sections.flatMap(({ title, panels }) => {
    id += 1;
    const row = rowOf(title, id, y);
    const below = panels.map((panel, index) => {
      id += 1;
      return panelOf(panel, id, y + 1 + Math.floor(index / perLine) * HEIGHT, (index % perLine) * WIDTH);
    });
    y += 1 + Math.ceil(panels.length / perLine) * HEIGHT;
    return [row, ...below];
  });
};

const variable = (name: string, query: string) => ({
  name,
  type: "query",
  datasource: SOURCE,
  query: { query, refId: name },
  definition: query,
  refresh: 2,
  includeAll: true,
  multi: true,
  allValue: ".*",
  current: { text: "All", value: "$__all" },
  sort: 1,
});

/** All that a dashboard asks, in order. */
export const dashboardSections = (version: string, gateway?: GatewayMetrics): readonly Section[] => [
  ...sectionsOf(version),
  ...(gateway ? [gateway.section] : []),
];

/**
 * The dashboard for a version of Serving, as Grafana 9 and newer imports it. It asks for nothing that this version does not measure.
 * @param gateway absent: nothing is known of what it measures
 */
export const dashboardFor = (version: string, gateway?: GatewayMetrics): Readonly<Record<string, unknown>> => {
  const { known, namespace, service } = dialectOf(version);
  return {
    title: "Knative Serving",
    uid: "knative-serving",
    description: `For Knative ${minorOf(version)}: other releases measure under other names.`,
    tags: ["knative"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
        variable("namespace", `label_values(${known}, ${namespace})`),
        variable("service", `label_values(${known}{${namespace}=~"$namespace"}, ${service})`),
      ],
    },
    panels: laidOut(dashboardSections(version, gateway)),
  };
};
