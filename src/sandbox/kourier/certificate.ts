import type { Certificate } from "../front.ts";
import { certificateIn, secretOf } from "../ingress/certificate.ts";
import { knativeMinor } from "../knative/process.ts";
import type { Stage } from "../objects.ts";
import type { Api, Obj } from "../types.ts";
import { CONTROLLER, CONTROLLER_NAMESPACE } from "./names.ts";

/** The minor of Kourier that began to read its certificate's place from config-kourier; before, there was the environment only. */
const CERTIFICATE_IN_CONFIG_SINCE = 19;

/** The environment of the controller's container, as the running process saw it at its start. */
export type Environment = Readonly<Record<string, string>>;

export const configMap = (api: Api, name: string): Obj | undefined =>
  api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: CONTROLLER_NAMESPACE, name });

/** The configured certificate, none, or why it cannot be had. */
export const readCertificate = (stage: Stage, env: Environment): { certificate?: Certificate } | { error: string } => {
  const isRead = knativeMinor(stage, CONTROLLER_NAMESPACE, CONTROLLER) >= CERTIFICATE_IN_CONFIG_SINCE;
  const data = isRead ? (configMap(stage.api, "config-kourier")?.data ?? {}) : {};
  const name = (data["certs-secret-name"] ?? env.CERTS_SECRET_NAME ?? "").trim();
  const namespace = (data["certs-secret-namespace"] ?? env.CERTS_SECRET_NAMESPACE ?? "").trim();
  if (!name || !namespace) return {};
  const secret = secretOf(stage.api, { namespace, name });
  if (!secret) return { error: `secrets "${name}" not found` };
  return { certificate: certificateIn(secret) };
};
