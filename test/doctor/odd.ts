import type { KubeObject } from "../../src/ports/object.ts";
import { data, isA, isUser, KOURIERS, withStatus } from "./faults.ts";
import { object, type Scene } from "./scene.ts";
import { change, type Shape } from "./shapes.ts";

/** A way in which a healthy cluster may be other than most are. */
interface Odd {
  readonly make: (scene: Scene) => Scene;
  /** Absent: any of them. */
  readonly in?: readonly Shape[];
}

const READY = [{ type: "Ready", status: "True" }];
const NOT_OURS: readonly Shape[] = ["quickstart", "operator", "openshift", "istio", "eks"];
/** Where no domain was chosen by us and no certificate of somebody's own is served. */
const PLAIN: readonly Shape[] = ["quickstart", "openshift"];
const GATEWAYS = ["kourier", "istio-ingressgateway"];

const spec = (one: KubeObject, more: object): KubeObject => ({ ...one, spec: { ...(one.spec as object), ...more } });
const replicas = (one: KubeObject, count: number): KubeObject =>
  withStatus(spec(one, { replicas: count }), {
    replicas: count,
    updatedReplicas: count,
    readyReplicas: count,
    availableReplicas: count,
  });
const isRevisions = (one: KubeObject): boolean => one.metadata.labels?.["serving.knative.dev/revision"] !== undefined;
const isCore = (one: KubeObject): boolean => isA("Deployment")(one) && one.metadata.namespace === "knative-serving";
const marked = (one: KubeObject, annotations: object): KubeObject => ({
  ...one,
  metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, ...annotations } },
});
const kingress = (name: string, className: string): KubeObject =>
  object(
    "Ingress.networking.internal.knative.dev/v1alpha1",
    `default/${name}`,
    { status: { conditions: READY } },
    { annotations: { "networking.knative.dev/ingress-class": className } },
  );

