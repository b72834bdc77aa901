import {
  autoscaler,
  binding,
  deployment,
  disruptionBudget,
  image,
  labels,
  minorOf,
  object,
  ownNamespace,
  rule,
  SERVING,
  scrapedAt,
  service,
} from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";

const GATEWAY = "3scale-kourier-gateway";
const CONTROLLER = "net-kourier-controller";
const READ = "get,list,watch";
/** A rollout never takes the last pod away. */
const rolling = { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "100%" } } };

/** Metrics of the gateway and its controller. */
const METRICS_SINCE = 15;
/** The controller followed Endpoints before. */
const SLICES_SINCE = 21;

/** kourier.yaml */
export const standIn = (version: string): readonly Obj[] => {
  const minor = minorOf(version);
  const metrics = (ports: string): string => (minor >= METRICS_SINCE ? ` ${ports}` : "");
  const own = { ...labels(version, "net-kourier"), "networking.knative.dev/ingress-provider": "kourier" };
  return [
    object("v1 Namespace", "kourier-system", own, {}),
    object("v1 ConfigMap", "kourier-system/kourier-bootstrap", own, {
      data: {
        "envoy-bootstrap.yaml": "# The rehearsal's gateway takes its routes from the API and reads nothing here.\n",
      },
    }),
    object("v1 ConfigMap", `${SERVING}/config-kourier`, own, {
      data: { _example: "# Settings of the gateway. Put a setting beside this text, as a key of data.\n" },
    }),
    object("v1 ServiceAccount", `${SERVING}/net-kourier`, own, {}),
    object("rbac.authorization.k8s.io/v1 ClusterRole", "net-kourier", own, {
      rules: [
        rule([""], "events", "create,update,patch"),
        ...(minor >= SLICES_SINCE
          ? [rule([""], "pods,services,secrets,configmaps", READ), rule(["discovery.k8s.io"], "endpointslices", READ)]
          : [rule([""], "pods,endpoints,services,secrets,configmaps", READ)]),
        rule(["coordination.k8s.io"], "leases", `${READ},create,update,patch,delete`),
        rule(["networking.internal.knative.dev"], "ingresses,ingresses/status", `${READ},update,patch`),
      ],
    }),
    binding("net-kourier", own, "net-kourier", "net-kourier"),
    deployment({
      name: `${SERVING}/${CONTROLLER}`,
      labels: own,
      selector: `app=${CONTROLLER}`,
      account: "net-kourier",
      container: "controller",
      image: image("net-kourier/cmd/kourier"),
      requests: "200m/200Mi",
      podAnnotations: scrapedAt(9090, "/metrics"),
      ports: `http2-xds:18000/TCP${metrics("metrics:9090/TCP")}`,
      env: [
        { name: "CERTS_SECRET_NAMESPACE", value: "" },
        { name: "CERTS_SECRET_NAME", value: "" },
        ownNamespace,
        { name: "KOURIER_GATEWAY_NAMESPACE", value: "kourier-system" },
      ],
      spec: { replicas: 1, ...rolling },
    }),
    service(
      `${SERVING}/${CONTROLLER}`,
      own,
      `app=${CONTROLLER}`,
      `grpc-xds:18000>18000/TCP${metrics("http-metrics:9090>9090/TCP")}`,
      "ClusterIP",
    ),
    deployment({
      name: `kourier-system/${GATEWAY}`,
      labels: own,
      selector: `app=${GATEWAY}`,
      container: "kourier-gateway",
      image: "docker.io/envoyproxy/envoy:stand-in",
      requests: "200m/200Mi",
      podAnnotations: scrapedAt(9000, "/stats/prometheus"),
      ports: `http2-external:8080/TCP http2-internal:8081/TCP https-external:8443/TCP http-probe:8090/TCP https-probe:9443/TCP${metrics("metrics:9000/TCP")}`,
      spec: rolling,
      podSpec: {
        ...(minor >= METRICS_SINCE ? { terminationGracePeriodSeconds: 30 } : {}),
        volumes: [{ name: "config-volume", configMap: { name: "kourier-bootstrap" } }],
      },
      containerSpec: {
        // OpenShift's admission goes by it.
        securityContext: { runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534 },
        volumeMounts: [{ name: "config-volume", mountPath: "/tmp/config" }],
      },
    }),
    service("kourier-system/kourier", own, `app=${GATEWAY}`, "http2:80>8080/TCP https:443>8443/TCP", "LoadBalancer"),
    service(
      "kourier-system/kourier-internal",
      own,
      `app=${GATEWAY}`,
      "http2:80>8081/TCP https:443>8444/TCP",
      "ClusterIP",
    ),
    autoscaler(`kourier-system/${GATEWAY}`, own, 10),
    disruptionBudget(`kourier-system/${GATEWAY}-pdb`, own, `app=${GATEWAY}`),
  ];
};
