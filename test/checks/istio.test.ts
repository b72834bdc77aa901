import { describe, expect, it } from "vitest";
import type { ReadContext } from "../../src/core/check.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";
import { type KubeObject, keyOf } from "../../src/ports/object.ts";
import { parseLabelSelector } from "../../src/sandbox/api/selectors.ts";
import { CHECKS, type CheckId } from "../../src/steps/index.ts";

/** Each check of Istio on a cluster where it holds, and on one that differs in what it is about. */

const KNATIVE = "knative-serving";
const object = (apiVersion: string, kind: string, place: string, fields: object = {}): KubeObject => {
  const [namespace, name = ""] = place.includes("/") ? place.split("/") : [undefined, place];
  const { metadata = {}, ...rest } = fields as { metadata?: object };
  return { apiVersion, kind, metadata: { ...(namespace ? { namespace } : {}), name, ...metadata }, ...rest };
};
const configMap = (name: string, data: object, namespace = KNATIVE): KubeObject =>
  object("v1", "ConfigMap", `${namespace}/${name}`, { data });
const netIstio = (version: string): KubeObject =>
  object("apps/v1", "Deployment", `${KNATIVE}/net-istio-controller`, {
    metadata: { labels: { "app.kubernetes.io/version": version } },
  });
const istiod = (image: string): KubeObject =>
  object("apps/v1", "Deployment", "istio-system/istiod", {
    metadata: { labels: { app: "istiod", "kn-bootstrap/step": "ingress" } },
    spec: { template: { spec: { containers: [{ name: "discovery", image }] } } },
  });
const service = (place: string, labels: object = {}, spec: object = {}): KubeObject =>
  object("v1", "Service", place, { metadata: { labels }, spec });
const gateway = (name: string, selector: object = { istio: "ingressgateway" }): KubeObject =>
  object("networking.istio.io/v1beta1", "Gateway", `${KNATIVE}/${name}`, { spec: { selector, servers: [] } });
const webhookConfiguration = object(
  "admissionregistration.k8s.io/v1",
  "MutatingWebhookConfiguration",
  "webhook.istio.networking.internal.knative.dev",
);
const withClass = (name: string): KubeObject =>
  configMap("config-network", { "ingress-class": `${name}.ingress.networking.knative.dev` });
const MARKED = { istio: "ingressgateway" };

const HEALTHY: readonly KubeObject[] = [
  object("v1", "Namespace", KNATIVE),
  withClass("istio"),
  configMap("config-istio", { _example: "" }),
  netIstio("1.23.0"),
  istiod("docker.io/istio/pilot:1.29.2"),
  service("istio-system/istio-ingressgateway", MARKED, { type: "LoadBalancer" }),
  service("istio-system/knative-local-gateway"),
  gateway("knative-ingress-gateway"),
  gateway("knative-local-gateway"),
];

/** In place of those of the same name; a text takes one away. */
const differing = (...others: readonly (KubeObject | string)[]): readonly KubeObject[] => {
  const texts = others.filter((one): one is string => typeof one === "string");
  const objects = others.filter((one): one is KubeObject => typeof one !== "string");
  const taken = new Set(objects.map(keyOf));
  return [
    ...HEALTHY.filter((one) => !taken.has(keyOf(one)) && !texts.includes(`${one.kind} ${one.metadata.name}`)),
    ...objects,
  ];
};

const look = async (id: CheckId, objects: readonly KubeObject[]) => {
  const cluster: Partial<ClusterRead> = {
    get: async (ref) => objects.find((one) => keyOf(one) === keyOf(ref)),
    list: async ({ kind, labelSelector = "" }) =>
      objects.filter((one) => one.kind === kind && parseLabelSelector(labelSelector)(one.metadata.labels ?? {})),
  };
  const check = CHECKS.find((one) => one.id === id);
  if (!check) throw new Error(`there is no ${id}`);
  const ctx = { cluster: cluster as ClusterRead, now: () => new Date(0), signal: new AbortController().signal };
  return check.run({ ...ctx, probe: () => Promise.reject(new Error("nobody asks")) } satisfies ReadContext, new Map());
};

const lists = (...services: readonly string[]): string =>
  services
    .map((host) => `- { name: knative-ingress-gateway, namespace: knative-serving, service: ${host} }\n`)
    .join("");
const LONG = "istio-ingressgateway.istio-system.svc.cluster.local";
const OLD = { "gateway.knative-serving.knative-ingress-gateway": LONG };

interface Row {
  readonly id: CheckId;
  readonly when: string;
  readonly objects: readonly KubeObject[];
  readonly says: string;
  readonly command: RegExp;
  /** The fields that show it. */
  readonly fields: readonly string[];
}

