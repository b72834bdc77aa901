import { deployment, type Labels, minorOf, object, pairs, rule, scrapedAt, service } from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";
import { istioCrds } from "./stand-in-crds.ts";
import { injector, validator } from "./stand-in-webhooks.ts";

const SPACE = "istio-system";
const RBAC = "rbac.authorization.k8s.io";
const GATEWAY = "istio-ingressgateway";
const READ = "get,list,watch";

/** The minors of Istio in which its files changed in what matters here. */
const HELM_LABELS_SINCE = 24;
/** Of istiod's pods, and of the gateway: they are no part of an ambient mesh. */
const APART_SINCE = { istiod: 22, gateway: 25 };
const VALUES_SINCE = 26;
const GATEWAY_BUDGET_UNTIL = 27;
const ALL_PORTS_SINCE = 24;

/** What the objects of one component bear: who is told by `app` and `istio`, where they have those. */
interface Marks {
  readonly gateway: (extra?: Labels) => Labels;
  /** What the operator's component Pilot brings; the rest of istiod's lacks these marks. */
  readonly pilot: (extra?: Labels) => Labels;
  /** Its pods do not say of which release they are. */
  readonly pilotPod: (extra: Labels) => Labels;
  readonly istiod: (extra?: Labels) => Labels;
  readonly reader: (chart: string) => Labels;
}

const marksOf = (version: string): Marks => {
  const helm = (name: string, chart: string): Labels =>
    minorOf(version) < HELM_LABELS_SINCE
      ? {}
      : {
          "app.kubernetes.io/instance": "istio",
          "app.kubernetes.io/managed-by": "Helm",
          "app.kubernetes.io/name": name,
          "app.kubernetes.io/part-of": "istio",
          "app.kubernetes.io/version": version,
          "helm.sh/chart": `${chart}-${version}`,
        };
  const component = (name: string): Labels => ({
    "install.operator.istio.io/owning-resource": "unknown",
    "istio.io/rev": "default",
    "operator.istio.io/component": name,
  });
  const release = { release: "istio" };
  return {
    gateway: (extra = {}) => ({
      ...helm(GATEWAY, "istio-ingress"),
      ...component("IngressGateways"),
      ...release,
      ...extra,
    }),
    pilot: (extra = {}) => ({ ...helm("istiod", "istiod"), ...component("Pilot"), ...release, ...extra }),
    pilotPod: (extra) => ({ ...helm("istiod", "istiod"), ...component("Pilot"), ...extra }),
    istiod: (extra = {}) => ({ ...helm("istiod", "istiod"), ...release, app: "istiod", ...extra }),
    reader: (chart) => ({ ...helm("istio-reader", chart), ...release, app: "istio-reader" }),
  };
};

const GATEWAY_IS = { app: GATEWAY, istio: "ingressgateway" };
const ISTIOD_IS = { app: "istiod", istio: "pilot" };

const rights = ({ gateway, istiod, reader }: Marks): readonly Obj[] => {
  const grant = (name: string, labels: Labels, subject: object, rules: readonly object[]): readonly Obj[] => {
    const scope = name.includes("/") ? "" : "Cluster";
    return [
      object(`${RBAC}/v1 ${scope}Role`, name, labels, { rules }),
      object(`${RBAC}/v1 ${scope}RoleBinding`, name, labels, {
        roleRef: { apiGroup: RBAC, kind: `${scope}Role`, name: name.split("/").at(-1) },
        subjects: [{ kind: "ServiceAccount", ...subject }],
      }),
    ];
  };
  const own = { name: "istiod", namespace: SPACE };
  const see = rule([""], "secrets,configmaps,services,endpoints,pods,nodes,namespaces", READ);
  const istio = rule(["networking.istio.io", "security.istio.io"], "*", READ);
  return [
    ...grant(
      "istio-reader-clusterrole-istio-system",
      reader("istiod"),
      { name: "istio-reader-service-account", namespace: SPACE },
      [see],
    ),
    ...grant("istiod-clusterrole-istio-system", istiod(), own, [see, istio]),
    ...grant("istiod-gateway-controller-istio-system", istiod(), own, [rule(["apps"], "deployments", READ)]),
    // Without a namespace, as in the release.
    ...grant(`${SPACE}/${GATEWAY}-sds`, gateway(), { name: `${GATEWAY}-service-account` }, [
      rule([""], "secrets", "get,watch,list"),
    ]),
    ...grant(`${SPACE}/istiod`, istiod(), own, [rule([""], "secrets", "create,get,watch,list,update,delete")]),
  ];
};

