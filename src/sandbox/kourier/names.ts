/** Names that net-kourier fixes (net-kourier pkg/reconciler/ingress/config/config.go). */

export const INGRESS_CLASS_NAME = "kourier.ingress.networking.knative.dev";
export const CONTROLLER_NAMESPACE = "knative-serving";
export const CONTROLLER = "net-kourier-controller";
export const GATEWAY_NAMESPACE = "kourier-system";
export const GATEWAY = "3scale-kourier-gateway";
export const EXTERNAL_SERVICE = "kourier";
export const INTERNAL_SERVICE = "kourier-internal";
/** Field manager: the name of the binary. */
export const MANAGER = "kourier";
/** Of its reconciler's Leases, before the bucket. */
export const LEASES = "net-kourier-controller.knative.dev.net-kourier.pkg.reconciler.ingress.reconciler.";

/** Ports of the gateway's pods. */
export const HTTP_PORT = 8080;
export const HTTPS_PORT = 8443;
