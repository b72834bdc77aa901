/**
 * Schemas of the built-in kinds. Fields and types come from the client library's generated models (release 1.36); the
 * markers the models leave out (list keys, atomic types, quantities) are the table below, from the Kubernetes API types.
 */

import * as models from "@kubernetes/client-node/dist/gen/models/all.js";
import { FIELDS_SINCE } from "../ages.ts";
import type { ListSchema, MapSchema, Scalar, Schema } from "./schema.ts";
import { ATOMIC_ANY } from "./schema.ts";

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}
interface Model {
  readonly getAttributeTypeMap?: () => readonly Attribute[];
}
const MODELS = models as unknown as Record<string, Model | undefined>;

/** x-kubernetes-list-map-keys. A list not named here is atomic. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  "ObjectMeta.ownerReferences": ["uid"],
  "PodSpec.containers": ["name"],
  "PodSpec.initContainers": ["name"],
  "PodSpec.ephemeralContainers": ["name"],
  "PodSpec.volumes": ["name"],
  "PodSpec.imagePullSecrets": ["name"],
  "PodSpec.hostAliases": ["ip"],
  "PodSpec.topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"],
  "PodSpec.resourceClaims": ["name"],
  "PodSpec.schedulingGates": ["name"],
  "PodStatus.conditions": ["type"],
  "PodStatus.podIPs": ["ip"],
  "PodStatus.resourceClaimStatuses": ["name"],
  "ContainerStatus.allocatedResourcesStatus": ["name"],
  "ContainerStatus.volumeMounts": ["mountPath"],
  "Container.env": ["name"],
  "Container.ports": ["containerPort", "protocol"],
  "Container.volumeMounts": ["mountPath"],
  "Container.volumeDevices": ["devicePath"],
  "EphemeralContainer.env": ["name"],
  "EphemeralContainer.ports": ["containerPort", "protocol"],
  "EphemeralContainer.volumeMounts": ["mountPath"],
  "EphemeralContainer.volumeDevices": ["devicePath"],
  "ResourceRequirements.claims": ["name"],
  "ServiceSpec.ports": ["port", "protocol"],
  "ServiceStatus.conditions": ["type"],
  "ServiceAccount.secrets": ["name"],
  "DeploymentStatus.conditions": ["type"],
  "ReplicaSetStatus.conditions": ["type"],
  "DaemonSetStatus.conditions": ["type"],
  "StatefulSetStatus.conditions": ["type"],
  "PodDisruptionBudgetStatus.conditions": ["type"],
  "HorizontalPodAutoscalerStatus.conditions": ["type"],
  "NamespaceStatus.conditions": ["type"],
  "NodeStatus.conditions": ["type"],
  "NodeStatus.addresses": ["type"],
  "PersistentVolumeClaimStatus.conditions": ["type"],
  "CustomResourceDefinitionStatus.conditions": ["type"],
  "APIServiceStatus.conditions": ["type"],
  "MutatingWebhookConfiguration.webhooks": ["name"],
  "ValidatingWebhookConfiguration.webhooks": ["name"],
  "MutatingWebhook.matchConditions": ["name"],
  "ValidatingWebhook.matchConditions": ["name"],
};

/** x-kubernetes-list-type: set. */
const SETS: ReadonlySet<string> = new Set([
  "ObjectMeta.finalizers",
  "Endpoint.addresses",
  "NodeSpec.podCIDRs",
  "UncountedTerminatedPods.failed",
  "UncountedTerminatedPods.succeeded",
]);

/** Defaults of key fields: a container port without a protocol is the TCP one. */
const KEY_DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "Container.ports": { protocol: "TCP" },
  "EphemeralContainer.ports": { protocol: "TCP" },
  "ServiceSpec.ports": { protocol: "TCP" },
};

/** x-kubernetes-map-type: atomic, on a type or on one field. */
const ATOMIC: ReadonlySet<string> = new Set([
  "LabelSelector",
  "ObjectFieldSelector",
  "ResourceFieldSelector",
  "ConfigMapKeySelector",
  "SecretKeySelector",
  "FileKeySelector",
  "LocalObjectReference",
  "ObjectReference",
  "TypedLocalObjectReference",
  "SecretReference",
  "NodeSelector",
  "NodeSelectorTerm",
  "TopologySelectorTerm",
  "ScopeSelector",
  "RoleRef",
  "RbacV1Subject",
  "V1CrossVersionObjectReference",
  "OwnerReference",
  "EndpointAddress",
  "ServiceBackendPort",
  "CoreV1EndpointPort",
  "DiscoveryV1EndpointPort",
  "ServiceSpec.selector",
  "PodSpec.nodeSelector",
]);

