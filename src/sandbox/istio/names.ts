/** Names that net-istio and Istio fix. */

export const INGRESS_CLASS_NAME = "istio.ingress.networking.knative.dev";
export const CONTROLLER = "net-istio-controller";
export const WEBHOOK = "net-istio-webhook";
/** Field manager of the controller: the name of the binary, as Serving's. */
export const MANAGER = "controller";
export const COMPONENT = "istio-ingress-controller";
/** The version in which net-istio writes; Istio serves and stores others as well. */
export const ISTIO = "networking.istio.io/v1beta1";
/** On what was made for a kingress: its name. */
export const INGRESS_LABEL = "networking.internal.knative.dev/ingress";
/** The port of gateways for names outside the cluster, and of those inside. */
export const HTTP = 80;
export const HTTPS = 443;
