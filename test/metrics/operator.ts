import { isTrue } from "../../src/sandbox/objects.ts";
import type { Api, Obj } from "../../src/sandbox/types.ts";
import type { World } from "../../src/sandbox/world.ts";
import { apply, until } from "../sandbox/install.ts";
import { endpointTargets, metaName, podTargets } from "./discovery.ts";

/** The Prometheus operator, as far as a client meets it: its kinds, and what it makes of monitors. */

const GROUP = "monitoring.coreos.com";

const crd = (kind: string): Obj => {
  const plural = `${kind.toLowerCase()}${kind.endsWith("s") ? "es" : "s"}`;
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
};

const CRDS: readonly Obj[] = ["ServiceMonitor", "PodMonitor", "Prometheus"].map(crd);

const picked = { matchLabels: { release: "stack" } };
/** As kube-prometheus-stack installs it: it picks what carries its release's label, everywhere. */
const STACK: readonly Obj[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "observability" } },
  {
    apiVersion: `${GROUP}/v1`,
    kind: "Prometheus",
    metadata: { namespace: "observability", name: "stack" },
    spec: {
      serviceMonitorSelector: picked,
      podMonitorSelector: picked,
      serviceMonitorNamespaceSelector: {},
      podMonitorNamespaceSelector: {},
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: "observability", name: "stack-grafana" },
    spec: {
      selector: { matchLabels: { app: "grafana" } },
      template: {
        metadata: { labels: { app: "grafana" } },
        spec: {
          containers: [
            {
              name: "grafana-sc-dashboard",
              image: "quay.io/kiwigrid/k8s-sidecar:2.5.0",
              env: [
                { name: "LABEL", value: "grafana_dashboard" },
                { name: "LABEL_VALUE", value: "1" },
                { name: "NAMESPACE", value: "ALL" },
              ],
            },
          ],
        },
      },
    },
  },
];

/** Puts the operator, a Prometheus of it and a Grafana into a cluster. */
export const bringStack = async (world: World): Promise<void> => {
  await apply(world, ...CRDS);
  const isEstablished = ({ metadata: { name } }: Obj): boolean =>
    isTrue(
      world.api.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name }),
      "Established",
    );
  await until(world, "the operator's kinds are served", () => CRDS.every(isEstablished));
  await apply(world, ...STACK);
  await until(world, "Grafana runs", () =>
    world.api.list("v1", "Pod", "observability").some((pod) => isTrue(pod, "Ready")),
  );
};

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string }[];
}

const keep = (source: string, regex: string) => ({ source_labels: [source], regex, action: "keep" });
const copy = (source: string, target: string) => ({ source_labels: [source], target_label: target });

const selected = (of: "service" | "pod", { matchLabels = {}, matchExpressions = [] }: Selector) => [
  ...Object.entries(matchLabels).map(([label, value]) =>
    keep(`__meta_kubernetes_${of}_label_${metaName(label)}`, value),
  ),
  ...matchExpressions.map(({ key, operator }) => {
    if (operator !== "Exists") throw new Error(`no ${operator} here`);
    return keep(`__meta_kubernetes_${of}_labelpresent_${metaName(key)}`, "true");
  }),
];

/** Pods have no address that leads to them from here: the API server carries the question on. */
const throughServer = (server: string, path: string) => [
  copy("__address__", "instance"),
  {
    source_labels: ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_name", "__address__"],
    regex: "([^;]+);([^;]+);.*:(\\d+)",
    replacement: `/api/v1/namespaces/$1/pods/$2:$3/proxy${path}`,
    target_label: "__metrics_path__",
  },
  { target_label: "__address__", replacement: server },
];

/** How a Prometheus here reaches the API server; `ca.pem` and `token` lie beside its configuration. */
const access = { tls_config: { ca_file: "ca.pem" }, authorization: { credentials_file: "token" } };

/**
 * Beside its configuration. Debian builds Prometheus without the discovery of Kubernetes, so that what this would find at the moment, with all
 * its labels, is given to it in files; what becomes of it, its own relabelling decides.
 */
export const filesFor = (api: Api): Readonly<Record<string, string>> => ({
  "ca.pem": api.ca,
  token: api.token,
  "pod.json": JSON.stringify(podTargets(api)),
  "endpoints.json": JSON.stringify(endpointTargets(api)),
});

const job = (
  { url }: Api,
  name: string,
  role: "pod" | "endpoints",
  path: string,
  relabelings: readonly object[],
  more: object = {},
) => ({
  job_name: name,
  scheme: "https",
  ...access,
  ...more,
  file_sd_configs: [{ files: [`${role}.json`] }],
  relabel_configs: [
    ...relabelings,
    copy("__meta_kubernetes_namespace", "namespace"),
    copy("__meta_kubernetes_pod_name", "pod"),
    ...throughServer(new URL(url).host, path),
  ],
});

/** What the operator makes of the monitors that a Prometheus picks (pkg/prometheus/promcfg.go), one job for each of their ports. */
export const jobsFor = (api: Api, release: string): readonly object[] => {
  const monitors = (kind: string) =>
    api.list(`${GROUP}/v1`, kind).filter(({ metadata }) => metadata.labels?.release === release);
  const inNamespaces = ({ any, matchNames = [] }: { any?: boolean; matchNames?: readonly string[] }) =>
    any ? [] : [keep("__meta_kubernetes_namespace", matchNames.join("|"))];
  return [
    ...monitors("ServiceMonitor").flatMap(({ metadata, spec }) =>
      (spec.endpoints as Obj[]).map(({ port, path, honorLabels }) =>
        job(
          api,
          `serviceMonitor/${metadata.namespace}/${metadata.name}/${port}`,
          "endpoints",
          path,
          [
            ...inNamespaces(spec.namespaceSelector),
            ...selected("service", spec.selector),
            keep("__meta_kubernetes_endpoint_port_name", port),
            copy("__meta_kubernetes_service_name", "job"),
            copy("__meta_kubernetes_service_name", "service"),
          ],
          { honor_labels: honorLabels },
        ),
      ),
    ),
    ...monitors("PodMonitor").flatMap(({ metadata, spec }) =>
      (spec.podMetricsEndpoints as Obj[]).map(({ port, path, honorLabels }) =>
        job(
          api,
          `podMonitor/${metadata.namespace}/${metadata.name}/${port}`,
          "pod",
          path,
          [
            ...inNamespaces(spec.namespaceSelector),
            ...selected("pod", spec.selector),
            keep("__meta_kubernetes_pod_container_port_name", port),
            { target_label: "job", replacement: `${metadata.namespace}/${metadata.name}` },
          ],
          { honor_labels: honorLabels },
        ),
      ),
    ),
  ];
};

/** Job `kubernetes-pods` of Prometheus' own example (documentation/examples/prometheus-kubernetes.yml). */
export const annotatedPods = (api: Api): object => {
  const annotation = (name: string): string => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;
  const base = job(api, "kubernetes-pods", "pod", "", [
    keep(annotation("scrape"), "true"),
    // The container's own ports do not count where the pod says which one it is.
    {
      source_labels: ["__meta_kubernetes_pod_ip", annotation("port")],
      regex: "([^;]+);(\\d+)",
      replacement: "$1:$2",
      target_label: "__address__",
    },
  ]);
  const path = {
    source_labels: ["__metrics_path__", annotation("path")],
    regex: "([^;]+);(.+)",
    replacement: "$1$2",
    target_label: "__metrics_path__",
  };
  return { ...base, relabel_configs: [...base.relabel_configs, path] };
};