export const ODD: Readonly<Record<string, Odd>> = {
  "Services with ingress classes of their own": {
    make: (scene) =>
      change(
        scene,
        (one) => one,
        kingress("own", "own.ingress.example.com"),
        kingress("contour", "contour.ingress.networking.knative.dev"),
        object("Deployment.apps/v1", "contour-system/net-contour-controller", { spec: { replicas: 1 } }),
      ),
  },
  "domains by selector beside the default": {
    make: (scene) =>
      change(scene, (one) =>
        isA("ConfigMap", "config-domain")(one)
          ? { ...one, data: { ...data(one), "svc.cluster.local": "selector:\n  visibility: internal\n" } }
          : one,
      ),
  },
  "no default domain, on purpose": {
    in: PLAIN,
    make: (scene) =>
      change(scene, (one) => {
        if (isA("ConfigMap", "config-domain")(one)) return { ...one, data: {} };
        return isUser(one) ? withStatus(one, { url: "http://hello.default.svc.cluster.local" }) : one;
      }),
  },
  "a DomainMapping with its claim": {
    in: PLAIN,
    make: (scene) =>
      change(
        scene,
        (one) => one,
        object("DomainMapping.serving.knative.dev/v1beta1", "default/hello.default.127.0.0.1.sslip.io", {
          status: { url: "http://hello.default.127.0.0.1.sslip.io", conditions: READY },
        }),
        object("ClusterDomainClaim.networking.internal.knative.dev/v1alpha1", "hello.default.127.0.0.1.sslip.io", {
          spec: { namespace: "default" },
        }),
      ),
  },
  "an ingress for the inside alone": {
    in: PLAIN,
    make: (scene) =>
      change(scene, (one) => {
        if (isA("Service")(one) && GATEWAYS.includes(one.metadata.name))
          return { ...spec(one, { type: "ClusterIP" }), status: {} };
        if (isA("ConfigMap", "config-domain")(one)) return { ...one, data: {} };
        return isUser(one) ? withStatus(one, { url: "http://hello.default.svc.cluster.local" }) : one;
      }),
  },
  "every Service scaled to zero": {
    make: (scene) =>
      change(scene, (one) => {
        if (!isRevisions(one)) return one;
        if (one.kind === "Pod") return undefined;
        return one.kind === "Deployment" ? replicas(one, 0) : one;
      }),
  },
  "three of everything, and budgets that spare none": {
    make: (scene) =>
      change(scene, (one) => {
        if (isA("PodDisruptionBudget")(one))
          return withStatus(one, { expectedPods: 3, currentHealthy: 3, desiredHealthy: 3, disruptionsAllowed: 0 });
        return isCore(one) && !isRevisions(one) ? replicas(one, 3) : one;
      }),
  },
  "no HorizontalPodAutoscalers, and no server of metrics": {
    make: (scene) => change(scene, (one) => (isA("HorizontalPodAutoscaler")(one) ? undefined : one)),
  },
  "OpenShift's own namespaces, and a check of the server that Red Hat has lowered": {
    in: ["openshift"],
    make: (scene) => ({
      ...change(
        scene,
        (one) => {
          if (isA("Deployment", "controller")(one))
            return spec(one, {
              template: {
                metadata: { labels: { app: "controller" } },
                spec: { containers: [{ env: [{ name: "KUBERNETES_MIN_VERSION", value: "v1.29.0" }] }] },
              },
            });
          return one;
        },
        ...["openshift-serverless", "openshift-ingress", "openshift-monitoring"].map((name) =>
          object("Namespace", name, {}, { labels: { "pod-security.kubernetes.io/enforce": "restricted" } }),
        ),
        object("Deployment.apps/v1", "openshift-serverless/knative-openshift", { spec: { replicas: 1 } }),
      ),
      version: "1.29.14",
    }),
  },
  "an ingress of somebody's own, of which one Ingress is ready": {
    in: ["quickstart"],
    make: (scene) =>
      change(scene, (one) => {
        if (isA("ConfigMap", "config-network")(one)) return { ...one, data: { "ingress-class": "own.example.com" } };
        if (!isA("Ingress")(one)) return one;
        return marked(one, { "networking.knative.dev/ingress-class": "own.example.com" });
      }),
  },
  "kept by Argo CD, and nobody writes in it": {
    in: NOT_OURS,
    make: (scene) =>
      change(scene, (one) =>
        one.metadata.namespace === "knative-serving"
          ? marked(one, { "argocd.argoproj.io/tracking-id": `knative:${one.kind}` })
          : one,
      ),
  },
  "what was left behind and does no harm": {
    make: (scene) =>
      change(
        scene,
        (one) => one,
        object(
          "Pod",
          "knative-serving/activator-evicted",
          { status: { phase: "Failed", reason: "Evicted" } },
          { labels: { app: "activator" } },
        ),
        object("Job.batch/v1", "knative-serving/default-domain", {
          status: { conditions: [{ type: "Failed", status: "True" }] },
        }),
        object("ValidatingWebhookConfiguration.admissionregistration.k8s.io/v1", "policy.example.com", {
          webhooks: [{ clientConfig: { service: { namespace: "gone", name: "x" } }, failurePolicy: "Ignore" }],
        }),
        object("Namespace", "going", {}, { deletionTimestamp: scene.now }),
      ),
  },
  "a namespace with a quota, a range and a level that leave room": {
    make: (scene) =>
      change(
        scene,
        (one) => {
          if (!isA("Namespace", "default")(one)) return one;
          return {
            ...one,
            metadata: { ...one.metadata, labels: { "pod-security.kubernetes.io/enforce": "baseline" } },
          };
        },
        object("ResourceQuota", "default/wide", {
          spec: { hard: { pods: "100" } },
          status: { used: { pods: "3" } },
        }),
        object("LimitRange", "default/wide", {
          spec: { limits: [{ type: "Container", default: { memory: "1Gi" }, max: { memory: "4Gi" } }] },
        }),
      ),
  },
  "networks closed but for what is needed": {
    in: KOURIERS,
    make: (scene) =>
      change(
        scene,
        (one) => one,
        object("NetworkPolicy.networking.k8s.io/v1", "knative-serving/deny", {
          spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
        }),
      ),
  },
};
