import { type Check, ok, skipped, warn } from "../../../core/check.ts";
import type { ClusterRead } from "../../../ports/cluster.ts";
import { at, isRecord, type KubeObject, keyOf, textAt } from "../../../ports/object.ts";
import { inNamespace, joined, sh } from "../../../ports/shell.ts";
import type { FoundGateway } from "../found.ts";
import { servedBy } from "./served-by.ts";

const RBAC = "rbac.authorization.k8s.io/v1";

const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** A binding's subject without a namespace is one in the binding's own, as the API server has it for Istio's own bindings. */
const isFor = (binding: KubeObject, { namespace, account }: Account): boolean =>
  listAt(binding, "subjects").some((subject) => {
    const name = textAt(subject, "name");
    if (textAt(subject, "kind") === "Group")
      return ["system:authenticated", "system:serviceaccounts", `system:serviceaccounts:${namespace}`].includes(name);
    const space = textAt(subject, "namespace") || binding.metadata.namespace;
    return textAt(subject, "kind") === "ServiceAccount" && name === account && space === namespace;
  });

const allowsListing = (role: KubeObject | undefined): boolean =>
  listAt(role, "rules").some((rule) => {
    const has = (field: string, wanted: string): boolean =>
      listAt(rule, field).some((one) => one === "*" || one === wanted);
    return has("apiGroups", "") && has("resources", "secrets") && has("verbs", "list") && !isNarrow(rule);
  });

const isNarrow = (rule: unknown): boolean => isRecord(rule) && listAt(rule, "resourceNames").length > 0;

type Account = Pick<FoundGateway, "namespace" | "account">;

/** Every binding and role: which of them count is known from them alone. */
const readRights = async (cluster: ClusterRead) => {
  const list = (kind: string): Promise<readonly KubeObject[]> => cluster.list({ apiVersion: RBAC, kind });
  const [near, wide, ...roles] = await Promise.all(
    ["RoleBinding", "ClusterRoleBinding", "Role", "ClusterRole"].map(list),
  );
  return { near: near ?? [], wide: wide ?? [], roles: roles.flat() };
};

const mayList = ({ near, wide, roles }: Awaited<ReturnType<typeof readRights>>, account: Account): boolean =>
  [...near.filter(({ metadata }) => metadata.namespace === account.namespace), ...wide]
    .filter((binding) => isFor(binding, account))
    .some((binding) => {
      const kind = textAt(binding, "roleRef", "kind");
      const ref = { apiVersion: RBAC, kind, name: textAt(binding, "roleRef", "name") };
      const key = keyOf(kind === "Role" ? { ...ref, namespace: account.namespace } : ref);
      return allowsListing(roles.find((role) => keyOf(role) === key));
    });

/**
 * Istio hands the gateway's pods a certificate only where their ServiceAccount may list Secrets beside them (istio pilot/pkg/xds/sds.go). An
 * authorizer other than RBAC may allow it as well, so this refuses nothing.
 */
export const secretsReadable = (planned?: FoundGateway): Check => ({
  id: "istio.secret-rights",
  title: "The gateway's ServiceAccount may list the Secrets beside it",
  run: async ({ cluster }) => {
    const [rights, { pods }] = await Promise.all([readRights(cluster), servedBy(cluster)]);
    const gateways = planned ? [planned] : pods;
    if (gateways.length === 0) return skipped("no pods of Istio are behind Knative's Gateway");
    for (const gateway of gateways) {
      if (mayList(rights, gateway)) continue;
      const { namespace, account } = gateway;
      const name = `${account}-sds`;
      return warn(
        `No Role lets ServiceAccount ${namespace}/${account} list Secrets in its namespace, so that Istio gives the gateway no certificate`,
        {
          text: "Let it:",
          command: joined(" && ", [
            sh`kubectl create role ${name} ${inNamespace(namespace)} --verb get,watch,list --resource secrets`,
            sh`kubectl create rolebinding ${name} ${inNamespace(namespace)} --role ${name} --serviceaccount ${`${namespace}:${account}`}`,
          ]),
        },
        { evidence: [{ object: { apiVersion: "v1", kind: "ServiceAccount", namespace, name: account }, field: "" }] },
      );
    }
    return ok(gateways.map(({ namespace, account }) => `${namespace}/${account}`).join(", "));
  },
});
