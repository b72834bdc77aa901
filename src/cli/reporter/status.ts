import type { ServiceStatus, Status } from "../../app/status.ts";
import { PARTS } from "../../steps/index.ts";
import { cells, padded } from "./cells.ts";
import { advice, count, entry, heading, type Look, legible } from "./look.ts";

/** The status of an installation, on one screen. `said`: its sentences as they are to be said here. */
export const statusText = (status: Status, look: Look, said: (text: string) => string = (text) => text): string => {
  const { knative, chosen, problems, knativeServices } = status;
  const row = (name: string, value: string): readonly string[] => entry(look, 2, name.padEnd(12), said(value));
  const lines = [
    ...heading(look, `${status.context} (${status.server}), Kubernetes ${status.kubernetes}`),
    ...PARTS.flatMap((part) => part.status?.rows(status as never) ?? []).flatMap(([name, text]) => row(name, text)),
    ...(chosen ? row("Chosen", chosen.length > 0 ? chosen.join(" ") : "the defaults") : []),
    ...(knative ? row("Health", problems.length === 0 ? "every Deployment is available" : problems.join("; ")) : []),
    ...(knativeServices ? row("Services", servicesLine(knativeServices)) : []),
  ];
  return `${lines.join("\n")}\n`;
};

const servicesLine = ({ total, notReady }: NonNullable<Status["knativeServices"]>): string =>
  total === 0
    ? "none"
    : notReady === 0
      ? `${total}, ${total === 1 ? "" : "all "}ready`
      : `${notReady} of ${total} not ready; kn-bootstrap status --services says why`;

const requestsCell = ({ count: all, errors, since }: NonNullable<ServiceStatus["requests"]>): string =>
  `${count(all, "request")}${errors > 0 ? `, ${count(errors, "error")}` : ""} ${since === "5m" ? "in 5 minutes" : "of these pods"}`;

const GAP = "  ";

/**
 * A table of Services with readiness, pods, requests where they are measured, and URL, which stands below where the line would be too long.
 * Below one that is not ready stand the reason and what helps.
 */
export const servicesText = (services: readonly ServiceStatus[], look: Look): string => {
  if (services.length === 0) return "No Knative Services.\n";
  const isMeasured = services.some(({ requests }) => requests);
  const rows = services.map(({ namespace, name, ready, pods, requests }) =>
    [
      `${namespace}/${name}`,
      ready ? "ready" : "not ready",
      pods > 0 ? count(pods, "pod") : ready ? "scaled to zero" : "no pods",
      ...(isMeasured ? [requests ? requestsCell(requests) : ""] : []),
    ].map((text) => legible(text, look)),
  );
  const urls = services.map(({ url }) => legible(url, look));
  const widest = (texts: readonly string[]): number => Math.max(...texts.map(cells));
  const widths = (rows[0] ?? []).map((_, column) => widest(rows.map((row) => row[column] ?? "")));
  const whole = widths.reduce((sum, width) => sum + width + GAP.length, GAP.length) + widest(urls);
  const lines = rows.flatMap((row, index) => {
    const { reason = "", remedy } = services[index] ?? {};
    const shown = row.map((text, column) => padded(text, widths[column] ?? 0));
    const url = urls[index] ?? "";
    const isBelow = whole > look.columns && url !== "";
    return [
      `${GAP}${[...shown, ...(isBelow ? [] : [url])].join(GAP).trimEnd()}`,
      ...(isBelow ? [`${GAP}${GAP}${url}`] : []),
      ...(reason === "" ? [] : entry(look, 4, "", reason)),
      ...(remedy ? advice(look, 4, remedy) : []),
    ];
  });
  return `${lines.join("\n")}\n`;
};