/** Both roll in the same way. */
const rolling = { strategy: { rollingUpdate: { maxSurge: "100%", maxUnavailable: "25%" } } };

const token = {
  name: "istio-token",
  projected: {
    sources: [{ serviceAccountToken: { audience: "istio-ca", expirationSeconds: 43200, path: "istio-token" } }],
  },
};
const secretVolume = (name: string, secretName: string): object => ({ name, secret: { optional: true, secretName } });
const emptyVolume = (name: string): object => ({ name, emptyDir: {} });
const field = (name: string): object => ({ fieldRef: { fieldPath: `metadata.${name}` }, path: name });

const GATEWAY_VOLUMES = [
  ...["workload-socket", "credential-socket", "workload-certs"].map(emptyVolume),
  { name: "istiod-ca-cert", configMap: { name: "istio-ca-root-cert" } },
  { name: "podinfo", downwardAPI: { items: [field("labels"), field("annotations")] } },
  ...["istio-envoy", "istio-data"].map(emptyVolume),
  token,
  { name: "config-volume", configMap: { name: "istio", optional: true } },
  secretVolume("ingressgateway-certs", `${GATEWAY}-certs`),
  secretVolume("ingressgateway-ca-certs", `${GATEWAY}-ca-certs`),
];

const ISTIOD_VOLUMES = [
  { name: "local-certs", emptyDir: { medium: "Memory" } },
  token,
  secretVolume("cacerts", "cacerts"),
  secretVolume("istio-kubeconfig", "istio-kubeconfig"),
  secretVolume("istio-csr-dns-cert", "istiod-tls"),
  { name: "istio-csr-ca-configmap", configMap: { defaultMode: 420, name: "istio-ca-root-cert", optional: true } },
];

const workloads = (version: string, { gateway, pilot, pilotPod }: Marks): readonly Obj[] => {
  const minor = minorOf(version);
  const apart = { "istio.io/dataplane-mode": "none" };
  return [
    deployment({
      name: `${SPACE}/${GATEWAY}`,
      labels: gateway({ ...GATEWAY_IS, ...(minor >= APART_SINCE.gateway ? apart : {}) }),
      selector: `app=${GATEWAY},istio=ingressgateway`,
      account: `${GATEWAY}-service-account`,
      container: "istio-proxy",
      image: `docker.io/istio/proxyv2:${version}`,
      requests: "1000m/1024Mi",
      podAnnotations: scrapedAt(15_020, "/stats/prometheus"),
      ports: "15021/TCP 8080/TCP 8443/TCP http-envoy-prom:15090/TCP",
      podLabels: gateway({
        ...(minor >= APART_SINCE.gateway ? apart : {}),
        chart: "gateways",
        heritage: "Tiller",
        "service.istio.io/canonical-name": GATEWAY,
        "service.istio.io/canonical-revision": "latest",
        "sidecar.istio.io/inject": "false",
      }),
      spec: { replicas: 3, ...rolling },
      podSpec: { volumes: GATEWAY_VOLUMES },
      containerSpec: {
        args: ["proxy", "router"],
        volumeMounts: ["ingressgateway-certs", "ingressgateway-ca-certs"].map((name) => ({
          name,
          mountPath: `/etc/istio/${name}`,
          readOnly: true,
        })),
      },
    }),
    deployment({
      name: `${SPACE}/istiod`,
      labels: pilot(ISTIOD_IS),
      selector: "istio=pilot",
      account: "istiod",
      container: "discovery",
      image: `docker.io/istio/pilot:${version}`,
      requests: "500m/2048Mi",
      ports:
        minor >= ALL_PORTS_SINCE
          ? "http-debug:8080/TCP grpc-xds:15010/TCP tls-xds:15012/TCP https-webhooks:15017/TCP http-monitoring:15014/TCP"
          : "8080/TCP 15010/TCP 15017/TCP",
      podLabels: pilotPod({
        app: "istiod",
        ...(minor >= APART_SINCE.istiod ? apart : {}),
        "sidecar.istio.io/inject": "false",
      }),
      spec: rolling,
      podSpec: { volumes: ISTIOD_VOLUMES },
      containerSpec: { args: ["discovery"] },
    }),
    service(
      `${SPACE}/${GATEWAY}`,
      gateway(GATEWAY_IS),
      `app=${GATEWAY},istio=ingressgateway`,
      "status-port:15021>15021/TCP http2:80>8080/TCP https:443>8443/TCP",
      "LoadBalancer",
    ),
    service(
      `${SPACE}/istiod`,
      pilot(ISTIOD_IS),
      "app=istiod,istio=pilot",
      "grpc-xds:15010/TCP https-dns:15012/TCP https-webhook:443>15017/TCP http-monitoring:15014/TCP",
    ),
  ];
};

