/** Names that cert-manager fixes (cert-manager pkg/apis/certmanager/v1, deploy/charts). */

export const NAMESPACE = "cert-manager";
export const CONTROLLER = "cert-manager";
export const CAINJECTOR = "cert-manager-cainjector";
export const WEBHOOK = "cert-manager-webhook";
/** Holds the CA of the webhook's certificate, and is made by its process. */
export const WEBHOOK_CA = "cert-manager-webhook-ca";

export const API = "cert-manager.io/v1";
export const ACME = "acme.cert-manager.io/v1";

/** plural → group */
export const KINDS = [
  ["certificaterequests", "cert-manager.io"],
  ["certificates", "cert-manager.io"],
  ["clusterissuers", "cert-manager.io"],
  ["issuers", "cert-manager.io"],
  ["challenges", "acme.cert-manager.io"],
  ["orders", "acme.cert-manager.io"],
] as const;

export const CERTIFICATE_NAME = "cert-manager.io/certificate-name";
export const REVISION = "cert-manager.io/certificate-revision";
export const NEXT_KEY = "cert-manager.io/private-key-secret-name";

/** Field managers. */
export const manager = (part: string): string => `cert-manager-${part}`;
