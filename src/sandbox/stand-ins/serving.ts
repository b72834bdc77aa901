import type { Obj } from "../types.ts";
import { servingCrds } from "./crds.ts";
import {
  autoscaler,
  binding,
  configMap,
  deployment,
  disruptionBudget,
  image,
  type Labels,
  labels,
  minorOf,
  object,
  ownNamespace,
  rule,
  SERVING,
  service,
} from "./parts.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const INTERNAL = [
  "networking.internal.knative.dev",
  "autoscaling.internal.knative.dev",
  "caching.internal.knative.dev",
];
const READ = "get,list,watch";
const WRITE = "get,list,watch,create,update,patch,delete";
const METRICS = "http-metrics:9090>9090 http-profiling:8008>8008";

const named = (name: string): string => `${SERVING}/${name}`;

/** Rules that the rehearsal's own controllers would need; the real ones are longer. */
const rights = (version: string): readonly Obj[] => {
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

/** Name without `config-` → component label (which decides whether the config webhook looks at it) and what it is about. */
const CONFIGS: Readonly<Record<string, readonly [component: string, about: string]>> = {
  autoscaler: ["autoscaler", "When Services scale, how far, and to zero."],
  certmanager: ["controller", "Which issuers sign certificates that Knative asks cert-manager for."],
  defaults: ["controller", "Values for what a Service leaves out."],
  deployment: ["controller", "How the Deployments of revisions look."],
  domain: ["controller", "Domains that Services are published under."],
  features: ["controller", "Optional fields of Services and experimental behaviour."],
  gc: ["controller", "When old revisions are removed."],
  "leader-election": ["controller", "How replicas of a controller share their work."],
  logging: ["logging", "Log levels."],
  network: ["networking", "The ingress class, URLs and TLS."],
  observability: ["observability", "Request logs, metrics and traces."],
  tracing: ["tracing", "Nothing any more."],
};

/** Before, the component that speaks to cert-manager was installed apart. */
const CERTIFICATES_SINCE = 15;

const configs = (version: string): readonly Obj[] =>
  Object.entries(CONFIGS).flatMap(([name, [component, about]]) => {
    if (name === "certmanager" && minorOf(version) < CERTIFICATES_SINCE) return [];
    const provider: Labels =
      name === "certmanager" ? { "networking.knative.dev/certificate-provider": "cert-manager" } : {};
    const data: Labels = name === "deployment" ? { "queue-sidecar-image": image("serving/cmd/queue") } : {};
    return configMap(named(`config-${name}`), { ...labels(version, component), ...provider }, about, data);
  });

const env = [
  ownNamespace,
  { name: "CONFIG_LOGGING_NAME", value: "config-logging" },
  { name: "CONFIG_OBSERVABILITY_NAME", value: "config-observability" },
];

interface Process {
  readonly name: string;
  readonly account?: string;
  readonly requests: string;
  readonly ports: string;
  /** Its pods carry `role: <name>` too. */
  readonly role?: true;
  readonly labels?: Labels;
  readonly spec?: Record<string, unknown>;
  /** Seconds that its pods get to end; absent: what Kubernetes gives. */
  readonly grace?: number;
}

const workload = (version: string, process: Process): Obj => {
  const { name, account, requests, ports, role, labels: extra, spec, grace } = process;
  return deployment({
    name: named(name),
    labels: { ...labels(version, name), ...extra },
    selector: role ? `app=${name},role=${name}` : `app=${name}`,
    account: account ?? "controller",
    container: name,
    image: image(`serving/cmd/${name}`),
    requests,
    ports: `metrics:9090 profiling:8008 ${ports}`,
    env,
    podLabels: labels(version, name),
    ...(spec ? { spec } : {}),
    ...(grace === undefined ? {} : { podSpec: { terminationGracePeriodSeconds: grace } }),
  });
};

const workloads = (version: string): readonly Obj[] => {
  const own = (name: string): Labels => labels(version, name);
  return [
    autoscaler(named("activator"), own("activator"), 20),
    disruptionBudget(named("activator-pdb"), own("activator"), "app=activator"),
    workload(version, {
      name: "activator",
      account: "activator",
      requests: "300m/60Mi",
      ports: "http1:8012 h2c:8013",
      role: true,
      grace: 600,
    }),
    service(
      named("activator-service"),
      { app: "activator", ...own("activator") },
      "app=activator",
      `${METRICS} http:80>8012 http2:81>8013 https:443>8112`,
      "ClusterIP",
    ),
    workload(version, {
      name: "autoscaler",
      requests: "100m/100Mi",
      ports: "websocket:8080",
      spec: { replicas: 1, strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } } },
    }),
    service(
      named("autoscaler"),
      { app: "autoscaler", ...own("autoscaler") },
      "app=autoscaler",
      `${METRICS} http:8080>8080`,
    ),
    workload(version, { name: "controller", requests: "100m/100Mi", ports: "probes:8080" }),
    service(named("controller"), { app: "controller", ...own("controller") }, "app=controller", METRICS),
    autoscaler(named("webhook"), own("webhook"), 5),
    disruptionBudget(named("webhook-pdb"), own("webhook"), "app=webhook"),
    workload(version, { name: "webhook", requests: "100m/100Mi", ports: "https-webhook:8443", role: true, grace: 300 }),
    service(
      named("webhook"),
      { app: "webhook", role: "webhook", ...own("webhook") },
      "app=webhook,role=webhook",
      `${METRICS} https-webhook:443>8443`,
    ),
  ];
};

