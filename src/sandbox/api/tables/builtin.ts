/** Columns of built-in kinds, as much of them as people look at (pkg/printers/internalversion/printers.go). */

import type { Obj } from "../../types.ts";
import { AGE, age, type Column, NAME } from "./column.ts";

const column = (name: string, cell: Column["cell"]): Column => ({ name, cell });
const wide = (name: string, cell: Column["cell"]): Column => ({ name, cell, priority: 1 });

const of = (list: unknown): readonly Obj[] => (Array.isArray(list) ? list : []);
const size = (map: unknown): number => Object.keys(map ?? {}).length;
const labelsOf = (selector: unknown): string => {
  const pairs = Object.entries((selector ?? {}) as Record<string, string>).map(([key, value]) => `${key}=${value}`);
  return pairs.join(",") || "<none>";
};

const containers = (template: (object: Obj) => Obj): readonly Column[] => [
  wide("Containers", (object) =>
    of(template(object)?.containers)
      .map(({ name }) => name)
      .join(","),
  ),
  wide("Images", (object) =>
    of(template(object)?.containers)
      .map(({ image }) => image)
      .join(","),
  ),
];
const ofTemplate = containers(({ spec }) => spec.template?.spec);
const selector = wide("Selector", ({ spec }) => labelsOf(spec.selector?.matchLabels));

const statuses = ({ status }: Obj): readonly Obj[] => of(status?.containerStatuses);

/** What a pod waits for or has ended with comes before its phase. */
function podStatus({ metadata, status }: Obj): string {
  let said: string = status?.reason || status?.phase || "Unknown";
  for (const { state } of of(status?.containerStatuses).toReversed()) {
    if (state?.waiting?.reason) said = state.waiting.reason;
    else if (state?.terminated) said = state.terminated.reason || `ExitCode:${state.terminated.exitCode}`;
  }
  return metadata.deletionTimestamp ? "Terminating" : said;
}

const addressOf = ({ status }: Obj, type: string): string =>
  of(status?.addresses).find((one) => one.type === type)?.address ?? "<none>";

function nodeStatus({ spec, status }: Obj): string {
  const ready = of(status?.conditions).find(({ type }) => type === "Ready")?.status;
  return `${ready === "True" ? "Ready" : ready === "False" ? "NotReady" : "Unknown"}${spec.unschedulable ? ",SchedulingDisabled" : ""}`;
}

function roles({ metadata }: Obj): string {
  const found = Object.keys(metadata.labels ?? {}).flatMap(
    (label) => /^node-role\.kubernetes\.io\/(.+)$/.exec(label)?.[1] ?? [],
  );
  return found.sort().join(",") || "<none>";
}

function externalIp({ spec, status }: Obj): string {
  if (spec.type === "ExternalName") return spec.externalName;
  const given = of(status?.loadBalancer?.ingress).map(({ ip, hostname }) => ip ?? hostname);
  return [...given, ...(spec.externalIPs ?? [])].join(",") || (spec.type === "LoadBalancer" ? "<pending>" : "<none>");
}

const ports = ({ spec }: Obj): string =>
  of(spec.ports)
    .map(({ port, nodePort, protocol = "TCP" }) => `${port}${nodePort ? `:${nodePort}` : ""}/${protocol}`)
    .join(",") || "<none>";

