/** Checks that `--skip-checks` leaves out of an install. All of them are in the registry (`test/checks`). */
export const SKIPPABLE = [
  "cluster.version",
  "cluster.capacity",
  "knative.owner",
  "ingress.service-type",
  "istio.owner",
  "istio.settings",
  "istio.service-names",
  "istio.probed-service",
  "istio.certificate-forms",
  "istio.certificate-source",
  "istio.members",
  "istio.secret-rights",
  "istio.shared-port",
  "kourier.net-istio-webhook",
  "proof.zero",
] as const;
