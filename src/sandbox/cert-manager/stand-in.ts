import { deployment, type Labels, object, rule } from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";
import { ACME, COMPONENTS, certManagerCrds, labels, MAIN, type Part } from "./stand-in-crds.ts";

const SPACE = "cert-manager";
const RBAC = "rbac.authorization.k8s.io/v1";
const READ = "get,list,watch";
const WRITE = "get,list,watch,create,update,patch,delete";
const GROUPS = [MAIN, ACME];

const workload = (version: string, app: Part, ports: string, args: readonly string[]): Obj => {
  const component = COMPONENTS[app];
  const name = app === "cert-manager" ? SPACE : `${SPACE}-${app}`;
  return deployment({
    name: `${SPACE}/${name}`,
    labels: labels(version, app),
    selector: `app.kubernetes.io/name=${app},app.kubernetes.io/instance=${SPACE},app.kubernetes.io/component=${component}`,
    account: name,
    container: `${SPACE}-${component}`,
    image: `quay.io/jetstack/cert-manager-${component}:stand-in`,
    requests: "10m/32Mi",
    ports,
    env: [{ name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } }],
    podLabels: labels(version, app),
    spec: { replicas: 1 },
    // The release asks for nothing.
    containerSpec: { args: ["--v=2", ...args], resources: {} },
  });
};

const service = (version: string, app: Part, ports: readonly Record<string, unknown>[]): Obj => {
  const name = app === "cert-manager" ? SPACE : `${SPACE}-${app}`;
  return object("v1 Service", `${SPACE}/${name}`, labels(version, app), {
    spec: {
      type: "ClusterIP",
      ports,
      selector: {
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/instance": SPACE,
        "app.kubernetes.io/component": COMPONENTS[app],
      },
    },
  });
};

/** A role and who has it; cluster-wide when `name` has no namespace. The real ones are longer. */
const right = (
  version: string,
  app: Part,
  name: string,
  rules: readonly unknown[],
  { component, bound = name, extra = {} }: { component?: string; bound?: string; extra?: Labels } = {},
): readonly Obj[] => {
  const scope = name.includes("/") ? "" : "Cluster";
  const account = app === "cert-manager" ? SPACE : `${SPACE}-${app}`;
  const own = labels(version, app, component);
  return [
    object(`${RBAC} ${scope}Role`, name, { ...own, ...extra }, { rules }),
    ...(bound === ""
      ? []
      : [
          object(`${RBAC} ${scope}RoleBinding`, bound, own, {
            roleRef: {
              apiGroup: "rbac.authorization.k8s.io",
              kind: `${scope}Role`,
              name: name.split("/").at(-1),
            },
            subjects: [{ kind: "ServiceAccount", name: account, namespace: SPACE }],
          }),
        ]),
  ];
};

const forPeople = (...roles: readonly string[]): Labels =>
  Object.fromEntries(roles.map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, "true"]));

const rights = (version: string): readonly Obj[] => {
  const secrets = rule([""], "secrets", WRITE);
  const events = rule([""], "events", "create,patch");
  const controllers: Readonly<Record<string, readonly unknown[]>> = {
    "cert-manager-controller-issuers": [
      rule([MAIN], "issuers,issuers/status", "get,list,watch,update,patch"),
      secrets,
      events,
    ],
    "cert-manager-controller-clusterissuers": [
      rule([MAIN], "clusterissuers,clusterissuers/status", "get,list,watch,update,patch"),
      secrets,
      events,
    ],
    "cert-manager-controller-certificates": [
      rule([MAIN], "certificates,certificates/status,certificaterequests", WRITE),
      secrets,
      events,
    ],
    "cert-manager-controller-orders": [rule([ACME], "orders,orders/status,challenges", WRITE), secrets, events],
    "cert-manager-http01-controller-challenges": [rule([ACME], "challenges,challenges/status", WRITE), secrets, events],
    "cert-manager-dns01-controller-challenges": [rule([ACME], "challenges,challenges/status", WRITE), secrets, events],
    "cert-manager-controller-ingress-shim": [rule([MAIN], "certificates,certificaterequests", WRITE), events],
  };
  const lease = rule(["coordination.k8s.io"], "leases", "get,create,update,patch");
  return [
    ...right(version, "cainjector", "cert-manager-cainjector", [
      rule([MAIN], "certificates", READ),
      rule([""], "secrets", READ),
      rule(
        ["admissionregistration.k8s.io"],
        "validatingwebhookconfigurations,mutatingwebhookconfigurations",
        "get,list,watch,update,patch",
      ),
    ]),
    ...Object.entries(controllers).flatMap(([name, rules]) => right(version, "cert-manager", name, rules)),
    ...right(version, "cert-manager", "cert-manager-view", [rule(GROUPS, "*", READ)], {
      bound: "",
      extra: forPeople("view", "edit", "admin", "cluster-reader"),
    }),
    ...right(
      version,
      "cert-manager",
      "cert-manager-edit",
      [rule(GROUPS, "*", "create,delete,deletecollection,patch,update")],
      {
        bound: "",
        extra: forPeople("edit", "admin"),
      },
    ),
    ...right(
      version,
      "cert-manager",
      "cert-manager-controller-approve:cert-manager-io",
      [
        {
          ...rule([MAIN], "signers", "approve"),
          resourceNames: ["issuers.cert-manager.io/*", "clusterissuers.cert-manager.io/*"],
        },
      ],
      { component: "cert-manager" },
    ),
    ...right(
      version,
      "cert-manager",
      "cert-manager-controller-certificatesigningrequests",
      [rule(["certificates.k8s.io"], "certificatesigningrequests", READ)],
      { component: "cert-manager" },
    ),
    ...right(version, "cert-manager", "cert-manager-cluster-view", [rule([MAIN], "clusterissuers", READ)], {
      bound: "",
      extra: forPeople("cluster-reader"),
    }),
    ...right(
      version,
      "cert-manager",
      `${SPACE}/cert-manager-tokenrequest`,
      [{ ...rule([""], "serviceaccounts/token", "create"), resourceNames: [SPACE] }],
      { bound: `${SPACE}/cert-manager-cert-manager-tokenrequest` },
    ),
    ...right(version, "webhook", "cert-manager-webhook:subjectaccessreviews", [
      rule(["authorization.k8s.io"], "subjectaccessreviews", "create"),
    ]),
    ...right(version, "cainjector", "kube-system/cert-manager-cainjector:leaderelection", [lease]),
    ...right(version, "cert-manager", "kube-system/cert-manager:leaderelection", [lease]),
    ...right(version, "webhook", `${SPACE}/cert-manager-webhook:dynamic-serving`, [
      { ...rule([""], "secrets", "get,list,watch,update"), resourceNames: ["cert-manager-webhook-ca"] },
      rule([""], "secrets", "create"),
    ]),
  ];
};

