/** Calls admission webhooks as their configurations say (admissionregistration.k8s.io/v1). */

import { randomUUID } from "node:crypto";
import type { AdmissionAnswer, AdmissionReview, CallWebhook, Obj, WebhookTarget } from "../types.ts";
import type { Admission, Admitted } from "./call.ts";
import type { Fields } from "./json.ts";
import { fieldsOf, isFields, listOf, objectsOf } from "./json.ts";
import type { Resource } from "./resource.ts";
import { matchesLabelSelector } from "./selectors.ts";
import { badRequest, refuse, webhookFailed } from "./status.ts";
import type { Store } from "./store.ts";

const GROUP = "admissionregistration.k8s.io";
/** Their own configurations cannot be guarded by webhooks. */
const EXEMPT: ReadonlySet<string> = new Set(["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]);

export function createAdmission(store: Store, call: CallWebhook | undefined): Admission {
  const reach = call ?? unreachable(store);

  async function* answers(
    kind: string,
    request: Admitted,
    current: () => Obj | undefined,
  ): AsyncGenerator<{ webhook: Fields; answer: AdmissionAnswer }> {
    if (request.resource.group === GROUP && EXEMPT.has(request.resource.plural)) return;
    for (const configuration of store.list(`${GROUP}/${kind}`))
      for (const webhook of objectsOf(configuration.webhooks)) {
        if (!matches(store, webhook, request, current())) continue;
        const answer = await ask(reach, webhook, request, current());
        if (answer) yield { webhook, answer };
      }
  }

  return {
    mutate: async (request) => {
      let object = request.object;
      for await (const { webhook, answer } of answers("mutatingwebhookconfigurations", request, () => object)) {
        settle(webhook, answer, request);
        if (answer.object) object = answer.object;
      }
      return object;
    },
    validate: async (request) => {
      for await (const { webhook, answer } of answers("validatingwebhookconfigurations", request, () => request.object))
        settle(webhook, answer, request);
    },
  };
}

function matches(store: Store, webhook: Fields, request: Admitted, object: Obj | undefined): boolean {
  const { resource, subresource, operation } = request;
  const wanted = subresource === "" ? resource.plural : `${resource.plural}/${subresource}`;
  const rule = objectsOf(webhook.rules).find((candidate) => {
    const any = (list: unknown, value: string): boolean => listOf(list).includes("*") || listOf(list).includes(value);
    const resources = listOf(candidate.resources).map(String);
    const named = resources.some(
      (r) =>
        r === wanted ||
        r === "*/*" ||
        (r === "*" && subresource === "") ||
        r === `${resource.plural}/*` ||
        (subresource !== "" && r === `*/${subresource}`),
    );
    const scope =
      candidate.scope === "*" ||
      candidate.scope === undefined ||
      (candidate.scope === "Namespaced") === resource.namespaced;
    return (
      any(candidate.operations, operation) &&
      any(candidate.apiGroups, resource.group) &&
      any(candidate.apiVersions, resource.version) &&
      named &&
      scope
    );
  });
  if (!rule) return false;
  const subject = object ?? request.old;
  if (!namespaceMatches(store, fieldsOf(webhook.namespaceSelector), resource, subject)) return false;
  const selector = fieldsOf(webhook.objectSelector);
  return [object, request.old].some(
    (candidate) => candidate && matchesLabelSelector(selector, candidate.metadata.labels ?? {}),
  );
}

/** Cluster-scoped objects always match, except a Namespace, which is judged by its own labels. */
function namespaceMatches(store: Store, selector: Fields, resource: Resource, subject: Obj | undefined): boolean {
  if (!subject) return true;
  if (resource.group === "" && resource.plural === "namespaces")
    return matchesLabelSelector(selector, subject.metadata.labels ?? {});
  if (!resource.namespaced) return true;
  const namespace = store.get("/namespaces", "", subject.metadata.namespace ?? "");
  return matchesLabelSelector(selector, namespace?.metadata.labels ?? {});
}

function targetOf(webhook: Fields): WebhookTarget {
  const client = fieldsOf(webhook.clientConfig);
  const service = client.service;
  return {
    webhook: String(webhook.name),
    ...(isFields(service)
      ? {
          service: {
            namespace: String(service.namespace),
            name: String(service.name),
            port: Number(service.port ?? 443),
            ...(typeof service.path === "string" ? { path: service.path } : {}),
          },
        }
      : {}),
    ...(typeof client.url === "string" ? { url: client.url } : {}),
    ...(typeof client.caBundle === "string" ? { caBundle: client.caBundle } : {}),
    timeoutSeconds: Number(webhook.timeoutSeconds ?? 10),
  };
}

/** Undefined when the webhook could not be asked and its failure is to be ignored. */
async function ask(
  reach: CallWebhook,
  webhook: Fields,
  request: Admitted,
  object: Obj | undefined,
): Promise<AdmissionAnswer | undefined> {
  const target = targetOf(webhook);
  const { resource, old } = request;
  if (request.call.dryRun && webhook.sideEffects !== "None" && webhook.sideEffects !== "NoneOnDryRun")
    throw badRequest(`admission webhook "${target.webhook}" does not support dry run`);
  const subject = object ?? old;
  const review: AdmissionReview = {
    uid: randomUUID(),
    operation: request.operation,
    kind: { group: resource.group, version: resource.version, kind: resource.kind },
    resource: { group: resource.group, version: resource.version, resource: resource.plural },
    ...(request.subresource === "" ? {} : { subResource: request.subresource }),
    ...(subject?.metadata.namespace === undefined ? {} : { namespace: subject.metadata.namespace }),
    name: subject?.metadata.name ?? "",
    ...(object ? { object } : {}),
    ...(old ? { oldObject: old } : {}),
    dryRun: request.call.dryRun,
    userInfo: { username: request.call.user.name, groups: [...request.call.user.groups] },
  };
  try {
    return await reach(target, review);
  } catch (error) {
    if (webhook.failurePolicy === "Ignore") return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw webhookFailed(
      `failed calling webhook "${target.webhook}": failed to call webhook: Post "${urlOf(target)}": ${why}`,
    );
  }
}

function urlOf(target: WebhookTarget): string {
  const { service } = target;
  const base = service
    ? `https://${service.name}.${service.namespace}.svc:${service.port}${service.path ?? "/"}`
    : (target.url ?? "");
  return `${base}?timeout=${target.timeoutSeconds}s`;
}

function settle(webhook: Fields, answer: AdmissionAnswer, request: Admitted): void {
  request.call.warnings.push(...(answer.warnings ?? []));
  if (answer.allowed) return;
  const code = answer.code ?? 400;
  const reason = { 400: "BadRequest", 403: "Forbidden", 422: "Invalid" }[code];
  const name = JSON.stringify(String(webhook.name));
  throw refuse(
    code,
    reason,
    answer.message === undefined
      ? `admission webhook ${name} denied the request without explanation`
      : `admission webhook ${name} denied the request: ${answer.message}`,
  );
}

/** Without anybody behind the services, calls fail as they do on a cluster without workloads. */
const unreachable =
  (store: Store): CallWebhook =>
  async ({ service, url }) => {
    if (service) {
      const found = store.get("/services", service.namespace, service.name);
      throw new Error(found ? "context deadline exceeded" : `service "${service.name}" not found`);
    }
    const { hostname, port } = new URL(url ?? "");
    throw new Error(`dial tcp ${hostname}:${port || "443"}: connect: connection refused`);
  };
