import { LOGGING } from "../../checks/logging/names.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { at, isRecord, type KubeObject, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { type ShellCommand, sh } from "../../ports/shell.ts";

type Live = PlanContext["live"];

/** A store of somebody else that takes logs. */
export interface Store {
  /** As its kind and name say it. */
  readonly title: string;
  readonly output: "elasticsearch" | "opensearch" | "loki";
  readonly url: string;
}

/** Operators, by the kind of what they make, and the Service that they put before it. */
const OPERATED = [
  {
    apiVersion: "elasticsearch.k8s.elastic.co/v1",
    kind: "Elasticsearch",
    output: "elasticsearch",
    service: "-es-http",
  },
  { apiVersion: "opensearch.opster.io/v1", kind: "OpenSearchCluster", output: "opensearch", service: "" },
  { apiVersion: "opensearch.org/v1", kind: "OpenSearchCluster", output: "opensearch", service: "" },
] as const;

/** Charts, by the label that they put on the Service, and the port that takes logs. */
const PORTS = { elasticsearch: 9200, opensearch: 9200, loki: 3100 } as const;

const operated = async (live: Live): Promise<readonly Store[]> => {
  const lists = await Promise.all(
    OPERATED.map(async ({ apiVersion, kind, output, service }) =>
      ((await readable(live.list(apiVersion, kind))) ?? []).map((store) => {
        const { name, namespace } = store.metadata;
        // The operator of OpenSearch lets people name it.
        const behind = textAt(store, "spec", "general", "serviceName") || `${name}${service}`;
        return { title: `${kind} ${namespace}/${name}`, output, url: `https://${behind}.${namespace}.svc:9200` };
      }),
    ),
  );
  return lists.flat();
};

const charted = async (live: Live): Promise<readonly Store[]> => {
  const services = (await readable(live.list("v1", "Service"))) ?? [];
  return services.flatMap((service) => {
    const { name, namespace, labels = {} } = service.metadata;
    const output = (Object.keys(PORTS) as (keyof typeof PORTS)[]).find(
      (one) => labels["app.kubernetes.io/name"] === one || labels.app === one,
    );
    // One that has no address of its own leads to its pods one by one.
    if (!output || namespace === LOGGING || at(service, "spec", "clusterIP") === "None") return [];
    if (service.metadata.ownerReferences || !portsOf(service).includes(PORTS[output])) return [];
    return [
      { title: `${output} ${namespace}/${name}`, output, url: `http://${name}.${namespace}.svc:${PORTS[output]}` },
    ];
  });
};

const portsOf = (service: KubeObject): readonly unknown[] => {
  const ports = at(service, "spec", "ports");
  return Array.isArray(ports) ? ports.filter(isRecord).map(({ port }) => port) : [];
};

export const findStores = async (live: Live): Promise<readonly Store[]> => [
  ...(await operated(live)),
  ...(await charted(live)),
];

export const sendingTo = ({ output, url }: Store): ShellCommand =>
  sh`kn-bootstrap install --logging fluent-bit --logging-output ${output} --logging-url ${url}`;
