import type { ExternalAccount } from "../../ports/authority.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import type { Dns01Solver } from "../../ports/solver.ts";

/** The CA that cert-manager asks, and how it proves that the domain is ours. */
export interface AcmeIssuer {
  /** URL of the directory. */
  readonly directory: string;
  readonly email?: string;
  /** PEM of the roots that the CA's own https is verified with; absent: the system's. */
  readonly ca?: string;
  readonly external?: ExternalAccount;
  /** cert-manager 1.18 and later. */
  readonly profile?: string;
  /** The solver is for names at or below it. */
  readonly domain: string;
  readonly dns: Dns01Solver;
}

export const API = "cert-manager.io/v1";

export const ISSUER: ObjectRef = { apiVersion: API, kind: "ClusterIssuer", name: "kn-bootstrap" };

/** Secret that cert-manager makes: the account's key. */
export const ACCOUNT = "kn-bootstrap-account";
const EXTERNAL = "kn-bootstrap-eab";
const DNS = "kn-bootstrap-dns";

/**
 * The Secrets, then the ClusterIssuer that refers to them. cert-manager makes the account's key itself, in the Secret
 * `kn-bootstrap-account`, and keeps it there.
 * @param namespace where cert-manager looks for the Secrets of a ClusterIssuer ({@link Found.resourceNamespace})
 */
export const issuerObjects = (issuer: AcmeIssuer, namespace: string): readonly KubeObject[] => {
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
