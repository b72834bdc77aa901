import type { Stage } from "../objects.ts";
import type { AdmissionAnswer, AdmissionReview } from "../types.ts";
import type { Webhook } from "../webhooks.ts";
import { configRefusal } from "./config-validation.ts";
import { NAMESPACE } from "./names.ts";
import { knativeMinor } from "./process.ts";
import { withServingDefaults } from "./resource-defaulting.ts";
import { resourceRefusal } from "./resource-validation.ts";
import { readConfig } from "./settings.ts";
import { knativeWebhook, SERVING_WEBHOOK } from "./webhook.ts";

export const servingWebhook = (stage: Stage): Webhook =>
  knativeWebhook(stage, SERVING_WEBHOOK, (path, review) => answerServing(stage, path, review));

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
