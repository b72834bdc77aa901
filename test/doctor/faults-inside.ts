import { add, data, edit, type Fault, isA, KOURIERS, unavailable, WITH_CERTIFICATE, withStatus } from "./faults.ts";
import { object } from "./scene.ts";
import { change, type Shape } from "./shapes.ts";

/** Red Hat's releases have dates of their own. */
const OF_THE_PROJECT: readonly Shape[] = ["ours", "quickstart", "operator", "istio", "eks"];

/** What goes wrong inside of a cluster: with the installation, its settings, who may what. */
export const FAULTS_INSIDE: Readonly<Record<string, Fault>> = {
  "support has ended": {
    leads: "knative.support",
    in: OF_THE_PROJECT,
    break: edit(isA("Namespace", "knative-serving"), (one) => ({
      ...one,
      metadata: { ...one.metadata, labels: { ...one.metadata.labels, "app.kubernetes.io/version": "1.20.3" } },
    })),
  },
  "a definition is missing": {
    leads: "crds.established",
    break: edit(isA("CustomResourceDefinition", "podautoscalers.autoscaling.internal.knative.dev"), () => undefined),
  },
  "objects are stored in an old version": {
    leads: "crds.stored-versions",
    break: edit(isA("CustomResourceDefinition", "domainmappings.serving.knative.dev"), (one) =>
      withStatus(one, { storedVersions: ["v1alpha1", "v1beta1"] }),
    ),
  },
  "a Job of the release has failed": {
    leads: "knative.jobs",
    break: add(
      object(
        "Job.batch/v1",
        "knative-serving/storage-version-migration-serving-1.23.0",
        { status: { failed: 11, conditions: [{ type: "Failed", status: "True", message: "has reached the limit" }] } },
        { creationTimestamp: "2020-01-01T00:00:00Z" },
      ),
    ),
  },
  "the operator was removed before its object": {
    leads: "knative.terminating",
    in: ["operator", "openshift"],
    break: edit(isA("KnativeServing"), (one) => ({
      ...one,
      metadata: {
        ...one.metadata,
        deletionTimestamp: "2020-01-01T00:00:00Z",
        finalizers: ["knativeservings.operator.knative.dev"],
      },
    })),
  },
  "a drain waits for the activator": {
    leads: "cluster.drain",
    break: (scene) =>
      change(scene, (one) => {
        if (one.kind === "Node") return { ...one, spec: { ...(one.spec as object), unschedulable: true } };
        return one;
      }),
  },
  "the activator does not reach the autoscaler": {
    leads: "serving.activator",
    break: (scene) => {
      const pod = scene.objects.find((one) => one.kind === "Pod" && one.metadata.labels?.app === "activator");
      if (!pod) throw new Error("there is no activator");
      const said = object("Event", "knative-serving/activator.1", {
        type: "Warning",
        reason: "Unhealthy",
        message: "Readiness probe failed: HTTP probe failed with statuscode: 500",
        involvedObject: { kind: "Pod", name: pod.metadata.name, uid: pod.metadata.uid },
      });
      return change(
        scene,
        (one) => {
          if (isA("Deployment", "activator")(one)) return unavailable(one);
          return one.metadata.uid === pod.metadata.uid
            ? withStatus(one, { conditions: [{ type: "Ready", status: "False" }] })
            : one;
        },
        said,
      );
    },
  },
  "a firewall stands before the webhook": {
    leads: "serving.admission",
    break: (scene) =>
      add(
        object("Event", "default/hello.1", {
          type: "Warning",
          reason: "InternalError",
          lastTimestamp: scene.now,
          message:
            'Internal error occurred: failed calling webhook "webhook.serving.knative.dev": failed to call webhook: Post "https://webhook.knative-serving.svc:443/defaulting?timeout=10s": context deadline exceeded',
          involvedObject: { apiVersion: "serving.knative.dev/v1", kind: "Revision", name: "hello-00001", uid: "x" },
        }),
      )(scene),
  },
  "a Service asks for an ingress that is not here": {
    leads: "network.classes",
    in: [...KOURIERS, "istio", "gateway-api"],
    break: edit(isA("Ingress", "hello"), (one) => ({
      ...withStatus(one, { conditions: [{ type: "Ready", status: "Unknown" }] }),
      metadata: {
        ...one.metadata,
        annotations: { "networking.knative.dev/ingress-class": "contour.ingress.networking.knative.dev" },
      },
    })),
  },
  "a Service asks for an ingress with a capital letter": {
    leads: "network.classes",
    in: KOURIERS,
    break: edit(isA("Ingress", "hello"), (one) => ({
      ...withStatus(one, { conditions: [] }),
      metadata: {
        ...one.metadata,
        annotations: { "networking.knative.dev/ingress-class": "Kourier.ingress.networking.knative.dev" },
      },
    })),
  },
  "the Service of the activator is deleted": {
    leads: "knative.whole",
    break: edit(
      (one) => one.apiVersion === "v1" && isA("Service", "activator-service")(one),
      () => undefined,
    ),
  },
  "the Service of the autoscaler chooses no pods": {
    leads: "knative.whole",
    break: edit(
      (one) => one.apiVersion === "v1" && isA("Service", "autoscaler")(one),
      (one) => ({ ...one, spec: { ...(one.spec as object), selector: { app: "wrong" } } }),
    ),
  },
  "ConfigMaps of the release are deleted": {
    leads: "knative.whole",
    break: edit(
      (one) => one.kind === "ConfigMap" && ["config-features", "config-gc"].includes(one.metadata.name),
      () => undefined,
    ),
  },
  "what Kourier's gateway starts from is deleted": {
    leads: "knative.whole",
    in: KOURIERS,
    break: edit(isA("ConfigMap", "kourier-bootstrap"), () => undefined),
  },
  "a setting that the operator keeps is written by hand": {
    leads: "config.writers",
    in: ["operator", "openshift"],
    break: edit(isA("ConfigMap", "config-autoscaler"), (one) => ({
      ...one,
      data: { ...data(one), "scale-to-zero-grace-period": "60s" },
      metadata: {
        ...one.metadata,
        ownerReferences: [
          { apiVersion: "operator.knative.dev/v1beta1", kind: "KnativeServing", name: "knative-serving", uid: "x" },
        ],
        managedFields: [
          {
            manager: "kubectl-edit",
            time: "2026-11-30T10:00:00Z",
            fieldsV1: { "f:data": { "f:scale-to-zero-grace-period": {} } },
          },
        ],
      },
    })),
  },
  "somebody else can read the certificate's key": {
    leads: "certificate.readers",
    in: WITH_CERTIFICATE,
    break: add(
      object("ClusterRole.rbac.authorization.k8s.io/v1", "reader", {
        rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }],
      }),
      object("ClusterRoleBinding.rbac.authorization.k8s.io/v1", "reader", {
        roleRef: { kind: "ClusterRole", name: "reader" },
        subjects: [{ kind: "Group", name: "developers" }],
      }),
    ),
  },
  "a quota refuses the pods of a Service that is ready": {
    leads: "services.pods",
    break: (scene) =>
      change(scene, (one) =>
        one.kind === "Deployment" && one.metadata.labels?.["serving.knative.dev/service"] === "hello"
          ? withStatus(one, {
              conditions: [
                {
                  type: "ReplicaFailure",
                  status: "True",
                  message:
                    'pods "hello" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
                },
              ],
            })
          : one,
      ),
  },
  "a quota has no room for the next pod": {
    leads: "services.pods",
    break: add(
      object("ResourceQuota", "default/small", {
        spec: { hard: { pods: "2" } },
        status: { hard: { pods: "2" }, used: { pods: "2" } },
      }),
    ),
  },
  "a namespace enforces more than its Services say": {
    leads: "services.pods",
    break: edit(isA("Namespace", "default"), (one) => ({
      ...one,
      metadata: { ...one.metadata, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    })),
  },
  "an image of Knative is refused by its registry": {
    leads: "serving.deployments",
    break: (scene) =>
      change(scene, (one) => {
        if (isA("Deployment", "autoscaler")(one)) return unavailable(one);
        if (one.kind !== "Pod" || one.metadata.labels?.app !== "autoscaler") return one;
        const waiting = { reason: "ImagePullBackOff", message: "429 Too Many Requests - toomanyrequests" };
        const container = {
          name: "autoscaler",
          image: "docker.io/mirror/autoscaler:1",
          ready: false,
          state: { waiting },
        };
        return withStatus(one, { conditions: [], containerStatuses: [container] });
      }),
  },
  "a pod of Knative finds no room": {
    leads: "serving.deployments",
    break: (scene) =>
      change(scene, (one) => {
        if (isA("Deployment", "controller")(one)) return unavailable(one);
        if (one.kind !== "Pod" || one.metadata.labels?.app !== "controller") return one;
        const message = "0/1 nodes are available: 1 Insufficient cpu.";
        return withStatus(one, {
          phase: "Pending",
          conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
        });
      }),
  },
  "GitLab's agent is given an address without a slash": {
    leads: "gitlab.agent",
    break: add(
      object("Deployment.apps/v1", "gitlab-agent/agent", {
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: "agentk",
                  image: "registry.gitlab.com/gitlab-org/cluster-integration/gitlab-agent/agentk:v18.3.0",
                  args: [
                    "--token-file=/etc/agentk/secrets/token",
                    "--kas-address=wss://git.example.org/-/kubernetes-agent",
                  ],
                },
              ],
            },
          },
        },
      }),
    ),
  },
};
