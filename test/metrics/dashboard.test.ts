import { describe, expect, it } from "vitest";
import { dashboardFor, dashboardSections } from "../../src/metrics/dashboard.ts";
import { envoyMetrics, type GatewayMetrics, istioMetrics } from "../../src/metrics/gateway.ts";
import { generationOf, metricsOf } from "../../src/metrics/names.ts";
import { loadCatalog } from "../../src/releases/index.ts";

const { minors, resolve } = await loadCatalog();
const SHIPPED = minors.map((minor) => resolve(minor).versions.serving ?? "");
/** And those before the names changed. */
const VERSIONS = [...SHIPPED, "1.19.0", "1.19.7", "1.20.0", "1.21.0"];
const GATEWAYS: Readonly<Record<string, GatewayMetrics>> = { kourier: envoyMetrics, istio: istioMetrics };

/** Names of series in a query: what is no function, no label and no text. */
const seriesIn = (expr: string): readonly string[] =>
  expr
    .replace(/"[^"]*"/g, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\b(by|on|group_left)\s*\([^)]*\)/g, "")
    .match(/\b[a-z][a-z0-9]*_[a-z0-9_]+\b(?!\s*\()/g) ?? [];

const FUNCTIONS = ["histogram_quantile", "last_over_time", "group_left"];

describe.each(Object.entries(GATEWAYS))("the dashboard with %s", (_ingress, gateway) => {
  it.each(VERSIONS)("asks for nothing that %s does not measure", (version) => {
    const series = metricsOf(version).flatMap(({ name, type }) =>
      type === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name],
    );
    const known = new Set([...series, ...gateway.names, ...FUNCTIONS]);
    const queries = dashboardSections(version, gateway).flatMap(({ panels }) => panels.flatMap((one) => one.queries));
    const asked = queries.flatMap(({ expr }) => seriesIn(expr));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});

it("is another for each set of names, and one within it", () => {
  const kinds = Map.groupBy(VERSIONS, generationOf);
  expect(kinds.get("opencensus")).toEqual(expect.arrayContaining(["1.18.2"]));
  expect(kinds.get("queueproxy")).toEqual(["1.19.0", "1.19.7", "1.20.0"]);
  expect(kinds.get("serving")).toEqual(expect.arrayContaining(["1.19.9", "1.20.3", "1.23.0"]));
  const text = (version: string) => JSON.stringify(dashboardFor(version, envoyMetrics).panels);
  expect(text("1.17.2")).toBe(text("1.18.2"));
  expect(text("1.19.7")).toBe(text("1.20.0"));
  expect(new Set([text("1.18.2"), text("1.20.0"), text("1.20.3"), text("1.21.3"), text("1.22.1")]).size).toBe(5);
});

it("lies in Grafana's grid, each panel with an id of its own", () => {
  const { panels } = dashboardFor("1.23.0", istioMetrics) as {
    panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

/** The JSON model of Grafana's documentation, as far as an import, or the sidecar, goes by it: nothing is filled in by hand. */
it.each(["1.18.2", "1.20.0", "1.23.0"])("is what Grafana imports, for %s", (version) => {
  const json = JSON.parse(JSON.stringify(dashboardFor(version, envoyMetrics)));
  expect(json).toMatchObject({ title: expect.any(String), schemaVersion: expect.any(Number), time: { to: "now" } });
  // Unique in an organisation, at most 40 of these.
  expect(json.uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
  expect(json.id ?? null).toBeNull();
  const [source, ...variables] = json.templating.list;
  expect(source).toMatchObject({ type: "datasource", query: "prometheus" });
  const sources = new Set<string>();
  for (const { type, datasource, targets = [] } of json.panels) {
    if (type !== "row") sources.add(datasource.uid);
    const refs = targets.map(({ refId }: { refId: string }) => refId);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { expr, datasource: own } of targets) {
      sources.add(own.uid);
      for (const [, name = ""] of expr.matchAll(/\$\{?(\w+)/g))
        expect(["__rate_interval", "__range", ...variables.map((one: { name: string }) => one.name)]).toContain(name);
    }
  }
  for (const { datasource } of variables) sources.add(datasource.uid);
  expect([...sources]).toEqual([`$${source.name}`]);
});
