import { ELASTICSEARCH, LOGGING } from "../../checks/logging/names.ts";
import { isLogged } from "../../checks/logging/request-logs.ts";
import { WORKLOADS } from "../../checks/logging/running.ts";
import { uiBehind } from "../../checks/logging/uis.ts";
import { type LogVolume, readVolumes } from "../../checks/logging/volumes.ts";
import { CONFIG } from "../../checks/metrics/asked.ts";
import { dataOf, numberAt, type ObjectRef } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { type Seen, type StatusRow, section } from "../part.ts";
import { RETENTION } from "./filebeat.ts";

/** What becomes of the logs of requests. */
export interface LoggingStatus {
  /** As it was chosen. */
  readonly kind: string;
  /** Whether Knative writes a line for each request. Absent: its settings may not be read. */
  readonly requestLogs?: boolean;
  readonly workloads: readonly { readonly name: string; readonly ready: number; readonly wanted: number }[];
  /** `to`: stdout, elasticsearch, opensearch, loki or http. */
  readonly output?: { readonly to: string; readonly url?: string };
  readonly retentionDays?: number;
  readonly volumes: readonly LogVolume[];
  readonly uis: readonly { readonly title: string; readonly namespace: string; readonly service: string }[];
}

const textIn = (choices: Seen["choices"], key: string): string | undefined =>
  typeof choices[key] === "string" ? (choices[key] as string) : undefined;

const outputOf = (kind: string, choices: Seen["choices"]): LoggingStatus["output"] => {
  if (kind === "elasticsearch") return { to: kind, url: `https://${ELASTICSEARCH.name}.${LOGGING}.svc:9200` };
  if (kind !== "fluent-bit") return undefined;
  const url = textIn(choices, "logging-url");
  return { to: textIn(choices, "logging-output") ?? "stdout", ...(url ? { url } : {}) };
};

const COUNTS: Readonly<Record<string, readonly [wanted: readonly string[], ready: string]>> = {
  DaemonSet: [["status", "desiredNumberScheduled"], "numberReady"],
  StatefulSet: [["spec", "replicas"], "readyReplicas"],
  Deployment: [["spec", "replicas"], "readyReplicas"],
};

const countsOf = async ({ ctx }: Seen, ref: ObjectRef): Promise<LoggingStatus["workloads"]> => {
  const live = await readable(ctx.cluster.get(ref));
  const [wanted, ready] = COUNTS[ref.kind] ?? [[], ""];
  return live
    ? [{ name: ref.name, ready: numberAt(live, "status", ready) ?? 0, wanted: numberAt(live, ...wanted) ?? 1 }]
    : [];
};

const uisIn = async ({ ctx }: Seen): Promise<LoggingStatus["uis"]> =>
  ((await readable(ctx.cluster.list({ apiVersion: "v1", kind: "Service" }))) ?? []).flatMap((service) => {
    const ui = uiBehind(service);
    const { name, namespace = "" } = service.metadata;
    return ui ? [{ title: ui.title, namespace, service: name }] : [];
  });

const read = async (seen: Seen): Promise<{ readonly logging: LoggingStatus }> => {
  const { ctx, choices } = seen;
  const kind = textIn(choices, "logging") ?? "none";
  const [settings, workloads, volumes, uis] = await Promise.all([
    readable(ctx.cluster.get(CONFIG)),
    Promise.all((WORKLOADS[kind] ?? []).map((ref) => countsOf(seen, ref))),
    readVolumes(ctx.cluster),
    uisIn(seen),
  ]);
  const output = outputOf(kind, choices);
  return {
    logging: {
      kind,
      ...(settings ? { requestLogs: isLogged(dataOf(settings)) } : {}),
      workloads: workloads.flat(),
      ...(output ? { output } : {}),
      ...(kind === "elasticsearch" ? { retentionDays: Number(textIn(choices, "logging-retention") ?? RETENTION) } : {}),
      volumes: volumes ?? [],
      uis,
    },
  };
};

const size = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const whatRuns = ({ kind, workloads, output, requestLogs }: LoggingStatus): string => {
  const names = workloads.map(({ name, ready, wanted }) => {
    const pods = `${ready === wanted ? "" : `${ready} of `}${wanted} ${wanted === 1 ? "pod" : "pods"}`;
    return name === kind && workloads.length === 1 ? pods : `${name} ${pods}`;
  });
  // Of our own store nothing is said but that it runs.
  const where =
    output === undefined || output.to === kind
      ? ""
      : `to ${output.url ? `${output.to} at ${output.url}` : "its own log"}`;
  const how = [...names, ...(where ? [where] : [])].join(", ");
  const requests = requestLogs === undefined ? "" : `; request logs are ${requestLogs ? "on" : "off"}`;
  return `${kind}${how ? `: ${how}` : ""}${requests}`;
};

const stored = ({ volumes, retentionDays }: LoggingStatus): readonly StatusRow[] => {
  if (volumes.length === 0) return [];
  const each = volumes.map(({ claim, size: claimed, used, bound }) => {
    const taken = used === undefined ? "" : `${size(used)} used of `;
    return `${claim} ${taken}${claimed}${bound ? "" : ", not bound"}`;
  });
  const kept = retentionDays === undefined ? "nothing reads them any more" : `kept for ${retentionDays} days`;
  return [["Stored logs", `${each.join("; ")}; ${kept}`]];
};

const seenBy = ({ uis }: LoggingStatus): readonly StatusRow[] => {
  if (uis.length === 0) return [];
  const names = uis.map(({ title, namespace, service }) => `${title} ${namespace}/${service}`);
  return [["Logs UI", `${names.join(", ")}; kn-bootstrap logs open leads there`]];
};

/** What collects logs, where they go, are kept and seen. Whether it runs is said under Health. */
export const status = section({
  read,
  rows: ({ logging }) => (logging ? [["Logging", whatRuns(logging)], ...stored(logging), ...seenBy(logging)] : []),
});
