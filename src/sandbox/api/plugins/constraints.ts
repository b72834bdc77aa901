/** OpenShift's admission of pods (github.com/openshift/apiserver-library-go, securitycontextconstraints): as whom a pod may run, by its account. */

import type { Obj } from "../../types.ts";
import { decide } from "../access.ts";
import { at, listOf, objectsOf } from "../json.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import { forbidden } from "../status.ts";
import type { Store } from "../store.ts";

const GROUP = "security.openshift.io";
const RESOURCE = "securitycontextconstraints";

/** What a namespace's pods run as that say nothing. Each namespace has a range of its own; all of ours have the first. */
const RANGE = { first: 1_000_660_000, last: 1_000_669_999 };

/** Namespaces of the platform, of which it says that they come before its own admission (`openshift.io/run-level`). */
const OF_THE_PLATFORM = /^(kube-|openshift-|default$)/;

/** Refuses a new pod (403) that runs as a user which no SecurityContextConstraints let its account have. Nothing is judged where there are none. */
export function checkConstraints(store: Store, resource: Resource, draft: Obj): void {
  if (storageKey(resource) !== "/pods") return;
  const { namespace = "", name } = draft.metadata;
  const all = store.list(`${GROUP}/${RESOURCE}`);
  if (all.length === 0 || OF_THE_PLATFORM.test(namespace)) return;
  const account = `system:serviceaccount:${namespace}:${at(draft, "spec", "serviceAccountName") ?? "default"}`;
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
  const verdicts = all.map((one) => {
    if (!isUsable(store, one, account, groups, namespace))
      return `provider "${one.metadata.name}": Forbidden: not usable by user or serviceaccount`;
    return refusalOf(one, draft);
  });
  if (verdicts.includes(undefined)) return;
  throw forbidden(
    resource,
    name,
    `unable to validate against any security context constraint: [${verdicts.sort().join(", ")}]`,
  );
}

function isUsable(store: Store, one: Obj, account: string, groups: readonly string[], namespace: string): boolean {
  if (listOf(one.users).includes(account) || listOf(one.groups).some((group) => groups.includes(String(group))))
    return true;
  const wanted = { verb: "use", group: GROUP, resource: RESOURCE, subresource: "", name: one.metadata.name, namespace };
  return decide(store, { name: account, groups }, wanted).allowed;
}

/** Why these constraints do not let the pod in; undefined: they do. */
function refusalOf(one: Obj, draft: Obj): string | undefined {
  const type = at(one, "runAsUser", "type");
  const asked = [
    { path: ".spec.securityContext.runAsUser", user: at(draft, "spec", "securityContext", "runAsUser") },
    ...objectsOf(at(draft, "spec", "containers")).map((container, index) => ({
      path: `.containers[${index}].runAsUser`,
      user: at(container, "securityContext", "runAsUser"),
    })),
  ];
  for (const { path, user } of asked) {
    if (user === undefined || user === null || type === "RunAsAny") continue;
    const number = Number(user);
    if (type === "MustRunAsRange" && (number < RANGE.first || number > RANGE.last))
      return `provider ${one.metadata.name}: ${path}: Invalid value: ${number}: must be in the ranges: [${RANGE.first}, ${RANGE.last}]`;
    if (type === "MustRunAsNonRoot" && number === 0)
      return `provider ${one.metadata.name}: ${path}: Invalid value: 0: running with the root UID is forbidden`;
  }
  return undefined;
}
