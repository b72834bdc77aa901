import { binding, type Labels, labels, object, rule } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { named } from "./named.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const INTERNAL = [
  "networking.internal.knative.dev",
  "autoscaling.internal.knative.dev",
  "caching.internal.knative.dev",
];
const READ = "get,list,watch";
const WRITE = "get,list,watch,create,update,patch,delete";

/** Rules that the rehearsal's own controllers would need; the real ones are longer. */
export const rights = (version: string): readonly Obj[] => {
  const plain = labels(version);
  const own = (component: string): Labels => labels(version, component);
  const role = (name: string, extra: Labels, rules: readonly unknown[]): Obj =>
    object(`${RBAC} ClusterRole`, name, { ...plain, ...extra }, { rules });
  const aggregate = (name: string, label: string): Obj =>
    object(`${RBAC} ClusterRole`, name, plain, {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: "true" } }] },
    });
  const account = (name: string): Obj => object("v1 ServiceAccount", named(name), own(name), {});
  const forController = { "serving.knative.dev/controller": "true" };
  const inspect = rule(INTERNAL, "*", READ);

  return [
    object(
      `${RBAC} Role`,
      named("knative-serving-activator"),
      { ...plain, ...forController },
      {
        rules: [rule([""], "configmaps,secrets", READ)],
      },
    ),
    role("knative-serving-activator-cluster", forController, [
      rule([""], "services,endpoints", READ),
      rule(["serving.knative.dev"], "revisions", READ),
    ]),
    aggregate("knative-serving-aggregated-addressable-resolver", "duck.knative.dev/addressable"),
    role("knative-serving-addressable-resolver", { "duck.knative.dev/addressable": "true" }, [
      rule(["serving.knative.dev"], "routes,services", READ),
    ]),
    role("knative-serving-namespaced-admin", { "rbac.authorization.k8s.io/aggregate-to-admin": "true" }, [
      rule(["serving.knative.dev"], "*", "*"),
      inspect,
    ]),
    role("knative-serving-namespaced-edit", { "rbac.authorization.k8s.io/aggregate-to-edit": "true" }, [
      rule(["serving.knative.dev"], "*", "create,update,patch,delete"),
      inspect,
    ]),
    role("knative-serving-namespaced-view", { "rbac.authorization.k8s.io/aggregate-to-view": "true" }, [
      rule(["serving.knative.dev", ...INTERNAL], "*", READ),
    ]),
    role("knative-serving-core", forController, [
      rule([""], "pods,namespaces,secrets,configmaps,endpoints,services,events,serviceaccounts", WRITE),
      rule(["apps"], "deployments", WRITE),
      rule(["admissionregistration.k8s.io"], "mutatingwebhookconfigurations,validatingwebhookconfigurations", WRITE),
      rule(["autoscaling"], "horizontalpodautoscalers", WRITE),
      rule(["coordination.k8s.io"], "leases", WRITE),
      rule(["serving.knative.dev", ...INTERNAL], "*", WRITE),
    ]),
    role("knative-serving-podspecable-binding", { "duck.knative.dev/podspecable": "true" }, [
      rule(["serving.knative.dev"], "configurations,services", "list,watch,patch"),
    ]),
    account("controller"),
    aggregate("knative-serving-admin", "serving.knative.dev/controller"),
    binding("knative-serving-controller-admin", own("controller"), "knative-serving-admin", "controller"),
    binding(
      "knative-serving-controller-addressable-resolver",
      own("controller"),
      "knative-serving-aggregated-addressable-resolver",
      "controller",
    ),
    account("activator"),
    binding(named("knative-serving-activator"), own("activator"), "knative-serving-activator", "activator"),
    binding("knative-serving-activator-cluster", own("activator"), "knative-serving-activator-cluster", "activator"),
  ];
};
