import { few } from "../../ports/few.ts";
import { at, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { type Barred, containersOf } from "./barred.ts";

const ENFORCE = "pod-security.kubernetes.io/enforce";

/** What Pod Security "restricted" wants of every container and this one lacks (k8s.io/pod-security-admission, policy). */
const lacksOf = (pod: unknown, container: Record<string, unknown>): string | undefined => {
  const own = at(container, "securityContext");
  const shared = at(pod, "securityContext");
  const profile = at(own, "seccompProfile", "type") ?? at(shared, "seccompProfile", "type");
  const dropped = at(own, "capabilities", "drop");
  if (at(own, "allowPrivilegeEscalation") !== false) return "allowPrivilegeEscalation: false";
  if (!Array.isArray(dropped) || !dropped.includes("ALL")) return "capabilities.drop: [ALL]";
  if ((at(own, "runAsNonRoot") ?? at(shared, "runAsNonRoot")) !== true) return "runAsNonRoot: true";
  return profile === "RuntimeDefault" || profile === "Localhost" ? undefined : "seccompProfile.type: RuntimeDefault";
};

export const byLevel = (deployment: KubeObject, namespace: KubeObject | undefined): Barred | undefined => {
  if (namespace?.metadata.labels?.[ENFORCE] !== "restricted") return undefined;
  const pod = at(deployment, "spec", "template", "spec");
  const lacking = containersOf(deployment).flatMap((container) => {
    const what = lacksOf(pod, container);
    return what === undefined ? [] : [`${textAt(container, "name")} lacks ${what}`];
  });
  if (lacking.length === 0) return undefined;
  const { name } = namespace.metadata;
  const less = sh`kubectl label namespace ${name} pod-security.kubernetes.io/enforce=baseline --overwrite`;
  return {
    summary: `Namespace ${name} enforces Pod Security "restricted", and ${few(lacking)}`,
    remedy: {
      text: `Let Knative give new Revisions what it asks for, where their images need no root, and deploy again. Or let the namespace enforce less: ${less}`,
      command: sh`kubectl patch configmap config-features -n knative-serving --type merge -p '{"data":{"secure-pod-defaults":"enabled"}}'`,
    },
    evidence: [{ object: refOf(namespace), field: `label ${ENFORCE}`, observed: "restricted" }],
  };
};
