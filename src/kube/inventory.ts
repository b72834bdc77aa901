export { HOME } from "./home.ts";

import { type KubeObject, keyOf } from "../ports/object.ts";

/** Written on each object that we create, with the id of the step that made it. It alone proves ownership (rule 4). */
export const OWNER_LABEL = "kn-bootstrap/step";
export const MANAGER = "kn-bootstrap";

/** Manager for values that are known only later, so that one manager always sends the whole object (rule 1). */
export const managerFor = (step: string): string => `${MANAGER}-${step}`;
export const isOurs = (manager: string | undefined): boolean =>
  manager === MANAGER || manager?.startsWith(`${MANAGER}-`) === true;

/** The id of the step that made the object, by its label; undefined: the object is not ours. */
export const ownerOf = (object: KubeObject | undefined): string | undefined => object?.metadata.labels?.[OWNER_LABEL];

export const withOwner = (object: KubeObject, step: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, [OWNER_LABEL]: step } },
});

/**
 * Whether the label came by itself: controllers copy the labels of an object onto what they make of it, and those of a Service onto its
 * Endpoints. It goes with what it was made of.
 */
export const isCopy = ({ kind, metadata }: KubeObject): boolean =>
  kind === "Endpoints" || metadata.ownerReferences?.some(({ controller }) => controller) === true;

const WAVES: readonly (readonly string[])[] = [
  ["Namespace"],
  ["CustomResourceDefinition", "ServiceAccount", "ClusterRole", "Role"],
  ["ClusterRoleBinding", "RoleBinding"],
  ["ConfigMap", "Secret", "Service"],
  ["Deployment", "StatefulSet", "DaemonSet", "Job", "HorizontalPodAutoscaler", "PodDisruptionBudget"],
  ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
];

/** When an object of this kind is applied, relative to the others of its step; custom resources come last. */
export const wave = (kind: string): number => {
  const index = WAVES.findIndex((kinds) => kinds.includes(kind));
  return index < 0 ? WAVES.length : index;
};

/**
 * When it is removed: custom resources while their webhook still answers, then the webhook configurations before the webhook
 * itself (a configuration without its process blocks every write it matches), and namespaces at the very end.
 */
export const removalWave = (kind: string): number => {
  if (kind === "Namespace") return 100;
  if (kind === "CustomResourceDefinition") return 50;
  if (kind.endsWith("WebhookConfiguration")) return 1;
  // After the Deployment whose process would make the Lease again.
  if (kind === "Lease") return 40;
  const position = wave(kind);
  // Before the ConfigMaps that tell of it: a run that ends in between leaves no key behind.
  if (kind === "Secret") return 9.5 - position;
  return position === WAVES.length ? 0 : 10 - position;
};

/** Stable, so that two runs show the same plan. */
export const byWave = (a: KubeObject, b: KubeObject): number =>
  wave(a.kind) - wave(b.kind) || (keyOf(a) < keyOf(b) ? -1 : 1);
export const byRemovalWave = (a: KubeObject, b: KubeObject): number =>
  removalWave(a.kind) - removalWave(b.kind) || (keyOf(a) < keyOf(b) ? -1 : 1);

/** The field manager of one key of `data`. */
export const ownerOfData = (object: KubeObject | undefined, key: string): string | undefined =>
  object?.metadata.managedFields?.find((entry) => entry.fieldsV1?.["f:data"]?.[`f:${key}`])?.manager;
