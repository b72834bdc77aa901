import { type Ui, uiBehind } from "../../checks/logging/uis.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { type Remedy, UserError } from "../../ports/error.ts";
import { at, type KubeObject, textAt } from "../../ports/object.ts";
import { type PodPort, PortClosed } from "../../ports/pod-ports.ts";
import { inNamespace, joined, sh } from "../../ports/shell.ts";
import { isForbidden, mayNotList } from "./rights.ts";

interface Asked {
  readonly namespace?: string;
  readonly service?: string;
}

/** A UI that was found, and the port of its Service that leads to it. */
export interface FoundUi {
  readonly ui: Ui;
  readonly namespace: string;
  readonly service: KubeObject;
  readonly scheme: "http" | "https";
}

/** The one UI for logs that is meant. Throws UserError where there is none, or several. */
export const findUi = async (asked: Asked, cluster: ClusterRead): Promise<FoundUi> => {
  const query = { apiVersion: "v1", kind: "Service", ...(asked.namespace ? { namespace: asked.namespace } : {}) };
  const services = await cluster.list(query).catch((error: unknown) => {
    throw isForbidden(error) ? mayNotList(error, "Services", asked.namespace, "open") : error;
  });
  const found = services
    .filter(({ metadata }) => asked.service === undefined || metadata.name === asked.service)
    .flatMap((service) => {
      const ui = uiBehind(service);
      const { namespace = "" } = service.metadata;
      return ui ? [{ ui, service, namespace, scheme: schemeOf(service) }] : [];
    });
  const [first, ...others] = found;
  if (!first) throw none(asked);
  if (others.length > 0) throw several(found);
  return first;
};

const selectorOf = (spec: unknown): Readonly<Record<string, string>> =>
  (at(spec, "selector") as Record<string, string> | undefined) ?? {};

const portsOf = ({ spec }: KubeObject): readonly unknown[] => {
  const ports = at(spec, "ports");
  return Array.isArray(ports) ? ports : [];
};

/** Not the port of metrics, where it has one. */
const mainPort = (service: KubeObject): unknown =>
  portsOf(service).find((port) => /^(https?|service|ui|web)\b/.test(textAt(port, "name"))) ?? portsOf(service)[0];

const schemeOf = (service: KubeObject): FoundUi["scheme"] =>
  /^https\b/.test(textAt(mainPort(service), "name")) ? "https" : "http";

/** A pod behind it that is ready, as it is now. Throws UserError where there is none. */
export const podBehind = async ({ service, namespace }: FoundUi, cluster: ClusterRead): Promise<PodPort> => {
  const labelSelector = Object.entries(selectorOf(service.spec))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const pods = await cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector });
  const pod = pods.find(isReady);
  const port = pod && targetPort(mainPort(service), pod);
  if (pod && port !== undefined) return { namespace, pod: pod.metadata.name, port };
  throw new UserError({
    id: "logs.not-ready",
    what: `No pod behind Service ${namespace}/${service.metadata.name} is ready.`,
    remedy: {
      text: "See what they wait for.",
      command: sh`kubectl get pods ${inNamespace(namespace)} -l ${labelSelector}`,
    },
    kind: "failed",
  });
};

const isReady = ({ metadata, status }: KubeObject): boolean => {
  const conditions = at(status, "conditions");
  return (
    metadata.deletionTimestamp === undefined &&
    Array.isArray(conditions) &&
    conditions.some((one) => at(one, "type") === "Ready" && at(one, "status") === "True")
  );
};

/** Undefined: the pod has no port of that name. */
const targetPort = (port: unknown, { spec }: KubeObject): number | undefined => {
  const target = at(port, "targetPort") ?? at(port, "port");
  if (typeof target === "number") return target;
  const containers = at(spec, "containers");
  const ports = Array.isArray(containers) ? containers.flatMap((one) => at(one, "ports") ?? []) : [];
  const named = ports.find((one) => at(one, "name") === target);
  return named === undefined ? undefined : Number(at(named, "containerPort"));
};

/** What an error of the first connection means to somebody. `rehearsal`: the name of the kept one in which it is. */
export const notForwarded = (error: unknown, { namespace, ui }: FoundUi, rehearsal?: string): unknown => {
  if (error instanceof PortClosed && rehearsal !== undefined)
    return new UserError({
      id: "logs.rehearsed",
      what: `There is no ${ui.title} to open in ${rehearsal}: its pods run no images, and nobody listens in this one.`,
      remedy: { text: "Requests are to be seen without one:", command: sh`kn-bootstrap logs requests` },
      kind: "input",
      cause: error,
    });
  if (error instanceof PortClosed)
    return new UserError({
      id: "logs.port",
      what: `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`,
      remedy: { text: "See what its log says.", command: sh`kubectl get pods ${inNamespace(namespace)}` },
      kind: "failed",
      cause: error,
    });
  if (!isForbidden(error)) return error;
  return new UserError({
    id: "logs.rights",
    what: `This account may not forward ports of pods in namespace ${namespace}.`,
    why: error.message,
    remedy: {
      text: "Have an administrator grant get and create on pods/portforward there. Whether it is granted:",
      command: sh`kubectl auth can-i create pods --subresource=portforward ${inNamespace(namespace)}`,
    },
    kind: "input",
    cause: error,
  });
};

const none = ({ namespace, service }: Asked): UserError => {
  const where = namespace === undefined ? "in this cluster" : `in namespace ${namespace}`;
  const text = `No Kibana, Grafana or OpenSearch Dashboards was found ${where}${service === undefined ? "" : ` behind a Service ${service}`}.`;
  return new UserError({
    id: "logs.no-ui",
    what: text,
    why: "They are known by the labels that their charts and operators give to their Services.",
    remedy: {
      text: "Requests are to be seen without one; an own Elasticsearch with Kibana comes with --logging elasticsearch.",
      command: sh`kn-bootstrap logs requests`,
    },
    kind: "input",
  });
};

const several = (found: readonly FoundUi[]): UserError => {
  const lines = found.map(({ ui, namespace, service }) => `${ui.title} ${namespace}/${service.metadata.name}`);
  const commands = found.map(
    ({ namespace, service }) => sh`kn-bootstrap logs open --namespace ${namespace} --service ${service.metadata.name}`,
  );
  const remedy: Remedy = { text: "Choose one.", command: joined("\n", commands) };
  return new UserError({ id: "logs.several", what: `There are several: ${lines.join(", ")}.`, remedy, kind: "input" });
};