const scaling = (version: string, { gateway, pilot }: Marks): readonly Obj[] => {
  const budget = (name: string, labels: Labels, who: string): Obj =>
    object("policy/v1 PodDisruptionBudget", `${SPACE}/${name}`, labels, {
      spec: { minAvailable: 1, selector: { matchLabels: pairs(who) } },
    });
  return [
    ...(minorOf(version) <= GATEWAY_BUDGET_UNTIL
      ? [budget(GATEWAY, gateway(GATEWAY_IS), `app=${GATEWAY},istio=ingressgateway`)]
      : []),
    budget("istiod", pilot(ISTIOD_IS), "app=istiod,istio=pilot"),
    object("autoscaling/v2 HorizontalPodAutoscaler", `${SPACE}/istiod`, pilot({ app: "istiod" }), {
      spec: {
        minReplicas: 3,
        maxReplicas: 10,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "istiod" },
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } },
        ],
      },
    }),
  ];
};

const configuration = (version: string, { pilot }: Marks): readonly Obj[] => {
  const map = (name: string, data: Labels): Obj => object("v1 ConfigMap", `${SPACE}/${name}`, pilot(), { data });
  // What istiod puts into pods, and from where.
  const values = { global: { hub: "docker.io/istio", tag: version, proxy: { image: "proxyv2" } } };
  return [
    map("istio", { mesh: "rootNamespace: istio-system\n", meshNetworks: "networks: {}" }),
    map("istio-sidecar-injector", {
      config: "# The rehearsal's istiod has its templates by heart and reads nothing here.\n",
      values: JSON.stringify(values, null, 2),
    }),
    ...(minorOf(version) >= VALUES_SINCE
      ? [map("values", { "merged-values": "{}\n", "original-values": "{}\n" })]
      : []),
  ];
};

/** istio.yaml, as net-istio publishes it; `version`: Istio's. */
export const istioStandIn = (version: string): readonly Obj[] => {
  const marks = marksOf(version);
  const account = (name: string, labels: Labels): Obj => object("v1 ServiceAccount", `${SPACE}/${name}`, labels, {});
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: SPACE } },
    ...istioCrds(version),
    account(`${GATEWAY}-service-account`, marks.gateway(GATEWAY_IS)),
    account("istio-reader-service-account", marks.reader("base")),
    account("istiod", marks.istiod()),
    ...rights(marks),
    ...configuration(version, marks),
    ...workloads(version, marks),
    ...scaling(version, marks),
    injector(version, marks.pilot({ app: "sidecar-injector" })),
    validator(version, marks.istiod({ istio: "istiod", "istio.io/rev": "default" })),
  ];
};
