import { count, entry, type Look } from "../reporter/look.ts";
import type { Sight } from "./sight.ts";
import { KNATIVE, NOTHING_KNOWN } from "./whose.ts";

const WIDTH = 14;

// The units of the check of the cluster's room, which is read next.
const nodesText = ({ nodes }: Sight): string =>
  nodes
    ? `${count(nodes.count, "node")} with ${round(nodes.cpu)} vCPU and ${gigabytes(nodes.memory)} of memory`
    : "may not be listed by you";

/** `51.5 GB` */
export const gigabytes = (bytes: number): string => `${round(bytes / 1e9)} GB`;

const round = (value: number): string => String(Math.round(value * 10) / 10);

const componentsText = ({ components }: Sight): string => {
  if (!components) return "may not be listed by you";
  if (components.length === 0) return NOTHING_KNOWN;
  return components.map(({ title, version, owner }) => `${title}${version ? ` ${version}` : ""} (${owner})`).join(", ");
};

const WORK = { yes: "work", no: "do not work", unclear: "are unclear" } as const;

const zonesText = ({ zones }: Sight): string => {
  if (zones.length === 0) return "none seen: no credentials are at hand";
  return zones
    .map(({ title, zones: names, trouble }) => {
      if (trouble !== undefined) return `${title} could not be asked: ${trouble}`;
      return names.length > 0 ? `${shortened(names)} (${title})` : `${title} is set up`;
    })
    .join("; ");
};

const SHOWN = 5;
const shortened = (names: readonly string[]): string =>
  names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more` : names.join(", ");

/** What takes logs and metrics already; empty: nothing that is known. */
const takersText = ({ stores, isMonitored, collectors }: Sight): string =>
  [
    ...stores.map(({ title }) => title),
    ...(isMonitored ? ["Prometheus operator"] : []),
    ...collectors.map((url) => `OpenTelemetry collector at ${url}`),
  ].join(", ");

/** What was chosen outlives an uninstall. */
const isRemoved = ({ components }: Sight): boolean =>
  components !== undefined && !components.some(({ title }) => title === KNATIVE);

/** What is there, a line for each thing. */
export const sightText = (sight: Sight, look: Look): string => {
  const { cloud, loadBalancers, installed, knative } = sight;
  const rows: readonly (readonly [string, string])[] = [
    ["Nodes", `${nodesText(sight)}${cloud ? `, ${cloud.title}` : ""}`],
    ["There already", componentsText(sight)],
    ...(knative
      ? ([["Knative", [knative.version, knative.remarks.join(" ")].filter(Boolean).join(". ")]] as const)
      : []),
    ["Load balancers", `${WORK[loadBalancers.work]}: ${loadBalancers.because}`],
    ["DNS zones", zonesText(sight)],
    ...(takersText(sight) ? ([["Logs, metrics", takersText(sight)]] as const) : []),
    ...(installed
      ? ([
          [
            "Installed",
            isRemoved(sight)
              ? "not any more; what was chosen then is proposed"
              : "by kn-bootstrap; what was chosen then is proposed",
          ],
        ] as const)
      : []),
  ];
  const lines = [
    ...rows.flatMap(([name, text]) => entry(look, 0, name.padEnd(WIDTH), text)),
    "",
    ...entry(
      look,
      0,
      "",
      "Enter takes what is proposed, Shift-Tab or Esc goes back; Ctrl-C leaves everything as it is.",
    ),
    "",
  ];
  return `${lines.join("\n")}\n`;
};
