import { HOME } from "../../kube/inventory.ts";
import type { Snapshot } from "../../kube/snapshot.ts";
import { groupOf, type KubeObject } from "../../ports/object.ts";

/** What the platform puts into each namespace, known by name where a cluster has too few namespaces to tell. `group/Kind name` */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  // Kubernetes, kube-controller-manager
  "/ServiceAccount default",
  "/ConfigMap kube-root-ca.crt",
  // Istio, istiod's namespace controller: not in kube-*
  "/ConfigMap istio-ca-root-cert",
  // OpenShift, kube-controller-manager and openshift-controller-manager
  "/ConfigMap openshift-service-ca.crt",
  "/ServiceAccount builder",
  "/ServiceAccount deployer",
  "rbac.authorization.k8s.io/RoleBinding system:deployers",
  "rbac.authorization.k8s.io/RoleBinding system:image-builders",
  "rbac.authorization.k8s.io/RoleBinding system:image-pullers",
  // OpenShift Pipelines
  "/ServiceAccount pipeline",
  "/ConfigMap config-service-cabundle",
  "/ConfigMap config-trusted-cabundle",
  "rbac.authorization.k8s.io/RoleBinding openshift-pipelines-edit",
  "rbac.authorization.k8s.io/RoleBinding pipelines-scc-rolebinding",
]);

/** With fewer, that all of them have it may be chance. */
const ENOUGH = 3;

/**
 * Whether an object is in each namespace under the same name, so that nobody put it into this one: in all others, or in all but kube-*,
 * which many platforms leave alone.
 */
export const isPlatforms = async (object: KubeObject, live: Snapshot): Promise<boolean> => {
  const { apiVersion, kind } = object;
  const { name } = object.metadata;
  if (WELL_KNOWN.has(`${groupOf(apiVersion)}/${kind} ${name}`)) return true;
  const others = (await live.list("v1", "Namespace")).filter(
    ({ metadata }) =>
      !metadata.deletionTimestamp && metadata.name !== HOME && metadata.name !== object.metadata.namespace,
  );
  const owned = new Set((await live.owned("v1", "Namespace")).map(({ metadata }) => metadata.name));
  const foreign = others.map(({ metadata }) => metadata.name).filter((namespace) => !owned.has(namespace));
  const usual = foreign.filter((namespace) => !namespace.startsWith("kube-"));
  if (foreign.length < ENOUGH) return false;
  const isIn = await finder(object, live);
  const lacking = async (namespaces: readonly string[]): Promise<boolean> => {
    for (const namespace of namespaces) if (!(await isIn(namespace))) return true;
    return false;
  };
  if (await lacking(usual)) return false;
  return usual.length >= ENOUGH || !(await lacking(foreign));
};

/** Secrets are asked for by name, one after the other until one is missing: other people's are not to be read in passing. */
const finder = async (
  { apiVersion, kind, metadata: { name } }: KubeObject,
  live: Snapshot,
): Promise<(namespace: string) => Promise<boolean>> => {
  if (kind === "Secret")
    return async (namespace) => (await live.get({ apiVersion, kind, namespace, name })) !== undefined;
  const alike = (await live.list(apiVersion, kind)).filter(({ metadata }) => metadata.name === name);
  const places = new Set(alike.map(({ metadata }) => metadata.namespace));
  return async (namespace) => places.has(namespace);
};
