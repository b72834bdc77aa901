/** Mutating and validating webhook configurations. */

import type { Fields } from "../json.ts";
import { fieldsOf, fill, isFields, listOf, objectsOf } from "../json.ts";
import type { Rules } from "../resource.ts";
import type { FieldError } from "../status.ts";
import { required, wrong } from "../status.ts";
import { nameIsSubdomain } from "./names.ts";

function errorsOf(webhooks: readonly Fields[]): FieldError[] {
  const errors: FieldError[] = [];
  webhooks.forEach((webhook, index) => {
    const path = `webhooks[${index}]`;
    const name = String(webhook.name ?? "");
    if (nameIsSubdomain(name) ?? (name.split(".").length < 3 ? "short" : undefined))
      errors.push(wrong(`${path}.name`, name, "should be a domain with at least three segments separated by dots"));
    if (webhook.sideEffects !== "None" && webhook.sideEffects !== "NoneOnDryRun")
      errors.push(required(`${path}.sideEffects`, "must specify one of None, NoneOnDryRun"));
    const client = fieldsOf(webhook.clientConfig);
    if ((client.url === undefined) === (client.service === undefined))
      errors.push(required(`${path}.clientConfig`, "exactly one of url or service is required"));
    const timeout = Number(webhook.timeoutSeconds);
    if (timeout < 1 || timeout > 30)
      errors.push(wrong(`${path}.timeoutSeconds`, timeout, "the timeout value must be between 1 and 30 seconds"));
    if (listOf(webhook.admissionReviewVersions).length === 0)
      errors.push(required(`${path}.admissionReviewVersions`, "must specify one of v1, v1beta1"));
  });
  return errors;
}

const rules = (own: Fields): Rules => ({
  name: nameIsSubdomain,
  unconditional: false,
  defaults: (draft) => {
    for (const webhook of objectsOf(draft.webhooks)) {
      fill(webhook, {
        failurePolicy: "Fail",
        matchPolicy: "Equivalent",
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
        ...own,
      });
      const service = fieldsOf(webhook.clientConfig).service;
      if (isFields(service)) fill(service, { port: 443 });
      for (const rule of objectsOf(webhook.rules)) fill(rule, { scope: "*" });
    }
  },
  validate: (object) => errorsOf(objectsOf(object.webhooks)),
  generation: (object) => object.webhooks,
});

export const mutatingWebhookRules: Rules = rules({ reinvocationPolicy: "Never" });
export const validatingWebhookRules: Rules = rules({});
