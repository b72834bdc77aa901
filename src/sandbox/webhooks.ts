import { readyEndpoints } from "./kubernetes/endpoint-slices.ts";
import type { Stage } from "./objects.ts";
import type { AdmissionAnswer, AdmissionReview, CallWebhook } from "./types.ts";

/** An admission webhook of a part, as its process answers when it is reached. */
export interface Webhook {
  /** The Service that leads to it, `namespace/name`, or how such Services are told. */
  readonly service: string | ((key: string) => boolean);
  /** Whether `caBundle` (base64, as stored) covers the certificate that it shows at this moment. */
  readonly isTrusted: (caBundle: string | undefined) => boolean;
  readonly answer: (path: string, review: AdmissionReview) => AdmissionAnswer;
}

/**
 * Calls webhooks as the API server does: the Service must exist and have a ready endpoint, its certificate must be signed by
 * the caBundle; then the process answers. A Service that leads to a process which nobody here knows hangs up.
 */
export const callWebhooks =
  ({ api }: Stage, webhooks: readonly Webhook[]): CallWebhook =>
  async ({ service, url, caBundle }, review) => {
    if (!service) throw new Error(`dial tcp: lookup ${hostOf(url)}: no such host`);
    const { namespace, name, path = "/" } = service;
    if (!api.get({ apiVersion: "v1", kind: "Service", namespace, name }))
      throw new Error(`service "${name}" not found`);
    if (readyEndpoints(api, namespace, name).length === 0)
      throw new Error(`no endpoints available for service "${name}"`);
    const key = `${namespace}/${name}`;
    const webhook = webhooks.find((one) => (typeof one.service === "string" ? one.service === key : one.service(key)));
    if (!webhook) throw new Error("EOF");
    if (!webhook.isTrusted(caBundle))
      throw new Error("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    return webhook.answer(path, review);
  };

const hostOf = (url: string | undefined): string => {
  try {
    return new URL(url ?? "").hostname;
  } catch {
    return String(url);
  }
};
