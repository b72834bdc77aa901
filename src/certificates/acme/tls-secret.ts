import { createPublicKey, X509Certificate } from "node:crypto";
import { HOME, withOwner } from "../../kube/inventory.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { DIRECTORY } from "../secret.ts";
import { encoded, textOf } from "./secrets.ts";

/** What a certificate's Secret says about where it came from; a renewal keeps to it (rule 25). */
export const ANNOTATIONS = {
  directory: DIRECTORY,
  profile: "kn-bootstrap/acme-profile",
  names: "kn-bootstrap/names",
  issuedAt: "kn-bootstrap/issued-at",
} as const;

export interface Issued {
  /** PEM, the certificate first. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
  readonly directory: string;
  readonly profile?: string | undefined;
  readonly names: readonly string[];
  readonly issuedAt: Date;
  /** PEM of a private CA's root. */
  readonly root?: string | undefined;
}

/** kubernetes.io/tls. `ca.crt` only for a private CA: a public root is everybody's already. */
export const issuedSecret = (ref: ObjectRef, issued: Issued): KubeObject =>
  withOwner(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: ref.name,
        namespace: ref.namespace ?? HOME,
        annotations: {
          [ANNOTATIONS.directory]: issued.directory,
          ...(issued.profile ? { [ANNOTATIONS.profile]: issued.profile } : {}),
          [ANNOTATIONS.names]: issued.names.join(","),
          [ANNOTATIONS.issuedAt]: issued.issuedAt.toISOString(),
        },
      },
      type: "kubernetes.io/tls",
      data: encoded({ "tls.crt": issued.chain, "tls.key": issued.key, "ca.crt": issued.root }),
    },
    "certificate",
  );

/** The certificate (PEM) that a new one from the same CA replaces (RFC 9773 §5). Undefined: none, or it came from elsewhere. */
export const replacedBy = (live: KubeObject | undefined, directory: string): string | undefined =>
  live?.metadata.annotations?.[ANNOTATIONS.directory] === directory ? textOf(live, "tls.crt") : undefined;

/** When the certificate in a Secret was issued for this private key; undefined: it was not, or there is none. */
export const issuedFor = (live: KubeObject | undefined, key: string): Date | undefined => {
  try {
    const certificate = new X509Certificate(textOf(live, "tls.crt") ?? "");
    if (!certificate.publicKey.equals(createPublicKey(key))) return undefined;
    return new Date(live?.metadata.annotations?.[ANNOTATIONS.issuedAt] ?? certificate.validFrom);
  } catch {
    return undefined;
  }
};
