import type { ObjectRef } from "../../ports/object.ts";

// What `--help` reads of cert-manager comes with the list of ways to TLS, so that all but this is loaded when it is asked.

/** Id of the step that installs it. */
export const CERT_MANAGER = "cert-manager";

/** Where the release's manifest puts it. */
export const NAMESPACE = "cert-manager";

export const API = "cert-manager.io/v1";

export const ISSUER: ObjectRef = { apiVersion: API, kind: "ClusterIssuer", name: "kn-bootstrap" };

export const READY = {
  id: "cert-manager.certificates",
  title: "cert-manager has issued the certificates that Knative asked for",
} as const;
