import { at, type KubeObject, numberAt, textAt } from "../../../ports/object.ts";
import { readable } from "../../../ports/readable.ts";
import type { Reader } from "../../../ports/reader.ts";
import { keyOfSecret, type Store } from "./store.ts";

type Found = Omit<Store, "title">;

/** Undefined: what it makes takes no logs. */
type StoreOf = (object: KubeObject, namespace: string) => Found | undefined;

/** cloud-on-k8s pkg/controller/elasticsearch: Service `NAME-es-http`, user `elastic`; http only where its own certificate is switched off. */
const elasticsearch: StoreOf = ({ metadata: { name }, spec }, namespace) => {
  const tls = at(spec, "http", "tls");
  const isPlain =
    at(tls, "selfSignedCertificate", "disabled") === true && textAt(tls, "certificate", "secretName") === "";
  return {
    output: "elasticsearch",
    url: `${isPlain ? "http" : "https"}://${name}-es-http.${namespace}.svc:9200`,
    shown: [
      "LOGGING_USERNAME (elastic)",
      keyOfSecret("LOGGING_PASSWORD", namespace, `${name}-es-elastic-user`, "elastic"),
      ...(isPlain ? [] : [keyOfSecret("LOGGING_CA_FILE", namespace, `${name}-es-http-certs-public`, "ca.crt")]),
    ],
  };
};

const OPENSEARCH = 9200;

/** opensearch-k8s-operator pkg/builders/cluster.go: Service `spec.general.serviceName`; the root is known where the operator makes it. */
const openSearch: StoreOf = ({ metadata: { name }, spec }, namespace) => {
  const { general, security } = (spec ?? {}) as { readonly general?: unknown; readonly security?: unknown };
  const tls = at(security, "tls", "http");
  const secret = textAt(security, "config", "adminCredentialsSecret", "name") || `${name}-admin-password`;
  const isTheirs = at(tls, "generate") === true && textAt(tls, "caSecret", "name") === "";
  const scheme = at(tls, "enabled") === false ? "http" : "https";
  return {
    output: "opensearch",
    url: `${scheme}://${textAt(general, "serviceName") || name}.${namespace}.svc:${numberAt(general, "httpPort") ?? OPENSEARCH}`,
    shown: [
      keyOfSecret("LOGGING_USERNAME", namespace, secret, "username"),
      keyOfSecret("LOGGING_PASSWORD", namespace, secret, "password"),
      ...(scheme === "http"
        ? []
        : [
            isTheirs
              ? keyOfSecret("LOGGING_CA_FILE", namespace, `${name}-ca`, "ca.crt")
              : "LOGGING_CA_FILE (the root of its certificate)",
          ]),
    ],
  };
};

/** grafana/loki operator/internal/manifests: with tenants there is a gateway, and a path for each of them. */
const lokiStack: StoreOf = ({ metadata: { name }, spec }, namespace) => {
  if (at(spec, "tenants") === undefined)
    return { output: "loki", url: `http://${name}-distributor-http.${namespace}.svc:3100`, shown: [] };
  return {
    output: "loki",
    url: `https://${name}-gateway-http.${namespace}.svc:8080/api/logs/v1/application`,
    shown: ["LOGGING_TOKEN (of an account that may write logs)", "LOGGING_CA_FILE (the root of its certificate)"],
  };
};

/** Operators, by the kind of what they make. The newer name of a kind comes first. */
const OPERATED: readonly (readonly [apiVersion: string, kind: string, of: StoreOf])[] = [
  ["elasticsearch.k8s.elastic.co/v1", "Elasticsearch", elasticsearch],
  ["opensearch.org/v1", "OpenSearchCluster", openSearch],
  ["opensearch.opster.io/v1", "OpenSearchCluster", openSearch],
  ["loki.grafana.com/v1", "LokiStack", lokiStack],
];

export const operated = async (live: Reader): Promise<readonly Store[]> => {
  const lists = await Promise.all(
    OPERATED.map(async ([apiVersion, kind, of]) =>
      ((await readable(live.list(apiVersion, kind))) ?? []).flatMap((object) => {
        const { name, namespace = "" } = object.metadata;
        const found = of(object, namespace);
        return found ? [{ title: `${kind} ${namespace}/${name}`, ...found }] : [];
      }),
    ),
  );
  return lists.flat();
};
