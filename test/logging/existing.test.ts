import { expect, it } from "vitest";
import type { PlanContext } from "../../src/kube/reconcile.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { findStores, sendingTo } from "../../src/steps/logging/existing/index.ts";
import { object } from "../doctor/scene.ts";

const live = (objects: readonly KubeObject[]): PlanContext["live"] =>
  ({
    list: async (apiVersion: string, kind: string) =>
      objects.filter((one) => one.apiVersion === apiVersion && one.kind === kind),
  }) as unknown as PlanContext["live"];

const service = (name: string, labels: object, ports: readonly number[], more: object = {}, meta: object = {}) =>
  object("Service", name, { spec: { ports: ports.map((port) => ({ port })), ...more } }, { labels, ...meta });

const operatedOn = { ownerReferences: [{ kind: "Elasticsearch", name: "logs" }] };
const ECK = (spec: object) => [
  object("Elasticsearch.elasticsearch.k8s.elastic.co/v1", "elastic/logs", { spec }),
  service("elastic/logs-es-http", { "common.k8s.elastic.co/type": "elasticsearch" }, [9200], {}, operatedOn),
  service("elastic/logs-es-transport", {}, [9300], { clusterIP: "None" }, operatedOn),
];
const k8s = (name: string, component?: string) => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/instance": "logs",
  ...(component ? { "app.kubernetes.io/component": component } : {}),
});

const CASES: readonly (readonly [string, readonly KubeObject[], readonly string[]])[] = [
  [
    "ECK",
    ECK({ version: "9.4.3" }),
    [
      "--logging-output elasticsearch --logging-url https://logs-es-http.elastic.svc:9200, with LOGGING_USERNAME (elastic), LOGGING_PASSWORD (key elastic of Secret elastic/logs-es-elastic-user), LOGGING_CA_FILE (key ca.crt of Secret elastic/logs-es-http-certs-public)",
    ],
  ],
  [
    "ECK behind a mesh, its own certificate switched off",
    ECK({ http: { tls: { selfSignedCertificate: { disabled: true } } } }),
    [
      "--logging-output elasticsearch --logging-url http://logs-es-http.elastic.svc:9200, with LOGGING_USERNAME (elastic), LOGGING_PASSWORD (key elastic of Secret elastic/logs-es-elastic-user)",
    ],
  ],
  [
    "the operator of OpenSearch, which serves both names of its kind",
    ["opensearch.opster.io/v1", "opensearch.org/v1"].map((group) =>
      object(`OpenSearchCluster.${group}`, "search/mine", {
        spec: {
          general: { serviceName: "my-search", httpPort: 9201 },
          security: { tls: { http: { generate: true } } },
        },
      }),
    ),
    [
      "--logging-output opensearch --logging-url https://my-search.search.svc:9201, with LOGGING_USERNAME (key username of Secret search/mine-admin-password), LOGGING_PASSWORD (key password of Secret search/mine-admin-password), LOGGING_CA_FILE (key ca.crt of Secret search/mine-ca)",
    ],
  ],
  [
    "Elastic's chart",
    [
      service("elastic/elasticsearch-master", { app: "elasticsearch-master", chart: "elasticsearch" }, [9200, 9300]),
      service(
        "elastic/elasticsearch-master-headless",
        { app: "elasticsearch-master", chart: "elasticsearch" },
        [9200, 9300],
        { clusterIP: "None" },
      ),
    ],
    [
      "--logging-output elasticsearch --logging-url https://elasticsearch-master.elastic.svc:9200, with LOGGING_USERNAME (key username of Secret elastic/elasticsearch-master-credentials), LOGGING_PASSWORD (key password of Secret elastic/elasticsearch-master-credentials), LOGGING_CA_FILE (key ca.crt of Secret elastic/elasticsearch-master-certs)",
    ],
  ],
  [
    "the chart of OpenSearch",
    [service("search/opensearch-cluster-master", k8s("opensearch"), [9200, 9300])],
    [
      "--logging-output opensearch --logging-url https://opensearch-cluster-master.search.svc:9200, with LOGGING_USERNAME and LOGGING_PASSWORD (of a user that may write), LOGGING_CA_FILE (the root of its certificate)",
    ],
  ],
  [
    "loki-stack",
    [
      service("loki/loki", { app: "loki", chart: "loki-2.16.0", release: "loki" }, [3100]),
      service("loki/loki-headless", { app: "loki", release: "loki" }, [3100], { clusterIP: "None" }),
      service("loki/loki-memberlist", { app: "loki", release: "loki" }, [7946]),
    ],
    ["--logging-output loki --logging-url http://loki.loki.svc:3100"],
  ],
  [
    "Loki in parts, with a gateway",
    [
      service("loki/loki-backend", k8s("loki", "backend"), [3100, 9095]),
      service("loki/loki-read", k8s("loki", "read"), [3100, 9095]),
      service("loki/loki-write", k8s("loki", "write"), [3100, 9095]),
      service("loki/loki-gateway", k8s("loki", "gateway"), [80]),
      service("loki/loki-canary", k8s("loki", "canary"), [3500]),
    ],
    ["--logging-output loki --logging-url http://loki-gateway.loki.svc"],
  ],
  [
    "Loki in parts, without one",
    [
      service("loki/loki-querier", k8s("loki", "querier"), [3100, 9095]),
      service("loki/loki-distributor", k8s("loki", "distributor"), [3100, 9095]),
    ],
    ["--logging-output loki --logging-url http://loki-distributor.loki.svc:3100"],
  ],
  [
    "the operator of Loki",
    [object("LokiStack.loki.grafana.com/v1", "logging/all", { spec: { tenants: { mode: "openshift-logging" } } })],
    [
      "--logging-output loki --logging-url https://all-gateway-http.logging.svc:8080/api/logs/v1/application, with LOGGING_TOKEN (of an account that may write logs), LOGGING_CA_FILE (the root of its certificate)",
    ],
  ],
  ["our own, and what only looks like one", [service("kube-logging/elasticsearch", k8s("elasticsearch"), [9200])], []],
];

it.each(CASES)("finds %s, and says how logs are sent there", async (_name, objects, wanted) => {
  const found = await findStores(live(objects));
  expect(found.map(sendingTo)).toEqual(wanted.map((rest) => `kn-bootstrap install --logging fluent-bit ${rest}`));
});

it("finds nothing where nothing may be read, and hides no other trouble", async () => {
  const failing = (status: number) =>
    ({
      list: async () => {
        throw new ApiError({ status, reason: "Forbidden", message: "no", request: "GET" });
      },
    }) as unknown as PlanContext["live"];
  expect(await findStores(failing(403))).toEqual([]);
  await expect(findStores(failing(500))).rejects.toThrow("no");
});
