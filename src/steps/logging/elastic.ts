import { ELASTICSEARCH, FILEBEAT, KIBANA } from "../../checks/logging/names.ts";
import type { Config } from "../../config/config.ts";
import { dataOf, type KubeObject } from "../../ports/object.ts";
import { filebeatYaml, policyJson } from "./filebeat.ts";
import { configMap, inContainer, isOf, rolledBy } from "./objects.ts";
import { viewsObject } from "./saved.ts";

/** What `--profile small` asks for, to fit a laptop. Kibana takes more than it asks for when there is more. */
const SMALL: Readonly<Record<string, object>> = {
  [ELASTICSEARCH.name]: { requests: { cpu: "200m", memory: "1Gi" }, limits: { memory: "1Gi" } },
  [KIBANA.name]: { requests: { cpu: "100m", memory: "768Mi" }, limits: { memory: "2Gi" } },
};

const sized = (pods: KubeObject, { profile }: Config): KubeObject => {
  const resources = profile === "small" ? SMALL[pods.metadata.name] : undefined;
  return resources ? inContainer(pods, (container) => ({ ...container, resources })) : pods;
};

/** Replicas and the claims of its pods. */
const stored = (set: KubeObject, config: Config): KubeObject => {
  const copy = structuredClone(set);
  const spec = copy.spec as {
    replicas: number;
    volumeClaimTemplates: { spec: { resources: object; storageClassName?: string } }[];
  };
  spec.replicas = Number(config.loggingReplicas ?? 1);
  for (const { spec: claim } of spec.volumeClaimTemplates) {
    if (config.loggingStorage) claim.resources = { requests: { storage: config.loggingStorage } };
    if (config.loggingStorageClass) claim.storageClassName = config.loggingStorageClass;
  }
  return copy;
};

/** As large as the options say. */
export const asLarge = (object: KubeObject, config: Config): KubeObject =>
  isOf(object, "StatefulSet", ELASTICSEARCH.name)
    ? sized(stored(object, config), config)
    : isOf(object, "Deployment", KIBANA.name)
      ? sized(object, config)
      : object;

/** Elasticsearch, Kibana and Filebeat, with their configuration and the Secret that they share. */
export const elastic = (
  manifests: readonly KubeObject[],
  config: Config,
  secret: KubeObject,
): readonly KubeObject[] => {
  const settings = configMap(FILEBEAT.name, {
    "filebeat.yml": filebeatYaml(config),
    "policy.json": policyJson(config),
  });
  const read = (name: string): unknown => [
    dataOf(manifests.find((object) => isOf(object, "ConfigMap", name))),
    secret.data,
  ];
  return [
    ...manifests.map((object) => {
      const { name } = object.metadata;
      if (isOf(object, "StatefulSet") || isOf(object, "Deployment")) return rolledBy(object, read(name));
      if (isOf(object, "DaemonSet")) return rolledBy(object, [settings.data, secret.data]);
      return object;
    }),
    settings,
    viewsObject(),
    secret,
  ];
};
