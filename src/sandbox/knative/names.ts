/** Names that Knative Serving fixes (serving pkg/apis/serving/register.go, networking pkg/apis/networking/register.go). */

export const NAMESPACE = "knative-serving";
export const CLUSTER_DOMAIN = "svc.cluster.local";

export const SERVING = "serving.knative.dev/v1";
export const NETWORKING = "networking.internal.knative.dev/v1alpha1";
export const AUTOSCALING = "autoscaling.internal.knative.dev/v1alpha1";
export const CACHING = "caching.internal.knative.dev/v1alpha1";

export const VISIBILITY = "networking.knative.dev/visibility";
export const CLUSTER_LOCAL = "cluster-local";
export const INGRESS_CLASS = "networking.knative.dev/ingress.class";

export const ROUTE_FINALIZER = "routes.serving.knative.dev";

/** Field managers: the names of the binaries. */
export const CONTROLLER = "controller";
export const AUTOSCALER = "autoscaler";
