import { createSecureContext } from "node:tls";
import type { Certificate } from "../front.ts";
import type { Api, Obj } from "../types.ts";

/** Certificates as gateways find them in Secrets. */

export const secretOf = (api: Api, { namespace, name }: { namespace: string; name: string }): Obj | undefined =>
  api.get({ apiVersion: "v1", kind: "Secret", namespace, name });

/** `certificate` and `key`: under which keys they are. */
export const certificateIn = (secret: Obj, certificate = "tls.crt", key = "tls.key"): Certificate => {
  const decode = (field: string): string => Buffer.from(secret.data?.[field] ?? "", "base64").toString();
  return { cert: decode(certificate), key: decode(key) };
};

/** Envoy refuses a certificate that it cannot load. */
export const isLoadable = (certificate: Certificate): boolean => {
  try {
    createSecureContext(certificate);
    return true;
  } catch {
    return false;
  }
};
