import { late, NEVER, type Row } from "./row.ts";
import { exists, podWaits, refusedTwice, writes } from "./sights.ts";

const ISTIO = ["--ingress", "istio"];
const ISTIOD = "Deployment istio-system/istiod";

/** What is otherwise where the ingress is Istio: other objects and namespaces are named. */
export const istioRows: readonly Row[] = [
  {
    fault: "image-pull-404:pilot",
    title: "image-pull-404 of istiod",
    args: ISTIO,
    visible: podWaits("ErrImagePull", "istiod"),
    certain: refusedTwice("istiod"),
    waiting: `${ISTIOD}: ImagePullBackOff: 404 from docker.io (manifest unknown)`,
    error: {
      what: `${ISTIOD}: ImagePullBackOff: 404 from docker.io (manifest unknown)`,
      why: NEVER,
      remedy: /does not have .*pilot.*--image-registry/,
    },
  },
  {
    fault: "load-balancer-pending:600",
    title: "load-balancer-pending of Istio's gateway",
    args: ISTIO,
    visible: exists("v1", "Service", "istio-ingressgateway"),
    ...late(
      "LoadBalancer pending: no controller has claimed Service istio-system/istio-ingressgateway",
      '"The gateway has an address" did not come true in time.',
      /--expose nodeport; or install MetalLB/,
    ),
  },
  {
    fault: "quota:services.loadbalancers",
    title: "quota:services.loadbalancers of Istio's gateway",
    args: ISTIO,
    visible: writes("/services/istio-ingressgateway"),
    certain: writes("/services/istio-ingressgateway"),
    error: {
      what: "The server refused create of Service istio-system/istio-ingressgateway.",
      why: "exceeded quota: compute, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0",
      remedy: /ResourceQuota/,
    },
  },
];
