import { expect, it } from "vitest";
import { findUi, podBehind } from "../../src/app/logs/open.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";

const service = (
  [namespace, name]: readonly [string, string],
  labels: Record<string, string>,
  ports: readonly object[] = [{ name: "http", port: 5601, targetPort: "web" }],
  more: object = {},
): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace, name, labels },
  spec: { selector: { app: name, role: "ui" }, ports, ...more },
});

const kibana: KubeObject = {
  apiVersion: "kibana.k8s.elastic.co/v1",
  kind: "Kibana",
  metadata: { namespace: "elastic", name: "logs" },
  spec: { elasticsearchRef: { name: "store", namespace: "elastic-data" } },
};

const clusterWith = (services: readonly KubeObject[], pods: readonly KubeObject[] = []) => {
  const asked: unknown[] = [];
  const cluster = {
    list: async (query: { kind: string; namespace?: string }) => {
      asked.push(query);
      const all = query.kind === "Pod" ? pods : services;
      return all.filter(({ metadata }) => query.namespace === undefined || metadata.namespace === query.namespace);
    },
    get: async ({ kind, name }: { kind: string; name: string }) =>
      kind === "Kibana" && name === "logs" ? kibana : undefined,
  };
  return { cluster: cluster as unknown as ClusterRead, asked };
};

const NAME = "app.kubernetes.io/name";
const ECK = { "common.k8s.elastic.co/type": "kibana", "kibana.k8s.elastic.co/name": "logs" };
const HTTPS = [{ name: "https", port: 5601, targetPort: 5601 }];

it.each<[string, KubeObject, string, string]>([
  [
    "ours",
    service(["kube-logging", "kibana"], { [NAME]: "kibana" }),
    "http",
    "kubectl get secret elastic-credentials -n kube-logging -o jsonpath='{.data.password}' | base64 -d",
  ],
  [
    "Kibana by ECK, whose Elasticsearch is elsewhere",
    service(["elastic", "logs-kb-http"], ECK, HTTPS),
    "https",
    "kubectl get secret store-es-elastic-user -n elastic-data -o jsonpath='{.data.elastic}' | base64 -d",
  ],
  [
    "Kibana by ECK, of which nothing more can be read",
    service(["elastic", "x-kb-http"], { ...ECK, "kibana.k8s.elastic.co/name": "x" }, HTTPS),
    "https",
    "kubectl get secrets -A -l eck.k8s.elastic.co/credentials=true",
  ],
  [
    "Kibana by Elastic's chart",
    service(["elk", "kibana-kibana"], { app: "kibana" }),
    "http",
    "kubectl get secret elasticsearch-master-credentials -n elk -o jsonpath='{.data.password}' | base64 -d",
  ],
  [
    "Grafana",
    service(["monitoring", "stack-grafana"], { [NAME]: "grafana" }),
    "http",
    "kubectl get secret stack-grafana -n monitoring -o jsonpath='{.data.admin-password}' | base64 -d",
  ],
  [
    "Dashboards by the operator of OpenSearch",
    service(["search", "my-search-dashboards"], { "opensearch.cluster.dashboards": "mine" }),
    "http",
    "kubectl get secret mine-admin-password -n search -o jsonpath='{.data.password}' | base64 -d",
  ],
])("%s is found, and how its password is shown", async (_what, ui, scheme, command) => {
  const others = [
    service(["elastic", "logs-es-http"], { "common.k8s.elastic.co/type": "elasticsearch" }),
    service(["monitoring", "grafana-headless"], { [NAME]: "grafana" }, [], { clusterIP: "None" }),
    service(["apps", "kibana"], {}),
  ];
  const { cluster } = clusterWith([...others, ui]);
  const found = await findUi({}, cluster);
  expect([found.service.metadata.name, found.scheme]).toEqual([ui.metadata.name, scheme]);
  expect((await found.ui.login(found.service, cluster)).command).toBe(command);
});

it("it is reached at the port that the Service means, in a pod that is ready", async () => {
  const ports = [
    { name: "metrics", port: 9090, targetPort: 9090 },
    { name: "http-web", port: 80, targetPort: "web" },
  ];
  const pod = (name: string, status: "True" | "False", gone = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "monitoring", name, ...gone },
    spec: {
      containers: [
        { ports: [{ name: "metrics", containerPort: 9090 }] },
        { ports: [{ name: "web", containerPort: 3000 }] },
      ],
    },
    status: { conditions: [{ type: "Ready", status }] },
  });
  const going = pod("going", "True", { deletionTimestamp: "2026-11-30T08:00:00Z" });
  const grafana = service(["monitoring", "grafana"], { [NAME]: "grafana" }, ports);
  const { cluster, asked } = clusterWith([grafana], [pod("early", "False"), going, pod("good", "True")]);
  const found = await findUi({ namespace: "monitoring" }, cluster);
  expect(await podBehind(found, cluster)).toEqual({ namespace: "monitoring", pod: "good", port: 3000 });
  expect(asked.at(-1)).toMatchObject({ namespace: "monitoring", labelSelector: "app=grafana,role=ui" });
  const none = clusterWith([grafana], [going]);
  await expect(podBehind(found, none.cluster)).rejects.toThrow("No pod behind Service monitoring/grafana is ready.");
});
