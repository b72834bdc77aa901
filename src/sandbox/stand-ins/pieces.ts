import { crc32 } from "node:zlib";
import type { Obj } from "../types.ts";

/** Pieces that the stand-ins are put together from. */

export type Labels = Record<string, string>;

export const SERVING = "knative-serving";

/** Obviously nobody's: what runs in the rehearsal is not pulled. */
export const image = (path: string): string => `gcr.io/knative-releases/knative.dev/${path}@sha256:${"0".repeat(64)}`;

/** `23` of 1.23.0 */
export const minorOf = (version: string): number => Number(version.split(".")[1]);

/** The labels of everything in a release; `component` is absent on objects that belong to all of it. */
export const labels = (version: string, component?: string): Labels => ({
  "app.kubernetes.io/name": SERVING,
  ...(component === undefined ? {} : { "app.kubernetes.io/component": component }),
  "app.kubernetes.io/version": version,
});

/** `kind` as `apps/v1 Deployment`; `name` as `name` or `namespace/name`. */
export const object = (kind: string, name: string, labels: Labels, fields: Record<string, unknown>): Obj => {
  const [apiVersion = "", kindName = ""] = kind.split(" ");
  const [first = "", second] = name.split("/");
  const id = second === undefined ? { name: first } : { namespace: first, name: second };
  return { apiVersion, kind: kindName, metadata: { ...id, labels }, ...fields };
};

/** `app=activator,role=activator` as a record. */
export const pairs = (text: string): Labels => Object.fromEntries(text.split(",").map((pair) => pair.split("=", 2)));

export interface Workload {
  readonly name: string;
  readonly labels: Labels;
  /** `app=activator,role=activator` */
  readonly selector: string;
  readonly account?: string;
  readonly container: string;
  readonly image: string;
  /** `300m/60Mi`: CPU and memory requests. */
  readonly requests: string;
  /** `metrics:9090 http1:8012`, with `/TCP` behind those for which the release says so, and without a name where it has none. */
  readonly ports: string;
  readonly env?: readonly Record<string, unknown>[];
  /** Labels of the pods besides the selector. */
  readonly podLabels?: Labels;
  readonly podAnnotations?: Labels;
  readonly spec?: Record<string, unknown>;
  readonly podSpec?: Record<string, unknown>;
  readonly containerSpec?: Record<string, unknown>;
}

export const ownNamespace = { name: "SYSTEM_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } };

const containerPort = (text: string): Record<string, unknown> => {
  const [, name, port, protocol] = /^(?:([^:]+):)?([0-9]+)(?:\/(.+))?$/.exec(text) ?? [];
  return { ...(name ? { name } : {}), containerPort: Number(port), ...(protocol ? { protocol } : {}) };
};

/** What Prometheus goes by that finds pods itself. */
export const scrapedAt = (port: number, path: string): Labels => ({
  "prometheus.io/scrape": "true",
  "prometheus.io/port": String(port),
  "prometheus.io/path": path,
});

export const deployment = (workload: Workload): Obj => {
  const { name, selector, account, container, requests, ports, env } = workload;
  const [cpu, memory] = requests.split("/");
  return object("apps/v1 Deployment", name, workload.labels, {
    spec: {
      ...workload.spec,
      selector: { matchLabels: pairs(selector) },
      template: {
        metadata: {
          labels: { ...pairs(selector), ...workload.podLabels },
          ...(workload.podAnnotations ? { annotations: workload.podAnnotations } : {}),
        },
        spec: {
          ...(account === undefined ? {} : { serviceAccountName: account }),
          containers: [
            {
              name: container,
              image: workload.image,
              ...(env === undefined ? {} : { env }),
              ports: ports.split(" ").map(containerPort),
              resources: { requests: { cpu, memory } },
              ...workload.containerSpec,
            },
          ],
          ...workload.podSpec,
        },
      },
    },
  });
};

/** @param ports `http-metrics:9090>9090 https:443>https`, without a target where the release names none, with `/TCP` behind those for which the release says so */
export const service = (name: string, labels: Labels, selector: string, ports: string, type?: string): Obj =>
  object("v1 Service", name, labels, {
    spec: {
      selector: pairs(selector),
      ports: ports.split(" ").map((text) => {
        const [, port, number, target, protocol] = /^([^:]+):([0-9]+)(?:>([^/]+))?(?:\/(.+))?$/.exec(text) ?? [];
        return {
          name: port,
          port: Number(number),
          ...(target ? { targetPort: /^\d+$/.test(target) ? Number(target) : target } : {}),
          ...(protocol ? { protocol } : {}),
        };
      }),
      ...(type === undefined ? {} : { type }),
    },
  });

/** Scales on full use of the requested CPU. */
export const autoscaler = (name: string, labels: Labels, maxReplicas: number): Obj =>
  object("autoscaling/v2 HorizontalPodAutoscaler", name, labels, {
    spec: {
      minReplicas: 1,
      maxReplicas,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: name.split("/").at(-1) },
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 100 } } },
      ],
    },
  });

export const disruptionBudget = (name: string, labels: Labels, selector: string): Obj =>
  object("policy/v1 PodDisruptionBudget", name, labels, {
    spec: { minAvailable: "80%", selector: { matchLabels: pairs(selector) } },
  });

/** One rule of a role; resources and verbs are separated by commas, `""` is the core group. */
export const rule = (apiGroups: readonly string[], resources: string, verbs: string): Record<string, unknown> => ({
  apiGroups,
  resources: resources.split(","),
  verbs: verbs.split(","),
});

/** Binds a role to a ServiceAccount of knative-serving; namespaced when `name` is. */
export const binding = (name: string, labels: Labels, role: string, account: string): Obj => {
  const scope = name.includes("/") ? "" : "Cluster";
  return object(`rbac.authorization.k8s.io/v1 ${scope}RoleBinding`, name, labels, {
    subjects: [{ kind: "ServiceAccount", name: account, namespace: SERVING }],
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: `${scope}Role`, name: role },
  });
};

/**
 * The annotation `knative.dev/example-checksum`: CRC-32 (IEEE) of the trimmed text, in which each run of line breaks has become a
 * backslash and an n (knative.dev/pkg/configmap/example.go: its replacement is a raw string).
 */
export const exampleChecksum = (text: string): string =>
  crc32(text.trim().replace(/(?:\r?\n)+/g, "\\n"))
    .toString(16)
    .padStart(8, "0");

/** A ConfigMap whose only content explains itself and must not be edited. */
export const configMap = (name: string, labels: Labels, about: string, data: Labels = {}): Obj => {
  const example = `# ${about}\n# This block documents the settings; it is not read. Put a setting beside it, as a key of data.\n`;
  const config = object("v1 ConfigMap", name, labels, { data: { ...data, _example: example } });
  config.metadata.annotations = { "knative.dev/example-checksum": exampleChecksum(example) };
  return config;
};
