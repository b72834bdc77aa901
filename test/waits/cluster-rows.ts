import {
  ACTIVATOR,
  AVAILABLE,
  anyDeployment,
  HELD,
  late,
  NEVER,
  type Row,
  USUAL_CAUSES,
  uncalled,
  unwritten,
} from "./row.ts";
import {
  askedTwice,
  available,
  exists,
  isTerminating,
  podsRefused,
  podWaits,
  refusedTwice,
  revisionFailed,
  takenBack,
  unscheduled,
  writes,
} from "./sights.ts";

const DEPLOYMENTS = writes("/deployments/");

/** What is wrong in the cluster. */
export const clusterRows: readonly Row[] = [
  {
    fault: "image-pull-401:activator",
    visible: podWaits("ErrImagePull", "activator"),
    certain: refusedTwice("activator"),
    waiting: `${ACTIVATOR}: ImagePullBackOff: 401 from gcr.io`,
    error: {
      what: `${ACTIVATOR}: ImagePullBackOff: 401 from gcr.io`,
      why: NEVER,
      remedy: /does not give .*activator.* pull secret.*--image-registry/,
    },
  },
  {
    fault: "image-pull-404:activator",
    visible: podWaits("ErrImagePull", "activator"),
    certain: refusedTwice("activator"),
    waiting: `${ACTIVATOR}: ImagePullBackOff: 404 from gcr.io (manifest unknown)`,
    error: {
      what: `${ACTIVATOR}: ImagePullBackOff: 404 from gcr.io (manifest unknown)`,
      why: NEVER,
      remedy: /does not have .*activator.*--image-registry/,
    },
  },
  {
    fault: "image-pull-404:helloworld",
    title: "image-pull-404 of the proof",
    visible: revisionFailed,
    certain: askedTwice,
    waiting: "Knative Service kn-bootstrap/hello cannot get its image: 404 from ghcr.io (manifest unknown)",
    error: {
      what: "Knative Service kn-bootstrap/hello cannot get its image: 404 from ghcr.io (manifest unknown)",
      why: NEVER,
      remedy: /does not have .*helloworld.*--image-registry/,
    },
  },
  {
    fault: "image-pull-429:600",
    visible: podWaits("ErrImagePull", "activator"),
    ...late(
      `${ACTIVATOR}: ImagePullBackOff: 429 from gcr.io (too many pulls)`,
      AVAILABLE,
      /limits pulls; it goes on by itself.*--image-registry/,
      anyDeployment(": ImagePullBackOff: 429 from gcr.io (too many pulls)"),
    ),
  },
  {
    fault: "unschedulable:600",
    visible: unscheduled("activator"),
    ...late(`${ACTIVATOR}: 0/1 nodes: insufficient cpu (short by 250m)`, AVAILABLE, /more room/, [
      "Deployment knative-serving/net-kourier-controller: 0/1 nodes: insufficient cpu (short by 150m)",
    ]),
  },
  {
    fault: "crash-loop:600",
    visible: podWaits("CrashLoopBackOff", "controller"),
    ...late(
      "Deployment knative-serving/controller: CrashLoopBackOff: Failed to start the ConfigMap watcher: configmaps is forbidden",
      AVAILABLE,
      /Read what it said/,
    ),
  },
  {
    title: "a server too old for Knative",
    version: "v1.33.0",
    args: ["--knative-version", "1.23", "--skip-checks", "cluster.version"],
    visible: podWaits("CrashLoopBackOff"),
    certain: podWaits("CrashLoopBackOff"),
    error: {
      what: anyDeployment(
        ': CrashLoopBackOff: Version check failed: kubernetes version "1.33.0" is not compatible, need at least "1.34.0-0" (this can be overridden with the env var "KUBERNETES_MIN_VERSION")',
      ),
      why: NEVER,
      remedy: /Read what it said/,
    },
    again: false,
  },
  {
    fault: "load-balancer-pending:600",
    visible: exists("v1", "Service", "kourier"),
    ...late(
      "LoadBalancer pending: no controller has claimed Service kourier-system/kourier",
      '"The gateway has an address" did not come true in time.',
      /--expose nodeport; or install MetalLB/,
    ),
  },
  {
    fault: "load-balancer-refused:600",
    visible: exists("v1", "Service", "kourier"),
    ...late(
      "LoadBalancer pending: Service kourier-system/kourier: SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: TooManyLoadBalancers: quota exceeded",
      '"The gateway has an address" did not come true in time.',
      /quota is used up/,
    ),
  },
  {
    fault: "webhook-no-endpoints:600",
    visible: available("webhook"),
    ...late(
      "no ready endpoint of Service knative-serving/webhook",
      '"The Knative webhook answers" did not come true in time.',
      /See whether the webhook's pods run and are ready/,
    ),
  },
  {
    fault: "webhook-wrong-ca:600",
    visible: writes("/certificates/"),
    ...uncalled("x509: certificate signed by unknown authority", /caBundle .* do not belong together/),
  },
  {
    fault: "webhook-timeout:600",
    visible: writes("/certificates/"),
    ...uncalled("context deadline exceeded; the API server does not reach it", USUAL_CAUSES),
  },
  {
    fault: "admission-denial:pods",
    visible: podsRefused,
    certain: podsRefused,
    error: {
      what: anyDeployment(
        ' may not make pods: admission webhook "policy.example.com" denied the request: pods need the label team',
      ),
      why: NEVER,
      remedy: /Change the policy/,
    },
  },
  {
    fault: "admission-denial:deployments",
    visible: DEPLOYMENTS,
    certain: DEPLOYMENTS,
    error: {
      what: `The server refused create of ${ACTIVATOR}.`,
      why: 'admission webhook "policy.example.com" denied the request: deployments need the label team',
      remedy: /Change the policy/,
    },
  },
  {
    fault: "quota:pods",
    visible: podsRefused,
    certain: podsRefused,
    error: {
      what: anyDeployment(
        " may not make pods: exceeded quota: compute, requested: pods=1, used: pods=0, limited: pods=0",
      ),
      why: NEVER,
      remedy: /ResourceQuota/,
    },
  },
  {
    fault: "quota:services.loadbalancers",
    visible: writes("/services/kourier"),
    certain: writes("/services/kourier"),
    error: {
      what: "The server refused create of Service kourier-system/kourier.",
      why: "exceeded quota: compute, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0",
      remedy: /ResourceQuota/,
    },
  },
  {
    fault: "field-fight:600",
    visible: takenBack,
    ...late(
      "Knative gives the Service the URL http://hello-kn-bootstrap.127.0.0.1.sslip.io, not https://hello-kn-bootstrap.127.0.0.1.sslip.io: gitops writes default-external-scheme in ConfigMap knative-serving/config-network",
      '"A Knative Service becomes ready" did not come true in time.',
      /leave these keys alone/,
    ),
    again: ["--take-ownership"],
  },
  {
    fault: "namespace-terminating:600",
    title: "namespace-terminating, met by install",
    visible: isTerminating,
    ...unwritten(
      "Namespace knative-serving",
      `an earlier Namespace knative-serving is still terminating: ${HELD}`,
      /See what its controller says/,
    ),
  },
  {
    fault: "namespace-terminating:600",
    title: "namespace-terminating, met by uninstall",
    uninstall: true,
    visible: isTerminating,
    ...late(
      `Namespace knative-serving is still terminating: ${HELD}`,
      '"Removed objects are gone" did not come true in time.',
      /what is removed stays removed/,
    ),
  },
];
