import { HOME } from "../kube/inventory.ts";
import type { ObjectRef } from "../ports/object.ts";

/** The certificate that we make. Kourier reads it from any namespace; ours outlives an uninstall (rule 11). */
export const WILDCARD: ObjectRef = { apiVersion: "v1", kind: "Secret", namespace: HOME, name: "wildcard-tls" };

/** Where the gateway's certificate is: ours, or the one that was brought. */
export const servedSecret = ({ config }: { readonly config: { readonly tlsSecret?: string } }): ObjectRef => {
  const [namespace, name] = config.tlsSecret?.split("/") ?? [];
  return namespace && name ? { apiVersion: "v1", kind: "Secret", namespace, name } : WILDCARD;
};
