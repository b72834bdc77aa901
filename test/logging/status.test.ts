import { expect, it } from "vitest";
import { readStatus } from "../../src/app/status.ts";
import { statusText } from "../../src/cli/reporter/status.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { configMap, contextIn, KNATIVE, object } from "../doctor/scene.ts";

/** Nothing is wrapped. */
const PLAIN = { columns: 1_000, color: false, unicode: true };
const GIB = 2 ** 30;
const logged = { "logging.enable-request-log": "true" };
const state = (choices: object): KubeObject =>
  object("ConfigMap", "kn-bootstrap/state", { data: { choices: JSON.stringify(choices) } });
const claim = (index: number, phase = "Bound") =>
  object("PersistentVolumeClaim", `kube-logging/data-elasticsearch-${index}`, {
    spec: { storageClassName: "fast", resources: { requests: { storage: "10Gi" } } },
    status: { phase },
  });
const elasticsearch = object("Pod", "kube-logging/elasticsearch-0", {
  spec: { nodeName: "a", volumes: [{ persistentVolumeClaim: { claimName: "data-elasticsearch-0" } }] },
});
const ui = (name: string, labels: object) => object("Service", name, { spec: { selector: { app: "ui" } } }, { labels });
const summary = {
  pods: [
    { volume: [{ name: "tmp", usedBytes: 1 }] },
    {
      volume: [
        { name: "data", usedBytes: 3.5 * GIB, pvcRef: { namespace: "kube-logging", name: "data-elasticsearch-0" } },
        { name: "data", usedBytes: GIB, pvcRef: { namespace: "apps", name: "data-elasticsearch-0" } },
      ],
    },
  ],
};

/** What `status` shows of logging; `kubelet`: what a node answers. */
const shown = async (objects: readonly KubeObject[], kubelet: () => string = () => JSON.stringify(summary)) => {
  const ctx = contextIn({
    objects: [
      ...KNATIVE,
      configMap("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" }),
      ...objects,
    ],
  });
  const cluster = { ...ctx.cluster, askPod: async () => kubelet() };
  const status = await readStatus({ ...ctx, cluster } as never);
  const lines = statusText(status, PLAIN).split("\n");
  return {
    status,
    lines: lines
      .filter((line) => /^ {2}(Logging|Stored logs|Logs UI|Health) /.test(line))
      .map((line) => line.trim().replace(/ +/g, " ")),
  };
};

const set = (kind: string, name: string, fields: Readonly<Record<string, unknown>>) =>
  object(`${kind}.apps/v1`, `kube-logging/${name}`, fields);
const ELASTIC = [
  configMap("config-observability", logged),
  state({ logging: "elasticsearch", "logging-retention": "30" }),
  set("StatefulSet", "elasticsearch", { spec: { replicas: 2 }, status: { readyReplicas: 1, updatedReplicas: 2 } }),
  set("Deployment", "kibana", {
    spec: { replicas: 1 },
    status: { readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, replicas: 1 },
  }),
  set("DaemonSet", "filebeat", { status: { desiredNumberScheduled: 3, numberReady: 3, updatedNumberScheduled: 3 } }),
  elasticsearch,
  claim(0),
  claim(1, "Pending"),
  ui("kube-logging/kibana", { "app.kubernetes.io/name": "kibana" }),
];

it("says what runs, where logs go, how full the volumes are, how they are seen, and what is wrong", async () => {
  const { lines, status } = await shown(ELASTIC);
  expect(lines).toEqual([
    "Logging elasticsearch: elasticsearch 1 of 2 pods, kibana 1 pod, filebeat 3 pods; request logs are on",
    "Stored logs data-elasticsearch-0 3.5 GiB used of 10Gi; data-elasticsearch-1 10Gi, not bound; kept for 30 days",
    "Logs UI Kibana kube-logging/kibana; kn-bootstrap logs open leads there",
    expect.stringMatching(/PersistentVolumeClaim kube-logging\/data-elasticsearch-1 is not bound$/),
  ]);
  expect(status.logging).toMatchObject({
    retentionDays: 30,
    volumes: [
      { claim: "data-elasticsearch-0", used: 3.5 * GIB, bound: true },
      { claim: "data-elasticsearch-1", bound: false },
    ],
  });
});

it("goes without what a node does not tell", async () => {
  const { lines } = await shown(ELASTIC, () => {
    throw new ApiError({ status: 403, reason: "Forbidden", message: "nodes/proxy", request: "GET" });
  });
  expect(lines[1]).toMatch(/^Stored logs data-elasticsearch-0 10Gi; /);
});

it("says where Fluent Bit sends logs, and whose UI is there", async () => {
  const fluentBit = set("DaemonSet", "fluent-bit", {
    status: { desiredNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1 },
  });
  const loki = { logging: "fluent-bit", "logging-output": "loki", "logging-url": "http://loki.monitoring.svc:3100" };
  const grafana = ui("monitoring/grafana", { "app.kubernetes.io/name": "grafana" });
  const observability = configMap("config-observability", logged);
  const { lines } = await shown([state(loki), fluentBit, grafana, observability]);
  expect(lines.slice(0, 2)).toEqual([
    "Logging fluent-bit: 1 pod, to loki at http://loki.monitoring.svc:3100; request logs are on",
    "Logs UI Grafana monitoring/grafana; kn-bootstrap logs open leads there",
  ]);
  const { lines: plain } = await shown([state({ logging: "fluent-bit" }), fluentBit, observability]);
  expect(plain[0]).toBe("Logging fluent-bit: 1 pod, to its own log; request logs are on");
});

it("says that nothing is logged, and what an Elasticsearch that is gone has left", async () => {
  const { lines } = await shown([configMap("config-observability", {}), claim(0)]);
  expect(lines.slice(0, 2)).toEqual([
    "Logging none; request logs are off",
    "Stored logs data-elasticsearch-0 10Gi; nothing reads them any more",
  ]);
  expect((await shown([configMap("config-observability", logged)])).lines[0]).toBe("Logging none; request logs are on");
});
