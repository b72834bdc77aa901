import type { Row } from "./row.ts";

/**
 * What leads in `doctor` at the cluster that a failed run has left, by the row's title or fault: a check, or the error that says why nothing
 * can be looked at. What no object tells is told by what the install has kept of its end.
 */
const LEADS: Readonly<Record<string, string>> = {
  "image-pull-401:activator": "serving.deployments",
  "image-pull-404:activator": "serving.deployments",
  "image-pull-404 of the proof": "knative.stopped",
  "image-pull-404 of istiod": "ingress.deployments",
  "image-pull-429:600": "serving.deployments",
  "unschedulable:600": "serving.deployments",
  "crash-loop:600": "serving.deployments",
  "a server too old for Knative": "serving.deployments",
  "load-balancer-pending:600": "ingress.address",
  "load-balancer-refused:600": "ingress.address",
  "load-balancer-pending of Istio's gateway": "ingress.address",
  "webhook-no-endpoints:600": "serving.webhook",
  "webhook-wrong-ca:600": "serving.admission",
  "webhook-timeout:600": "serving.admission",
  "admission-denial:pods": "serving.deployments",
  "admission-denial:deployments": "knative.admitted",
  "quota:pods": "serving.deployments",
  "quota:services.loadbalancers": "ingress.quota",
  "quota:services.loadbalancers of Istio's gateway": "ingress.quota",
  "field-fight:600": "network.scheme",
  "namespace-terminating, met by install": "knative.installed",
  "namespace-terminating, met by uninstall": "knative.installed",
  "api-429:600": "cluster.refused",
  "api-503:600": "cluster.refused",
  "api-away:600": "cluster.unreachable",
  "clock-skew, the server ahead": "cluster.unreachable",
  "clock-skew, the server behind": "cluster.clock",
};

/** Where an install comes through, and doctor finds nothing: why. By fault. */
const PASSING: Readonly<Record<string, string>> = {
  "api-resets:600": "the next try gets through",
  "api-slow:3": "it is over by then, and slow is not wrong",
  "watch-drops:600": "doctor looks, and watches nothing",
  "watch-410:600": "doctor looks, and watches nothing",
  "watch-lags:600": "doctor looks, and watches nothing",
};
export const reasonOf = ({ fault = "" }: Row): string | undefined => PASSING[fault];
export const passing: readonly string[] = Object.entries(PASSING).map(([fault, why]) => `${fault}: ${why}`);

/** Undefined: nobody has said it. */
export const leadOf = ({ title, fault = "" }: Row): string | undefined => LEADS[title ?? fault];
