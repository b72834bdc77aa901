/**
 * What is different in servers of another age: the minor from which something is on by default (pkg/features/kube_features.go and
 * staging/src/k8s.io/apiserver/pkg/features of each release; the versions of kinds as the deprecation guide lists them).
 */

/** `36` of `v1.36.2` */
export const minorOf = (version: string): number => Number(version.split(".")[1] ?? 0);

/** Discovery in one answer: apidiscovery.k8s.io/v2beta1, and v2 beside it. */
export const AGGREGATED_SINCE = { v2beta1: 27, v2: 30 } as const;

/** Watches that begin with a list; 1.33 had them off again. */
export const watchesList = (minor: number): boolean => minor === 32 || minor >= 34;

/** The version that a server emulates, and down to which it could. */
export const EMULATION_SINCE = 33;

/** Namespaces lose their pods before all else (OrderedNamespaceDeletion). */
export const ORDERED_DELETION_SINCE = 33;

/** Endpoints answer with a warning, and say whose they are. */
export const ENDPOINTS_DEPRECATED_SINCE = 33;

/** How many pods are on their way out (DeploymentReplicaSetTerminatingReplicas). */
export const COUNTS_TERMINATING_SINCE = 35;

/** A WebSocket to a pod takes the right to create, too (AuthorizePodWebsocketUpgradeCreatePermission). */
export const UPGRADES_CREATE_SINCE = 35;

/** Versions of flowcontrol.apiserver.k8s.io, of which each release from 1.28 to 1.32 had others. */
export const flowControl = (minor: number): readonly string[] => [
  ...(minor >= 29 ? ["v1"] : []),
  ...(minor <= 31 ? ["v1beta3"] : []),
  ...(minor <= 28 ? ["v1beta2"] : []),
];

/** Versions of EndpointSlice and PodDisruptionBudget, which came out of beta in 1.21. */
export const sinceBeta = (minor: number): readonly ("v1" | "v1beta1")[] => [
  ...(minor >= 21 ? (["v1"] as const) : []),
  ...(minor <= 24 ? (["v1beta1"] as const) : []),
];

/** Fields by the Go type they are in. A server that does not know one drops it, and says so if it is asked to. */
export const FIELDS_SINCE: Readonly<Record<string, number>> = {
  "Container.restartPolicy": 29,
  "CustomResourceDefinitionVersion.selectableFields": 31,
  "DeploymentStatus.terminatingReplicas": COUNTS_TERMINATING_SINCE,
  "JobSpec.backoffLimitPerIndex": 29,
  "JobSpec.managedBy": 32,
  "JobSpec.maxFailedIndexes": 29,
  "JobSpec.podReplacementPolicy": 29,
  "JobSpec.successPolicy": 31,
  "LifecycleHandler.sleep": 30,
  "PodSecurityContext.appArmorProfile": 30,
  "PodSecurityContext.supplementalGroupsPolicy": 33,
  "PodSpec.resources": 34,
  "PodStatus.hostIPs": 29,
  "ReplicaSetStatus.terminatingReplicas": COUNTS_TERMINATING_SINCE,
  "SecurityContext.appArmorProfile": 30,
  "ServiceSpec.trafficDistribution": 31,
  "VolumeMount.recursiveReadOnly": 31,
};
