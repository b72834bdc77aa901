import { hasLabels, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";
import { EXCLUDED, PROXY } from "./injection.ts";
import { isIngressGateway } from "./workloads.ts";

/** Who is in the mesh, and what a sidecar lets through to its pod (istio pilot/pkg/security/authn). */

const POLICIES = "security.istio.io/v1beta1";
/** Whose policies hold for the whole mesh: rootNamespace of its configuration. */
const ROOT = "istio-system";
/** Its own ports: health, metrics, and those of Envoy. */
const OWN_PORTS = [15020, 15021, 15090];

/** In either form. */
export const hasSidecar = (pod: Obj): boolean =>
  !isIngressGateway(pod) &&
  [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(({ name }: Obj) => name === PROXY);

/** Envoys present a certificate of the mesh where the other side has one. */
const isInMesh = (pod: Obj | undefined): boolean => pod !== undefined && (hasSidecar(pod) || isIngressGateway(pod));

/** Whether a request gets through to a port of a pod; `from`: who sends it, undefined for somebody who is no pod. */
export const admits = (stage: Stage, from: Obj | undefined, to: Obj, port: number): boolean => {
  if (!hasSidecar(to) || OWN_PORTS.includes(port) || isExcluded(to, port)) return true;
  return isInMesh(from) || modeAt(stage, to, port) !== "STRICT";
};

const isExcluded = ({ metadata }: Obj, port: number): boolean =>
  (metadata.annotations?.[EXCLUDED] ?? "").split(",").includes(String(port));

/** The nearest policy that says something: of the workload and its port, of the namespace, of the mesh. The oldest of each counts. */
const modeAt = ({ api }: Stage, pod: Obj, port: number): string => {
  const all = api.list(POLICIES, "PeerAuthentication").toSorted(byAge);
  const selectorOf = ({ spec }: Obj): Record<string, string> | undefined => {
    const labels = spec?.selector?.matchLabels;
    return labels && Object.keys(labels).length > 0 ? labels : undefined;
  };
  const within = (namespace: string | undefined) => all.filter(({ metadata }) => metadata.namespace === namespace);
  const here = within(pod.metadata.namespace);
  const own = here.find((policy) => {
    const labels = selectorOf(policy);
    return labels !== undefined && hasLabels(pod, labels);
  });
  const wide = [here, within(ROOT)].map((policies) => policies.find((policy) => !selectorOf(policy)));
  const modes = [own?.spec?.portLevelMtls?.[port]?.mode, ...[own, ...wide].map((policy) => policy?.spec?.mtls?.mode)];
  return modes.find((mode) => mode !== undefined && mode !== "UNSET") ?? "PERMISSIVE";
};

const byAge = (a: Obj, b: Obj): number =>
  String(a.metadata.creationTimestamp) < String(b.metadata.creationTimestamp) ? -1 : 1;

/** What istiod's webhook says against a PeerAuthentication (istio pkg/config/validation/validation.go). */
export const policyRefusal = ({ spec = {} }: Obj): string | undefined => {
  const ports: Readonly<Record<string, unknown>> | undefined = spec.portLevelMtls;
  const hasSelector = Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
  if (!hasSelector && ports && Object.keys(ports).length > 0)
    return "mesh/namespace peer authentication cannot have port level mTLS";
  return ports && Object.keys(ports).length === 0
    ? "port level mTLS, if defined, must have at least one element"
    : undefined;
};
