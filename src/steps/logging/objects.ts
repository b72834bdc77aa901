import { createHash } from "node:crypto";
import { LOGGING } from "../../checks/logging/names.ts";
import type { Config } from "../../config/config.ts";
import { blank, hasBlank } from "../../core/blank.ts";
import { isRecord, type KubeObject, refOf } from "../../ports/object.ts";
import { manifestFile } from "../../releases/catalog.ts";
import { parseManifest } from "../../releases/objects.ts";

type Logging = Config["logging"];

/** Files in manifests/logging. */
const FILES: Readonly<Record<Logging, readonly string[]>> = {
  none: [],
  "request-logs": [],
  "fluent-bit": ["namespace", "fluent-bit"],
  elasticsearch: ["namespace", "elasticsearch", "kibana", "filebeat"],
};

/** As they lie in manifests/logging, without what the options and the cluster say. */
export const manifestsOf = async (logging: Logging): Promise<readonly KubeObject[]> => {
  const files = await Promise.all(
    FILES[logging].map(async (name) => {
      const { text, path } = await manifestFile(`logging/${name}.yaml`);
      return parseManifest(text, path);
    }),
  );
  return files.flat();
};

/** What of a pod's template changes with what it has read rolls its pods by this annotation. */
export const rolledBy = (pods: KubeObject, read: unknown): KubeObject => {
  const copy = structuredClone(pods);
  const { template } = copy.spec as { template: { metadata: { annotations?: Record<string, string> } } };
  const digest = hasBlank(read)
    ? blank("what its pods read")
    : createHash("sha256").update(JSON.stringify(read)).digest("hex").slice(0, 16);
  template.metadata.annotations = { ...template.metadata.annotations, "kn-bootstrap/read": digest };
  return copy;
};

/** What a pod that goes where this label is has in its spec: `key` alone means that it is there, whatever its value. */
export const wanting = (label: string) => {
  const [key = "", value] = label.split("=");
  const matchExpressions = [
    value === undefined ? { key, operator: "Exists" } : { key, operator: "In", values: [value] },
  ];
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
  };
  return { affinity: { nodeAffinity }, tolerations: [{ operator: "Exists" }] };
};

const onNodes = (pods: KubeObject, label: string): KubeObject => {
  const copy = structuredClone(pods);
  const { template } = copy.spec as { template: { spec: Record<string, unknown> } };
  template.spec = { ...template.spec, ...wanting(label) };
  return copy;
};

/** What collects goes where the option says. */
export const placed = (object: KubeObject, { loggingNodes }: Pick<Config, "loggingNodes">): KubeObject =>
  loggingNodes === undefined || !isOf(object, "DaemonSet") ? object : onNodes(object, loggingNodes);

/** The only container of its pods, changed. */
export const inContainer = (
  pods: KubeObject,
  change: (container: Record<string, unknown>) => Record<string, unknown>,
): KubeObject => {
  const copy = structuredClone(pods);
  const { template } = copy.spec as { template: { spec: { containers: unknown[] } } };
  template.spec.containers = template.spec.containers.map((container) =>
    isRecord(container) ? change(container) : container,
  );
  return copy;
};

export const isOf = (object: KubeObject, kind: string, name?: string): boolean => {
  const ref = refOf(object);
  return ref.kind === kind && (name === undefined || ref.name === name);
};

export const configMap = (name: string, data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: LOGGING, name },
  data,
});
