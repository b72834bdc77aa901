import type { ClusterRead } from "../../ports/cluster.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, isRecord, type KubeObject, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { inNamespace, type ShellCommand, sh } from "../../ports/shell.ts";

/** A program with which people look at logs, by the Service that leads to it. */
export interface Ui {
  readonly title: string;
  readonly isIt: (service: KubeObject) => boolean;
  /** How one logs in there; the command shows the password, which nobody reads here. */
  readonly login: (service: KubeObject, cluster: ClusterRead) => Promise<Remedy>;
}

const label = ({ metadata }: KubeObject, name: string): string => metadata.labels?.[name] ?? "";
const NAME = "app.kubernetes.io/name";

const decoded = (secret: string, namespace: string, key: string): ShellCommand =>
  sh`kubectl get secret ${secret} ${inNamespace(namespace)} -o jsonpath=${`{.data.${key}}`} | base64 -d`;

const as = (user: string, command: ShellCommand): Remedy => ({
  text: `Log in as ${user}; this shows the password:`,
  command,
});

const spaceOf = ({ metadata: { namespace = "" } }: KubeObject): string => namespace;

/** The one that `--logging elasticsearch` installs. */
const ours: Ui = {
  title: "Kibana",
  isIt: (service) => spaceOf(service) === "kube-logging" && service.metadata.name === "kibana",
  login: async () => as("elastic", decoded("elastic-credentials", "kube-logging", "password")),
};

const ECK_TYPE = "common.k8s.elastic.co/type";

/** Elastic Cloud on Kubernetes: the Kibana says whose Elasticsearch it shows, and that one's user has a Secret. */
const eck: Ui = {
  title: "Kibana (ECK)",
  isIt: (service) => label(service, ECK_TYPE) === "kibana",
  login: async (service, cluster) => {
    const namespace = spaceOf(service);
    const name = label(service, "kibana.k8s.elastic.co/name");
    const kibana = await readable(
      cluster.get({ apiVersion: "kibana.k8s.elastic.co/v1", kind: "Kibana", namespace, name }),
    );
    const elasticsearch = textAt(kibana, "spec", "elasticsearchRef", "name");
    const where = textAt(kibana, "spec", "elasticsearchRef", "namespace") || namespace;
    if (elasticsearch !== "") return as("elastic", decoded(`${elasticsearch}-es-elastic-user`, where, "elastic"));
    return {
      text: "Log in as elastic; these Secrets hold passwords:",
      command: sh`kubectl get secrets -A -l eck.k8s.elastic.co/credentials=true`,
    };
  },
};

/** Elastic's own charts. */
const chart: Ui = {
  title: "Kibana",
  isIt: (service) => label(service, "app") === "kibana" || label(service, NAME) === "kibana",
  login: async (service) => as("elastic", decoded("elasticsearch-master-credentials", spaceOf(service), "password")),
};

const grafana: Ui = {
  title: "Grafana",
  isIt: (service) => label(service, NAME) === "grafana",
  login: async (service) => as("admin", decoded(service.metadata.name, spaceOf(service), "admin-password")),
};

const openSearch: Ui = {
  title: "OpenSearch Dashboards",
  isIt: (service) => label(service, NAME) === "opensearch-dashboards",
  login: async () => ({ text: "Log in with the name and password that it was installed with." }),
};

const OF_CLUSTER = "opensearch.cluster.dashboards";

/** By the operator (opensearch-k8s-operator pkg/builders/dashboards.go). */
const operatedOpenSearch: Ui = {
  title: "OpenSearch Dashboards",
  isIt: (service) => label(service, OF_CLUSTER) !== "",
  login: async (service) =>
    as("admin", decoded(`${label(service, OF_CLUSTER)}-admin-password`, spaceOf(service), "password")),
};

/** The first that it is counts. */
const UIS: readonly Ui[] = [ours, eck, grafana, openSearch, operatedOpenSearch, chart];

/** Headless ones are for the members of a cluster, those without a selector for what is elsewhere. */
const hasPods = ({ spec }: KubeObject): boolean => {
  const selector = at(spec, "selector");
  return textAt(spec, "clusterIP") !== "None" && isRecord(selector) && Object.keys(selector).length > 0;
};

/** What a Service leads to; undefined: no UI for logs. */
export const uiBehind = (service: KubeObject): Ui | undefined =>
  hasPods(service) ? UIS.find(({ isIt }) => isIt(service)) : undefined;