/** resource.Quantity, alone or as a map's values (a ResourceList). */
const QUANTITIES: ReadonlySet<string> = new Set([
  "ResourceRequirements.limits",
  "ResourceRequirements.requests",
  "VolumeResourceRequirements.limits",
  "VolumeResourceRequirements.requests",
  "PodSpec.overhead",
  "NodeStatus.capacity",
  "NodeStatus.allocatable",
  "ResourceQuotaSpec.hard",
  "ResourceQuotaStatus.hard",
  "ResourceQuotaStatus.used",
  "LimitRangeItem.default",
  "LimitRangeItem.defaultRequest",
  "LimitRangeItem.max",
  "LimitRangeItem.maxLimitRequestRatio",
  "LimitRangeItem.min",
  "EmptyDirVolumeSource.sizeLimit",
  "ResourceFieldSelector.divisor",
  "MetricTarget.value",
  "MetricTarget.averageValue",
  "MetricValueStatus.value",
  "MetricValueStatus.averageValue",
]);

const TEXT: Scalar = { type: "scalar", of: "string" };
const QUANTITY: Scalar = { type: "scalar", of: "any", format: "quantity" };
const RESOURCE: Scalar = { ...QUANTITY, format: "resource" };
const FORMATS: Readonly<Record<string, Scalar["format"]>> = { int32: "int32", int64: "int64", double: "double" };

/** `V1DeploymentSpec` → `DeploymentSpec`: the name in the server's Go types. */
export const goName = (model: string): string =>
  model.replace(
    /^(Core|Discovery|Events|Rbac|Admissionregistration|Apiextensions|Apiregistration|Storage)?V\d+((alpha|beta)\d+)?/,
    "",
  );

const cache = new Map<string, MapSchema>();

/** Schema of a model by its library name, e.g. `V1Deployment`, as a server of this minor has it; all that is known when absent. */
export function builtin(model: string, minor = Number.POSITIVE_INFINITY): MapSchema {
  const key = `${model} ${minor}`;
  const known = cache.get(key);
  if (known) return known;
  const attributes = MODELS[model]?.getAttributeTypeMap?.();
  if (!attributes) throw new TypeError(`no model ${model}`);
  const name = goName(model);
  let fields: Map<string, Schema> | undefined;
  const schema: MapSchema = {
    type: "map",
    atomic: ATOMIC.has(name) || ATOMIC.has(model),
    model: name,
    id: model,
    // Lazy: JSONSchemaProps contains itself.
    get fields() {
      fields ??= new Map(
        attributes
          .filter((a) => (FIELDS_SINCE[`${name}.${a.baseName}`] ?? 0) <= minor)
          .map((a) => [a.baseName, fieldSchema(`${name}.${a.baseName}`, a.type, a.format, minor)]),
      );
      return fields;
    },
  };
  cache.set(key, schema);
  return schema;
}

function fieldSchema(path: string, type: string, format: string, minor: number): Schema {
  const list = /^Array<(.+)>$/.exec(type);
  if (list) {
    const keys = LIST_KEYS[path];
    return {
      type: "list",
      element: fieldSchema("", list[1] ?? "", format, minor),
      kind: keys ? "map" : SETS.has(path) ? "set" : "atomic",
      keys: keys ?? [],
      keyDefaults: KEY_DEFAULTS[path] ?? {},
    } satisfies ListSchema;
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map) {
    const element = QUANTITIES.has(path) ? RESOURCE : fieldSchema("", map[1] ?? "", format, minor);
    return { type: "map", fields: new Map(), element, atomic: ATOMIC.has(path) };
  }
  if (QUANTITIES.has(path)) return QUANTITY;
  switch (type) {
    case "string":
      return format === "byte" ? { ...TEXT, format: "bytes" } : TEXT;
    case "boolean":
      return { type: "scalar", of: "boolean" };
    case "number": {
      const known = FORMATS[format];
      return { type: "scalar", of: "number", ...(known ? { format: known } : {}) };
    }
    case "Date":
      return { ...TEXT, format: "time" };
    case "V1MicroTime":
      return { ...TEXT, format: "micro-time" };
    case "IntOrString":
      return { type: "scalar", of: "any", format: "int-or-string" };
    case "any":
    case "object":
      return ATOMIC_ANY;
    default:
      return builtin(type, minor);
  }
}

export const OBJECT_META: MapSchema = builtin("V1ObjectMeta");