/** Of its conditions, those by which it is over or held. */
function jobStatus({ metadata, status }: Obj): string {
  const holds = (type: string): boolean =>
    of(status?.conditions).some((one) => one.type === type && one.status === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (metadata.deletionTimestamp) return "Terminating";
  return holds("Suspended") ? "Suspended" : "Running";
}

const replicas = ({ spec }: Obj): number => spec.replicas ?? 1;

/** By group and plural. */
export const BUILTIN: Readonly<Record<string, readonly Column[]>> = {
  "/pods": [
    NAME,
    column("Ready", (pod) => `${statuses(pod).filter(({ ready }) => ready).length}/${of(pod.spec.containers).length}`),
    column("Status", podStatus),
    column("Restarts", (pod) => statuses(pod).reduce((sum: number, { restartCount }) => sum + (restartCount ?? 0), 0)),
    AGE,
    wide("IP", ({ status }) => status?.podIP ?? "<none>"),
    wide("Node", ({ spec }) => spec.nodeName ?? "<none>"),
    wide("Nominated Node", () => "<none>"),
    wide("Readiness Gates", () => "<none>"),
  ],
  "apps/deployments": [
    NAME,
    column("Ready", (one) => `${one.status?.readyReplicas ?? 0}/${replicas(one)}`),
    column("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0),
    column("Available", ({ status }) => status?.availableReplicas ?? 0),
    AGE,
    ...ofTemplate,
    selector,
  ],
  "apps/replicasets": [
    NAME,
    column("Desired", replicas),
    column("Current", ({ status }) => status?.replicas ?? 0),
    column("Ready", ({ status }) => status?.readyReplicas ?? 0),
    AGE,
    ...ofTemplate,
    selector,
  ],
  "apps/statefulsets": [
    NAME,
    column("Ready", (one) => `${one.status?.readyReplicas ?? 0}/${replicas(one)}`),
    AGE,
    ...ofTemplate,
  ],
  "apps/daemonsets": [
    NAME,
    column("Desired", ({ status }) => status?.desiredNumberScheduled ?? 0),
    column("Current", ({ status }) => status?.currentNumberScheduled ?? 0),
    column("Ready", ({ status }) => status?.numberReady ?? 0),
    column("Up-to-date", ({ status }) => status?.updatedNumberScheduled ?? 0),
    column("Available", ({ status }) => status?.numberAvailable ?? 0),
    column("Node Selector", ({ spec }) => labelsOf(spec.template?.spec?.nodeSelector)),
    AGE,
  ],
  "batch/jobs": [
    NAME,
    column("Status", jobStatus),
    column("Completions", ({ spec, status }) => `${status?.succeeded ?? 0}/${spec.completions ?? 1}`),
    AGE,
  ],
  "batch/cronjobs": [
    NAME,
    column("Schedule", ({ spec }) => spec.schedule),
    column("Timezone", ({ spec }) => spec.timeZone ?? "<none>"),
    column("Suspend", ({ spec }) => (spec.suspend ? "True" : "False")),
    column("Active", ({ status }) => of(status?.active).length),
    column("Last Schedule", ({ status }, now) =>
      status?.lastScheduleTime ? age(status.lastScheduleTime, now) : "<none>",
    ),
    AGE,
  ],
  "/services": [
    NAME,
    column("Type", ({ spec }) => spec.type),
    column("Cluster-IP", ({ spec }) => spec.clusterIP ?? "<none>"),
    column("External-IP", externalIp),
    column("Port(s)", ports),
    AGE,
    wide("Selector", ({ spec }) => labelsOf(spec.selector)),
  ],
  "/nodes": [
    NAME,
    column("Status", nodeStatus),
    column("Roles", roles),
    AGE,
    column("Version", ({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
    wide("Internal-IP", (node) => addressOf(node, "InternalIP")),
    wide("External-IP", (node) => addressOf(node, "ExternalIP")),
    wide("OS-Image", ({ status }) => status?.nodeInfo?.osImage ?? "<unknown>"),
    wide("Kernel-Version", ({ status }) => status?.nodeInfo?.kernelVersion ?? "<unknown>"),
    wide("Container-Runtime", ({ status }) => status?.nodeInfo?.containerRuntimeVersion ?? "<unknown>"),
  ],
  "/namespaces": [NAME, column("Status", ({ status }) => status?.phase), AGE],
  "/configmaps": [NAME, column("Data", ({ data, binaryData }) => size(data) + size(binaryData)), AGE],
  "/secrets": [NAME, column("Type", ({ type }) => type), column("Data", ({ data }) => size(data)), AGE],
  "/events": [
    column("Last Seen", ({ lastTimestamp, eventTime }, now) => age(lastTimestamp ?? eventTime, now)),
    column("Type", ({ type }) => type),
    column("Reason", ({ reason }) => reason),
    column("Object", ({ involvedObject: about }) => `${String(about?.kind).toLowerCase()}/${about?.name}`),
    column("Message", ({ message }) => message),
    wide("Name", ({ metadata }) => metadata.name),
  ],
  "storage.k8s.io/storageclasses": [
    {
      ...NAME,
      cell: ({ metadata }) =>
        `${metadata.name}${metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true" ? " (default)" : ""}`,
    },
    column("Provisioner", ({ provisioner }) => provisioner),
    column("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
    column("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "Immediate"),
    AGE,
  ],
};
