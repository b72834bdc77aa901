import type { KubeObject } from "../../ports/object.ts";
import type { ControllerIssuer } from "../controller.ts";
import { API, ISSUER } from "./names.ts";

/** Secret that cert-manager makes: the account's key. */
export const ACCOUNT = "kn-bootstrap-account";
const EXTERNAL = "kn-bootstrap-eab";
const DNS = "kn-bootstrap-dns";

/**
 * The Secrets, then the ClusterIssuer that refers to them. cert-manager makes the account's key itself, in the Secret
 * `kn-bootstrap-account`, and keeps it there.
 * @param namespace where cert-manager looks for the Secrets of a ClusterIssuer ({@link Found.resourceNamespace})
 */
export const issuerObjects = (issuer: ControllerIssuer, namespace: string): readonly KubeObject[] => {
  const { directory, email, ca, external, profile, domain, dns } = issuer;
  const secret = (name: string, texts: Readonly<Record<string, string>>): KubeObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "Opaque",
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  });
  return [
    ...(dns.keys ? [secret(DNS, dns.keys)] : []),
    // cert-manager decodes the value itself: the Secret holds the base64url text that the CA printed, without padding.
    ...(external ? [secret(EXTERNAL, { secret: external.hmacKey.replace(/=+$/, "") })] : []),
    {
      apiVersion: API,
      kind: "ClusterIssuer",
      metadata: { name: ISSUER.name },
      spec: {
        acme: {
          server: directory,
          ...(email ? { email } : {}),
          ...(ca ? { caBundle: Buffer.from(ca).toString("base64") } : {}),
          ...(external
            ? { externalAccountBinding: { keyID: external.kid, keySecretRef: { name: EXTERNAL, key: "secret" } } }
            : {}),
          ...(profile ? { profile } : {}),
          privateKeySecretRef: { name: ACCOUNT },
          solvers: [{ selector: { dnsZones: [domain] }, dns01: dns.dns01(DNS) }],
        },
      },
    },
  ];
};
