import type { ExternalAccount } from "../../ports/authority.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { type Dns01, solverFor } from "./solver.ts";

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
  readonly dns: Dns01;
}

export const API = "cert-manager.io/v1";

export const ISSUER: ObjectRef = { apiVersion: API, kind: "ClusterIssuer", name: "kn-bootstrap" };

const ACCOUNT = "kn-bootstrap-account";
const EXTERNAL = "kn-bootstrap-eab";

/**
 * The Secrets, then the ClusterIssuer that refers to them. cert-manager makes the account's key itself, in the Secret
 * `kn-bootstrap-account`, and keeps it there.
 * @param namespace where cert-manager looks for the Secrets of a ClusterIssuer ({@link Found.resourceNamespace})
 * @throws UserError as {@link solverFor}
 */
export const issuerObjects = (issuer: AcmeIssuer, namespace: string): readonly KubeObject[] => {
  const { directory, email, ca, external, profile, domain, dns } = issuer;
  const { dns01, secret } = solverFor(dns, namespace);
  const account: KubeObject | undefined = external && {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: EXTERNAL, namespace },
    type: "Opaque",
    // cert-manager decodes the value itself: the Secret holds the base64url text that the CA printed, without padding.
    data: { secret: Buffer.from(external.hmacKey.replace(/=+$/, "")).toString("base64") },
  };
  return [
    ...(secret ? [secret] : []),
    ...(account ? [account] : []),
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
          solvers: [{ selector: { dnsZones: [domain] }, dns01 }],
        },
      },
    },
  ];
};