const webhook = (version: string, kind: string, name: string, fields: Record<string, unknown>): Obj =>
  object(`admissionregistration.k8s.io/v1 ${kind}WebhookConfiguration`, name, labels(version, "webhook"), {
    webhooks: [
      {
        name,
        admissionReviewVersions: ["v1", "v1beta1"],
        clientConfig: { service: { name: "webhook", namespace: SERVING } },
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 10,
        ...fields,
      },
    ],
  });

const rules = (operations: readonly string[]): readonly Record<string, unknown>[] => [
  {
    apiGroups: ["autoscaling.internal.knative.dev", "networking.internal.knative.dev", "serving.knative.dev"],
    apiVersions: ["*"],
    operations,
    scope: "*",
    resources: [
      ...["metrics", "podautoscalers", "certificates", "ingresses", "serverlessservices"],
      ...["configurations", "revisions", "routes", "services", "domainmappings", "domainmappings/status"],
    ],
  },
];

const CHECKED = ["autoscaler", "controller", "logging", "networking", "observability", "tracing"];

/** The config webhook gets its rules, and all of them their CA, from the webhook's own process. */
const webhooks = (version: string): readonly Obj[] => [
  webhook(version, "Validating", "config.webhook.serving.knative.dev", {
    objectSelector: {
      matchExpressions: [
        { key: "app.kubernetes.io/name", operator: "In", values: [SERVING] },
        {
          key: "app.kubernetes.io/component",
          operator: "In",
          values: minorOf(version) < CERTIFICATES_SINCE ? CHECKED : [...CHECKED, "net-certmanager"],
        },
      ],
    },
  }),
  webhook(version, "Mutating", "webhook.serving.knative.dev", { rules: rules(["CREATE", "UPDATE"]) }),
  webhook(version, "Validating", "validation.webhook.serving.knative.dev", {
    rules: rules(["CREATE", "UPDATE", "DELETE"]),
  }),
  object("v1 Secret", named("webhook-certs"), labels(version, "webhook"), {}),
];

/** Instances of the release's own CRDs: their kinds must be served, and the webhook admit them, before they can be applied. */
const resources = (version: string): readonly Obj[] => {
  const certificate = object(
    "networking.internal.knative.dev/v1alpha1 Certificate",
    named("routing-serving-certs"),
    { "networking.knative.dev/certificate-type": "system-internal" },
    { spec: { dnsNames: ["kn-routing", "data-plane.knative.dev"], secretName: "routing-serving-certs" } },
  );
  certificate.metadata.annotations = {
    "networking.knative.dev/certificate.class": "cert-manager.certificate.networking.knative.dev",
  };
  const queueProxy = object(
    "caching.internal.knative.dev/v1alpha1 Image",
    named("queue-proxy"),
    labels(version, "queue-proxy"),
    {
      spec: { image: image("serving/cmd/queue") },
    },
  );
  return [certificate, queueProxy];
};

/** serving-core.yaml */
export const servingCore = (version: string): readonly Obj[] => [
  object("v1 Namespace", SERVING, labels(version), {}),
  ...rights(version),
  ...servingCrds(version),
  ...resources(version),
  ...configs(version),
  ...workloads(version),
  ...webhooks(version),
];

/** serving-hpa.yaml: the autoscaler class that leaves scaling to Kubernetes. */
export const servingHpa = (version: string): readonly Obj[] => {
  const name = "autoscaler-hpa";
  const provider = { "autoscaling.knative.dev/autoscaler-provider": "hpa" };
  return [
    workload(version, { name, requests: "30m/40Mi", ports: "probes:8080", labels: provider }),
    service(named(name), { app: name, ...labels(version, name), ...provider }, `app=${name}`, METRICS),
  ];
};
