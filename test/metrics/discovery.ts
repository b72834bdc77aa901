import type { Api, Obj } from "../../src/sandbox/types.ts";

/** What Prometheus' discovery of Kubernetes tells of what it finds (discovery/kubernetes/pod.go, endpoints.go). */

type Labels = Readonly<Record<string, string>>;

interface Group {
  readonly targets: readonly string[];
  readonly labels: Labels;
}

export const metaName = (label: string): string => label.replace(/[^a-zA-Z0-9_]/g, "_");

const META = "__meta_kubernetes_";

const named = (of: string, what: string, values: Labels = {}): Labels =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [`${META}${of}_${what}_${metaName(name)}`, value],
      [`${META}${of}_${what}present_${metaName(name)}`, "true"],
    ]),
  );

const podLabels = ({ metadata, status }: Obj): Labels => ({
  [`${META}namespace`]: metadata.namespace ?? "",
  [`${META}pod_name`]: metadata.name,
  [`${META}pod_ip`]: status?.podIP ?? "",
  ...named("pod", "label", metadata.labels),
  ...named("pod", "annotation", metadata.annotations),
});

interface Port {
  readonly name?: string;
  readonly containerPort: number;
}

const portsOf = ({ spec }: Obj): readonly (Port & { readonly container: string })[] =>
  [...(spec.containers as Obj[]), ...((spec.initContainers ?? []) as Obj[])].flatMap(({ name, ports = [] }) =>
    (ports as Port[]).map((port) => ({ ...port, container: String(name) })),
  );

const running = ({ metadata, status }: Obj): boolean => status?.phase === "Running" && !metadata.deletionTimestamp;

/** Role `pod`: a target for each port that a container declares. */
export const podTargets = (api: Api): readonly Group[] =>
  api
    .list("v1", "Pod")
    .filter(running)
    .flatMap((pod) =>
      portsOf(pod).map(({ name = "", containerPort, container }) => ({
        targets: [`${pod.status.podIP}:${containerPort}`],
        labels: {
          ...podLabels(pod),
          [`${META}pod_container_name`]: container,
          [`${META}pod_container_port_name`]: name,
        },
      })),
    );

/** Role `endpoints`: a target for each port of each pod behind a Service. */
export const endpointTargets = (api: Api): readonly Group[] =>
  api.list("v1", "Endpoints").flatMap((endpoints) => {
    const { namespace = "", name } = endpoints.metadata;
    const service = api.get({ apiVersion: "v1", kind: "Service", namespace, name });
    return ((endpoints.subsets ?? []) as Obj[]).flatMap(({ addresses = [], ports = [] }) =>
      (addresses as Obj[]).flatMap(({ ip, targetRef }) => {
        const pod = targetRef && api.get({ apiVersion: "v1", kind: "Pod", namespace, name: targetRef.name });
        return (ports as { readonly name?: string; readonly port: number }[]).map((port) => ({
          targets: [`${ip}:${port.port}`],
          labels: {
            [`${META}namespace`]: namespace,
            [`${META}service_name`]: name,
            [`${META}endpoint_port_name`]: port.name ?? "",
            ...(service ? named("service", "label", service.metadata.labels) : {}),
            ...(pod ? podLabels(pod) : {}),
          },
        }));
      }),
    );
  });