const FAILING: readonly Row[] = [
  {
    id: "istio.settings",
    when: "old and new keys are there together",
    objects: differing(configMap("config-istio", { ...OLD, "external-gateways": lists(LONG) })),
    says: "gateway.knative-serving.knative-ingress-gateway, external-gateways are of two forms",
    command: /^kubectl patch configmap config-istio -n knative-serving --type merge -p .*"gateway\.knative\S*":null/,
    fields: ['.data["gateway.knative-serving.knative-ingress-gateway"]'],
  },
  {
    id: "istio.settings",
    when: "a key of the new form is there without a value",
    objects: differing(configMap("config-istio", { ...OLD, "local-gateways": "" })),
    says: "are of two forms",
    command: /patch configmap/,
    fields: ['.data["gateway.knative-serving.knative-ingress-gateway"]'],
  },
  {
    id: "istio.settings",
    when: "lists are given to a net-istio that knows none",
    objects: differing(configMap("config-istio", { "external-gateways": lists(LONG) }), netIstio("1.13.1")),
    says: "net-istio 1.13.1 does not know external-gateways",
    command: /^kubectl edit configmap config-istio/,
    fields: ['.data["external-gateways"]'],
  },
  {
    id: "istio.settings",
    when: "two gateways are for every Route",
    objects: differing(configMap("config-istio", { "external-gateways": lists(LONG, LONG) })),
    says: "external-gateways has 2 gateways without a labelSelector",
    command: /^kubectl edit/,
    fields: ['.data["external-gateways"]'],
  },
  {
    id: "istio.settings",
    when: "a list is none",
    objects: differing(configMap("config-istio", { "external-gateways": "name: [" })),
    says: "external-gateways is no list",
    command: /^kubectl edit/,
    fields: ['.data["external-gateways"]'],
  },
  {
    id: "istio.settings",
    when: "mesh only is asked of one that does not know it",
    objects: differing(
      configMap("config-istio", { "external-gateways": "[]", "local-gateways": "[]" }),
      netIstio("1.21.4"),
    ),
    says: "external-gateways has 0 gateways",
    command: /^kubectl edit/,
    fields: ['.data["external-gateways"]'],
  },
  ...["a", "istio-ingressgateway.istio-system"].map(
    (host): Row => ({
      id: "istio.service-names",
      when: `a Service is called ${host}`,
      objects: differing(configMap("config-istio", { "external-gateways": lists(host) })),
      says: `the Service of Gateway knative-serving/knative-ingress-gateway is "${host}"`,
      command: /^kubectl edit configmap config-istio/,
      fields: ['.data["external-gateways"]'],
    }),
  ),
  {
    id: "istio.probed-service",
    when: "a Service of another namespace has the labels",
    objects: differing(service("demo/aaa-second", MARKED)),
    says: "Service demo/aaa-second has the labels by which net-istio finds the Service of Gateway knative-serving/knative-ingress-gateway (istio: ingressgateway)",
    command: /^kubectl label service aaa-second -n demo istio-$/,
    fields: [".metadata.labels", ".metadata.labels"],
  },
  {
    id: "istio.probed-service",
    when: "it is there before ours",
    objects: differing(
      service("demo/aaa-second", MARKED),
      "Service istio-ingressgateway",
      "Gateway knative-ingress-gateway",
      "Gateway knative-local-gateway",
    ),
    says: "Service demo/aaa-second has the labels",
    command: /istio-$/,
    fields: [".metadata.labels"],
  },
  {
    id: "istio.certificate-forms",
    when: "net-istio is older than the Istio that refuses what it writes",
    objects: differing(netIstio("1.19.4"), istiod("registry.istio.io/release/pilot:1.30.3-distroless")),
    says: "Deployment istio-system/istiod is Istio 1.30.3, which refuses the Gateways that net-istio 1.19.4 writes",
    command: /^kn-bootstrap install/,
    fields: [".metadata.labels", ".spec.template.spec.containers"],
  },
  {
    id: "kourier.net-istio-webhook",
    when: "the ingress is Kourier, and its process is gone",
    objects: differing(withClass("kourier"), webhookConfiguration),
    says: "is left of net-istio, and nothing answers for it",
    command: /^kubectl delete mutatingwebhookconfiguration webhook\.istio\.networking\.internal\.knative\.dev$/,
    fields: ["", ""],
  },
  {
    id: "kourier.net-istio-webhook",
    when: "the ingress is Kourier, and none of its pods is ready",
    objects: differing(
      withClass("kourier"),
      webhookConfiguration,
      object("apps/v1", "Deployment", `${KNATIVE}/net-istio-webhook`, { status: { replicas: 1 } }),
    ),
    says: "nothing answers for it",
    command: /delete/,
    fields: ["", ".status.availableReplicas"],
  },
  {
    id: "ingress.service-type",
    when: "the Service has no address of its own",
    objects: differing(
      configMap("state", { choices: JSON.stringify({ expose: "loadbalancer" }) }, "kn-bootstrap"),
      service("istio-system/istio-ingressgateway", MARKED, { type: "ClusterIP" }),
    ),
    says: "Service istio-system/istio-ingressgateway is of type ClusterIP, which gets no address, and --expose loadbalancer was chosen",
    command: /^kubectl patch service istio-ingressgateway -n istio-system/,
    fields: [".spec.type"],
  },
  {
    id: "ingress.service-type",
    when: "the nodes' ports are others",
    objects: differing(
      configMap("state", { choices: JSON.stringify({ expose: "nodeport" }) }, "kn-bootstrap"),
      service("istio-system/istio-ingressgateway", MARKED, {
        type: "LoadBalancer",
        ports: [{ port: 80, nodePort: 32000 }],
      }),
    ),
    says: "without the nodes' ports 31080 and 31443, and --expose nodeport was chosen",
    command: /^kubectl edit service istio-ingressgateway/,
    fields: [".spec.type"],
  },
];

