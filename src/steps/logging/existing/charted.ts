import { LOGGING } from "../../../checks/logging/names.ts";
import { at, isRecord, type KubeObject } from "../../../ports/object.ts";
import { readable } from "../../../ports/readable.ts";
import type { Reader } from "../../../ports/reader.ts";
import { keyOfSecret, type Store } from "./store.ts";

/** A Service that may take logs. */
interface Candidate {
  readonly store: Store;
  /** Of one release, by its namespace: the lowest rank is the one to send to. */
  readonly release: string;
  readonly rank: number;
}

type Labels = Readonly<Record<string, string>>;
type Recognised = Omit<Store, "title" | "url"> & {
  readonly scheme: "http" | "https";
  readonly port: number;
  readonly rank?: number;
};
type Recognise = (labels: Labels, service: KubeObject) => Recognised | undefined;

const nameIn = (labels: Labels): string => labels["app.kubernetes.io/name"] ?? labels.app ?? "";
const componentIn = (labels: Labels): string => labels["app.kubernetes.io/component"] ?? "";

/** elastic/helm-charts elasticsearch/templates: its Services are called after the group of nodes; secured since 8. */
const elasticChart: Recognise = (labels, { metadata: { name, namespace = "" } }) =>
  labels.chart === "elasticsearch"
    ? {
        output: "elasticsearch",
        scheme: "https",
        port: 9200,
        shown: [
          keyOfSecret("LOGGING_USERNAME", namespace, `${name}-credentials`, "username"),
          keyOfSecret("LOGGING_PASSWORD", namespace, `${name}-credentials`, "password"),
          keyOfSecret("LOGGING_CA_FILE", namespace, `${name}-certs`, "ca.crt"),
        ],
      }
    : undefined;

const elasticsearch: Recognise = (labels) =>
  nameIn(labels) === "elasticsearch" ? { output: "elasticsearch", scheme: "http", port: 9200, shown: [] } : undefined;

/** opensearch-project/helm-charts charts/opensearch: secured unless that is switched off. */
const openSearch: Recognise = (labels) =>
  nameIn(labels) === "opensearch"
    ? {
        output: "opensearch",
        scheme: "https",
        port: 9200,
        shown: [
          "LOGGING_USERNAME and LOGGING_PASSWORD (of a user that may write)",
          "LOGGING_CA_FILE (the root of its certificate)",
        ],
      }
    : undefined;

const LOKI = ["loki", "loki-stack", "loki-distributed", "loki-simple-scalable"];
/** What takes logs of a Loki in parts, the best first. The others give logs out, or keep them. */
const TAKE_LOGS = ["gateway", "distributor", "write", "single-binary", ""];

/** grafana/loki production/helm/loki, and the charts before it. */
const loki: Recognise = (labels) => {
  const component = componentIn(labels);
  const rank = TAKE_LOGS.indexOf(component);
  if (!LOKI.includes(nameIn(labels)) || rank < 0) return undefined;
  return { output: "loki", scheme: "http", port: component === "gateway" ? 80 : 3100, shown: [], rank };
};

const KNOWN: readonly Recognise[] = [elasticChart, elasticsearch, openSearch, loki];

const portsOf = (service: KubeObject): readonly unknown[] => {
  const ports = at(service, "spec", "ports");
  return Array.isArray(ports) ? ports.filter(isRecord).map(({ port }) => port) : [];
};

const candidate = (service: KubeObject): readonly Candidate[] => {
  const { name, namespace = "", labels = {}, ownerReferences } = service.metadata;
  // One that has no address of its own leads to its pods one by one; what an operator made is known by its own kind.
  if (namespace === LOGGING || ownerReferences || at(service, "spec", "clusterIP") === "None") return [];
  for (const recognise of KNOWN) {
    const found = recognise(labels, service);
    if (!found || !portsOf(service).includes(found.port)) continue;
    const { output, scheme, port, shown, rank = 0 } = found;
    const address = `${name}.${namespace}.svc`;
    const url = `${scheme}://${port === 80 ? address : `${address}:${port}`}`;
    const release = labels["app.kubernetes.io/instance"] ?? labels.release ?? name;
    return [
      {
        store: { title: `${output} ${namespace}/${name}`, output, url, shown },
        release: `${output}/${namespace}/${release}`,
        rank,
      },
    ];
  }
  return [];
};

/** What charts and people's own manifests have made, by the labels of its Services; one for each release. */
export const charted = async (live: Reader): Promise<readonly Store[]> => {
  const all = ((await readable(live.list("v1", "Service"))) ?? []).flatMap(candidate);
  const best = new Map<string, Candidate>();
  for (const one of all) {
    const other = best.get(one.release);
    if (!other || one.rank < other.rank) best.set(one.release, one);
  }
  return [...best.values()].map(({ store }) => store);
};
