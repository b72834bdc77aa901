import type { Sees } from "./scene.ts";
import {
  always,
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

/** A fault, and what is said about it. `<server>` stands for the API server's URL. */
export interface Row {
  /** As `--fault` takes it; absent where the world itself is like that. */
  readonly fault?: string;
  readonly title?: string;
  readonly version?: string;
  /** Besides `install --yes`. */
  readonly args?: readonly string[];
  /** The fault comes to an installed cluster, and uninstall meets it. */
  readonly uninstall?: true;
  /** From when on it can be seen. */
  readonly visible: Sees;
  /** The step's line while it waits. */
  readonly waiting?: string;
  /** A warning before anything is planned. */
  readonly note?: string;
  /** How the run ends. Absent: well. */
  readonly error?: Failure;
  /** When it can be seen that waiting cannot mend it; it then stops at once. */
  readonly certain?: Sees;
  /** The step that is done as soon as all is well, where the fault is to make no difference. */
  readonly done?: string;
  /** What the run after the fault needs besides; false: there is none. */
  readonly again?: readonly string[] | false;
}

interface Failure {
  readonly what: string;
  readonly why?: string;
  readonly remedy: RegExp;
  readonly code?: number;
}

const AVAILABLE = '"Deployments are available" did not come true in time.';
const KEPT = "What is done is kept; --timeout gives it longer.";
const NEVER = "Waiting cannot mend this.";
const USUAL_CAUSES = /firewall.*8443.*pod network.*proxy/;
const REACH = /whether the cluster is well/;

/** It waits with these words, and ends with them when time runs out. */
const late = (text: string, why: string, remedy: RegExp): Pick<Row, "waiting" | "error"> => ({
  waiting: text,
  error: { what: text, why, remedy },
});

const called = (webhook: string, why: string): string =>
  `the webhook ${webhook} (Service knative-serving/webhook) cannot be called: ${why}`;
const unwritten = (subject: string, why: string, remedy: RegExp): Pick<Row, "waiting" | "error"> => ({
  waiting: why,
  error: { what: `${subject} could not be written in time: ${why}`, why: KEPT, remedy },
});
const CERTIFICATE = "Certificate knative-serving/routing-serving-certs";
const ACTIVATOR = "Deployment knative-serving/activator";
const HELD = "1 pods left in it; held by finalizer example.com/held";
const DEPLOYMENTS = writes("/deployments/");
const SERVING = ["activator", "autoscaler", "controller", "webhook"];

export const rows: readonly Row[] = [
  {
    fault: "image-pull-401:activator",
    visible: podWaits("activator", "ErrImagePull"),
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
    visible: podWaits("activator", "ErrImagePull"),
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
    ...late(
      "Knative Service kn-bootstrap/hello cannot get its image: 404 from ghcr.io (manifest unknown)",
      '"A Knative Service becomes ready" did not come true in time.',
      /does not have .*helloworld.*--image-registry/,
    ),
  },
  {
    fault: "image-pull-429:600",
    visible: podWaits("activator", "ErrImagePull"),
    ...late(
      `${ACTIVATOR}: ImagePullBackOff: 429 from gcr.io (too many pulls)`,
      AVAILABLE,
      /limits pulls; it goes on by itself.*--image-registry/,
    ),
  },
  {
    fault: "unschedulable:600",
    visible: unscheduled("activator"),
    ...late(`${ACTIVATOR}: 0/1 nodes: insufficient cpu (short by 250m)`, AVAILABLE, /more room/),
  },
  {
    fault: "crash-loop:600",
    visible: podWaits("controller", "CrashLoopBackOff"),
    ...late(
      "Deployment knative-serving/controller: CrashLoopBackOff: Failed to start the ConfigMap watcher: configmaps is forbidden",
      AVAILABLE,
      /Read what it said/,
    ),
  },
  {
    title: "a server too old for Knative",
    version: "v1.33.0",
    args: ["--skip-checks", "cluster.version"],
    visible: podWaits("activator", "CrashLoopBackOff"),
    certain: podWaits("activator", "CrashLoopBackOff"),
    error: {
      what: `${ACTIVATOR}: CrashLoopBackOff: Version check failed: kubernetes version "1.33.0" is not compatible, need at least "1.34.0-0" (this can be overridden with the env var "KUBERNETES_MIN_VERSION")`,
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
      /the cloud's controller/,
    ),
  },
  {
    fault: "webhook-no-endpoints:600",
    visible: available("webhook"),
    ...late(
      "no ready endpoint of Service knative-serving/webhook",
      '"The Knative webhook answers" did not come true in time.',
      /Look at the webhook/,
    ),
  },
  {
    fault: "webhook-wrong-ca:600",
    visible: writes("/certificates/"),
    ...unwritten(
      CERTIFICATE,
      called("webhook.serving.knative.dev", "x509: certificate signed by unknown authority"),
      /caBundle .* do not belong together/,
    ),
  },
  {
    fault: "webhook-timeout:600",
    visible: writes("/certificates/"),
    ...unwritten(
      CERTIFICATE,
      called("webhook.serving.knative.dev", "context deadline exceeded; the API server does not reach it"),
      USUAL_CAUSES,
    ),
  },
  {
    fault: "admission-denial:pods",
    visible: podsRefused,
    certain: podsRefused,
    error: {
      what: `${ACTIVATOR} may not make pods: admission webhook "policy.example.com" denied the request: pods need the label team`,
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
      what: `${ACTIVATOR} may not make pods: exceeded quota: compute, requested: pods=1, used: pods=0, limited: pods=0`,
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
      /finalizers/,
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
  {
    fault: "api-429:600",
    visible: DEPLOYMENTS,
    waiting: "<server> answers 429: Too many requests, please try again later; trying again",
    error: {
      what: `${ACTIVATOR} could not be written in time: the cluster answers 429: Too many requests, please try again later.`,
      why: KEPT,
      remedy: REACH,
    },
  },
  {
    fault: "api-503:600",
    visible: DEPLOYMENTS,
    waiting: "<server> answers 503: the server is currently unable to handle the request; trying again",
    error: {
      what: `${ACTIVATOR} could not be written in time: the cluster answers 503: the server is currently unable to handle the request`,
      why: KEPT,
      remedy: REACH,
    },
  },
  {
    fault: "api-away:600",
    visible: DEPLOYMENTS,
    waiting: "<server> refused the connection: nothing listens there; trying again",
    error: {
      what: `${ACTIVATOR} could not be written in time: <server> refused the connection: nothing listens there`,
      why: KEPT,
      remedy: REACH,
    },
  },
  { fault: "api-resets:600", visible: DEPLOYMENTS, waiting: "<server> closed the connection; trying again" },
  { fault: "api-slow:3", visible: DEPLOYMENTS, waiting: "<server> takes long to answer" },
  { fault: "watch-drops:600", visible: available(...SERVING), done: "webhook" },
  { fault: "watch-410:600", visible: available(...SERVING), done: "webhook" },
  {
    fault: "clock-skew:7200",
    title: "clock-skew, the server ahead",
    visible: always,
    certain: always,
    error: {
      what: "The cluster at <server> does not answer: <server> has a certificate that is not valid yet: compare the clocks.",
      remedy: /./,
      code: 2,
    },
    again: false,
  },
  {
    fault: "clock-skew:-7200",
    title: "clock-skew, the server behind",
    visible: always,
    note: "This machine's clock is 120 minutes ahead of the cluster's: a certificate that is made now is not valid there yet.",
  },
];
