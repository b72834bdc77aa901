import { controllers } from "../certificates/index.ts";
import { ok, skipped, warn } from "../core/check.ts";
import { HOME } from "../kube/inventory.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { few } from "../ports/few.ts";
import { describe, isRecord, type KubeObject, listAt, type ObjectRef, refOf, textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { findInstallation, KNATIVE } from "./found.ts";
import { healthCheck } from "./health-check.ts";
import { SERVED_BY, servedNow } from "./served.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const READS = ["get", "list", "watch", "*"];
/** Whose ServiceAccounts are the system's, Knative's, the ingress's or ours. */
const OURS = new Set([
  HOME,
  KNATIVE,
  "knative-operator",
  "knative-serving-ingress",
  "openshift-serverless",
  ...controllers.map(({ namespace }) => namespace),
]);
const OF_THE_SYSTEM = /^(kube-|openshift-)|^(kourier-system|istio-system|contour-external|contour-internal)$/;
/** Groups of the system that anybody may be in. */
const ANYBODY = /^system:(un)?authenticated$|^system:serviceaccounts/;

const names = (rule: unknown, field: string): readonly unknown[] => listAt(rule, field);

/** Whether a rule lets one read this Secret. */
const readsIt = (rule: unknown, secret: ObjectRef): boolean => {
  const only = names(rule, "resourceNames");
  return (
    names(rule, "apiGroups").some((group) => group === "" || group === "*") &&
    names(rule, "resources").some((resource) => resource === "secrets" || resource === "*") &&
    names(rule, "verbs").some((verb) => READS.includes(String(verb))) &&
    (only.length === 0 || only.includes(secret.name))
  );
};

/** As cluster-admin: people who have it are meant to read everything, programs seldom are. */
const allowsAll = (rule: unknown): boolean =>
  ["apiGroups", "resources", "verbs"].every((field) => names(rule, field).includes("*"));

interface Grant {
  readonly binding: KubeObject;
  readonly who: string;
}

const nameOf = (subject: Record<string, unknown>, home: string | undefined): string => {
  const kind = textAt(subject, "kind");
  const place = kind === "ServiceAccount" ? `${textAt(subject, "namespace") || (home ?? "")}/` : "";
  return `${kind} ${place}${textAt(subject, "name")}`;
};

const isExpected = (subject: Record<string, unknown>, home: string | undefined): boolean => {
  const name = textAt(subject, "name");
  if (textAt(subject, "kind") !== "ServiceAccount") return name.startsWith("system:") && !ANYBODY.test(name);
  const place = textAt(subject, "namespace") || (home ?? "");
  return OURS.has(place) || OF_THE_SYSTEM.test(place);
};

const grantsOf = async (cluster: ClusterRead, secret: ObjectRef): Promise<readonly Grant[]> => {
  const [clusterRoles, clusterBindings, roles, bindings] = await Promise.all(
    ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].map((kind) =>
      cluster.list({ apiVersion: RBAC, kind }),
    ),
  );
  const here = ({ metadata }: KubeObject): boolean => metadata.namespace === secret.namespace;
  /** Roles, and whether they are an administrator's. */
  const reading = new Map(
    [...(clusterRoles ?? []), ...(roles ?? []).filter(here)]
      .filter(({ rules }) => listAt(rules).some((rule) => readsIt(rule, secret)))
      .map((role) => [`${role.kind} ${role.metadata.name}`, listAt(role.rules).some(allowsAll)]),
  );
  return [...(clusterBindings ?? []), ...(bindings ?? []).filter(here)].flatMap((binding) => {
    const isAdministrators = reading.get(`${textAt(binding, "roleRef", "kind")} ${textAt(binding, "roleRef", "name")}`);
    if (isAdministrators === undefined) return [];
    const { namespace } = binding.metadata;
    return listAt(binding.subjects)
      .filter(isRecord)
      .filter((subject) => !isExpected(subject, namespace))
      .filter((subject) => !isAdministrators || textAt(subject, "kind") === "ServiceAccount")
      .map((subject) => ({ binding, who: nameOf(subject, namespace) }));
  });
};

export const keyReaders = healthCheck({
  id: "certificate.readers",
  title: "Nobody but administrators, the system, Knative and its ingress can read the certificate's key",
  needs: ["certificate.usable"],
  reads: [
    ...SERVED_BY,
    "ClusterRole.rbac.authorization.k8s.io",
    "ClusterRoleBinding.rbac.authorization.k8s.io",
    "Role.rbac.authorization.k8s.io",
    "RoleBinding.rbac.authorization.k8s.io",
  ],
  meaning:
    "Who may read Secrets in that namespace can pretend to be every Service under the certificate's names until it ends. The names are those of other accounts; of some it is meant so.",
  todo: "Bind what they need to namespaces of their own, by a Role without `secrets`. Where somebody may have read the key, order another certificate.",
  run: async ({ cluster }) => {
    const secret = await servedNow(cluster, await findInstallation(cluster));
    if (!secret) return skipped("the gateway has no certificate for all names");
    const grants = await grantsOf(cluster, secret);
    const [first] = grants;
    if (!first) return ok(`nobody else can read Secret ${secret.namespace}/${secret.name}`);
    const { kind, metadata } = first.binding;
    return warn(
      `${describe(secret)} can be read by ${few([...new Set(grants.map(({ who }) => who))])}`,
      {
        text: "Where that is not meant, take what gives it away.",
        command: sh`kubectl describe ${kind.toLowerCase()} ${metadata.name} ${inNamespace(metadata.namespace)}`,
      },
      {
        evidence: grants.map(({ binding, who }) => ({ object: refOf(binding), field: ".subjects", observed: who })),
      },
    );
  },
});