const PASSING: readonly Pick<Row, "id" | "when" | "objects">[] = [
  { id: "istio.settings", when: "only old keys are there", objects: differing(configMap("config-istio", OLD)) },
  {
    id: "istio.settings",
    when: "only lists are there",
    objects: differing(configMap("config-istio", { "external-gateways": lists(LONG), "local-gateways": " " })),
  },
  {
    id: "istio.settings",
    when: "there is only a mesh, and net-istio knows that",
    objects: differing(configMap("config-istio", { "external-gateways": "[]", "local-gateways": "[]" })),
  },
  {
    id: "istio.settings",
    when: "an old one reads old keys",
    objects: differing(configMap("config-istio", OLD), netIstio("1.13.1")),
  },
  ...(["istio.service-names", "istio.probed-service", "istio.certificate-forms"] as const).map((id) => ({
    id,
    when: "all is as it is installed",
    objects: HEALTHY,
  })),
  {
    id: "ingress.service-type",
    when: "it has the type that was chosen",
    objects: differing(configMap("state", { choices: JSON.stringify({ expose: "loadbalancer" }) }, "kn-bootstrap")),
  },
  {
    id: "istio.probed-service",
    when: "only one Service has the labels, and another is named",
    objects: differing(
      configMap("config-istio", { "external-gateways": lists("mine.edge.svc.cluster.local") }),
      service("edge/mine"),
    ),
  },
  {
    id: "istio.probed-service",
    when: "no Service has them: then nothing is asked",
    objects: differing(service("istio-system/istio-ingressgateway")),
  },
  ...["1.18.1", "1.19.5", "1.20.4"].map((version) => ({
    id: "istio.certificate-forms" as const,
    when: `net-istio is ${version}`,
    objects: differing(netIstio(version)),
  })),
  {
    id: "istio.certificate-forms",
    when: "Istio is as old as net-istio",
    objects: differing(netIstio("1.17.0"), istiod("docker.io/istio/pilot:1.24.2")),
  },
  {
    id: "kourier.net-istio-webhook",
    when: "the ingress is Kourier, and it is gone",
    objects: differing(withClass("kourier")),
  },
  {
    id: "kourier.net-istio-webhook",
    when: "the ingress is Kourier, and it still answers",
    objects: differing(
      withClass("kourier"),
      webhookConfiguration,
      object("apps/v1", "Deployment", `${KNATIVE}/net-istio-webhook`, { status: { availableReplicas: 1 } }),
    ),
  },
];

describe("the checks of Istio", () => {
  it.each(FAILING)("$id does not hold when $when", async ({ id, objects, says, command, fields }) => {
    const finding = await look(id, objects);
    expect(finding).toMatchObject({ status: "fail", summary: expect.stringContaining(says) });
    if (finding.status !== "fail") return;
    expect(finding.remedy).toMatchObject({ text: expect.any(String), command: expect.stringMatching(command) });
    expect(finding.evidence?.map(({ field }) => field)).toEqual(fields);
  });

  it.each(PASSING)("$id holds when $when", async ({ id, objects }) => {
    expect(await look(id, objects)).toMatchObject({ status: "ok" });
  });

  it("say nothing where the ingress is another one", async () => {
    for (const id of ["istio.settings", "istio.service-names", "istio.probed-service"] as const)
      expect(await look(id, differing(withClass("kourier")))).toMatchObject({ status: "skipped" });
  });
});