const webhook = (version: string, kind: "Mutating" | "Validating", fields: Record<string, unknown>): Obj => {
  const path = kind === "Mutating" ? "/mutate" : "/validate";
  const configuration = object(
    `admissionregistration.k8s.io/v1 ${kind}WebhookConfiguration`,
    "cert-manager-webhook",
    labels(version, "webhook"),
    {
      webhooks: [
        {
          name: "webhook.cert-manager.io",
          admissionReviewVersions: ["v1"],
          matchPolicy: "Equivalent",
          timeoutSeconds: 30,
          failurePolicy: "Fail",
          sideEffects: "None",
          clientConfig: { service: { name: "cert-manager-webhook", namespace: SPACE, path } },
          ...fields,
        },
      ],
    },
  );
  configuration.metadata.annotations = { "cert-manager.io/inject-ca-from-secret": `${SPACE}/cert-manager-webhook-ca` };
  return configuration;
};

const account = (version: string, app: Part): Obj =>
  object("v1 ServiceAccount", `${SPACE}/${app === "cert-manager" ? SPACE : `${SPACE}-${app}`}`, labels(version, app), {
    automountServiceAccountToken: true,
  });

const metrics = { protocol: "TCP", port: 9402, name: "http-metrics" };

/** cert-manager.yaml */
export const standIn = (version: string): readonly Obj[] => [
  object("v1 Namespace", SPACE, {}, {}),
  ...certManagerCrds(version),
  ...(["cainjector", "cert-manager", "webhook"] as const).map((app) => account(version, app)),
  ...rights(version),
  service(version, "cainjector", [metrics]),
  service(version, "cert-manager", [
    { protocol: "TCP", port: 9402, name: "tcp-prometheus-servicemonitor", targetPort: "http-metrics" },
  ]),
  service(version, "webhook", [
    { name: "https", port: 443, protocol: "TCP", targetPort: "https" },
    { name: "metrics", port: 9402, protocol: "TCP", targetPort: "http-metrics" },
  ]),
  workload(version, "cainjector", "http-metrics:9402/TCP", ["--leader-election-namespace=kube-system"]),
  workload(version, "cert-manager", "http-metrics:9402/TCP http-healthz:9403/TCP", [
    "--cluster-resource-namespace=$(POD_NAMESPACE)",
    "--leader-election-namespace=kube-system",
  ]),
  workload(version, "webhook", "https:10250/TCP healthcheck:6080/TCP http-metrics:9402/TCP", [
    "--secure-port=10250",
    "--dynamic-serving-ca-secret-namespace=$(POD_NAMESPACE)",
    "--dynamic-serving-ca-secret-name=cert-manager-webhook-ca",
  ]),
  webhook(version, "Mutating", {
    rules: [{ apiGroups: [MAIN], apiVersions: ["v1"], operations: ["CREATE"], resources: ["certificaterequests"] }],
  }),
  webhook(version, "Validating", {
    namespaceSelector: {
      matchExpressions: [{ key: "cert-manager.io/disable-validation", operator: "NotIn", values: ["true"] }],
    },
    rules: [{ apiGroups: GROUPS, apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["*/*"] }],
  }),
];
