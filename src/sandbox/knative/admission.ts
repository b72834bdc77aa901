import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Stage } from "../objects.ts";
import type { AdmissionAnswer, AdmissionReview, CallWebhook } from "../types.ts";
import { configRefusal } from "./config-validation.ts";
import { NAMESPACE } from "./names.ts";
import { knativeMinor } from "./process.ts";
import { withServingDefaults } from "./resource-defaulting.ts";
import { resourceRefusal } from "./resource-validation.ts";
import { readConfig } from "./settings.ts";
import { WEBHOOK_SECRET } from "./webhook.ts";
import { isTrustedBy } from "./webhook-certificates.ts";

/** A service behind webhooks: which Secret holds its certificate and what it answers per path. */
interface Endpoint {
  readonly secret: string;
  readonly answer: (path: string, review: AdmissionReview) => AdmissionAnswer;
}

/**
 * Calls webhooks as the API server does: the Service must exist and have a ready endpoint, its certificate must be signed by
 * the caBundle; then the process answers. `stage` is asked at each call because the API needs the function before it exists.
 */
export const webhookCaller = (stage: () => Stage): CallWebhook => {
  const endpoints: Record<string, Endpoint> = {
    [`${NAMESPACE}/webhook`]: {
      secret: WEBHOOK_SECRET,
      answer: (path, review) => answerServing(stage(), path, review),
    },
  };

  return async (target, review) => {
    const { api } = stage();
    const { service } = target;
    if (!service) throw new Error(`dial tcp: lookup ${hostOf(target.url)}: no such host`);
    const { namespace, name } = service;
    if (!api.get({ apiVersion: "v1", kind: "Service", namespace, name }))
      throw new Error(`service "${name}" not found`);
    if (readyEndpoints(api, namespace, name).length === 0) {
      throw new Error(`no endpoints available for service "${name}"`);
    }
    const endpoint = endpoints[`${namespace}/${name}`];
    if (!endpoint) throw new Error("EOF");
    const secret = api.get({ apiVersion: "v1", kind: "Secret", namespace, name: endpoint.secret });
    if (!isTrustedBy(secret?.data?.["server-cert.pem"] ?? "", target.caBundle)) {
      throw new Error("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    }
    return endpoint.answer(service.path ?? "/", review);
  };
};

const hostOf = (url: string | undefined): string => {
  try {
    return new URL(url ?? "").hostname;
  } catch {
    return String(url);
  }
};

const answerServing = (stage: Stage, path: string, review: AdmissionReview): AdmissionAnswer => {
  if (path === "/defaulting") {
    const data = readConfig(stage.api, "config-defaults");
    const object = withServingDefaults(review, {
      timeoutSeconds: Number(data["revision-timeout-seconds"] ?? 300),
      containerConcurrency: Number(data["container-concurrency"] ?? 0),
    });
    return { allowed: true, ...(object ? { object } : {}) };
  }
  const refusal =
    path === "/config-validation"
      ? review.operation !== "DELETE" &&
        review.object &&
        configRefusal(review.object, knativeMinor(stage, NAMESPACE, "webhook"))
      : resourceRefusal(review);
  return refusal ? { allowed: false, message: `validation failed: ${refusal}`, code: 400 } : { allowed: true };
};
