import { ApiError } from "../ports/cluster.ts";
import type { Remedy } from "../ports/error.ts";
import { at, describe, isRecord, type KubeObject, type ObjectRef, refOf } from "../ports/object.ts";
import type { Reader } from "../ports/reader.ts";
import { inNamespace, joined, type ShellCommand, sh } from "../ports/shell.ts";

/** A call of an admission webhook that the API server could not make. */
export interface WebhookFailure {
  /** The name of the webhook, which need not be that of the configuration it stands in. */
  readonly webhook: string;
  readonly reason: string;
  readonly remedy: Remedy;
  /** The Service that it is to be called at, when there is none of that name. */
  readonly absent?: Pick<ObjectRef, "namespace" | "name">;
}

const CALL = /failed calling webhook "([^"]+)": (?:failed to call webhook: )?(?:Post "([^"]+)": )?(.*)/s;
/** The names of the webhook configurations that contain a webhook of this name. */
export const webhooksNamed = (webhook: string): ShellCommand =>
  sh`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o 'custom-columns=KIND:.kind,NAME:.metadata.name,WEBHOOKS:.webhooks[*].name' | grep ${webhook}`;

/** Reads the API server's message; undefined when it is about something else. */
export const webhookFailure = (message: string): WebhookFailure | undefined => {
  const [, webhook, url, cause = ""] = CALL.exec(message) ?? [];
  if (webhook === undefined) return undefined;
  const [name = "", namespace] = URL.parse(url ?? "")?.hostname.split(".") ?? [];
  const isService = namespace !== undefined && url?.includes(".svc") === true;
  const place = isService ? ` (Service ${namespace}/${name})` : "";
  const failure = (what: string, remedy: Remedy): WebhookFailure => ({
    webhook,
    reason: `the webhook ${webhook}${place} cannot be called: ${what}`,
    remedy,
  });
  const inspect = inNamespace(isService ? namespace : undefined);
  if (isService && /service "[^"]*" not found/.test(cause))
    return {
      webhook,
      reason: `the webhook ${webhook} cannot be called: Service ${namespace}/${name} does not exist`,
      remedy: { text: LEFT_OVER, command: webhooksNamed(webhook) },
      absent: { namespace, name },
    };
  if (/no endpoints available/.test(cause))
    return failure("no pod behind it is ready", {
      text: "Look at its pods and what selects them.",
      command: sh`kubectl get pods,services,endpointslices ${inspect}`,
    });
  if (/x509|certificate/.test(cause))
    return failure(cause.replace(/^tls: failed to verify certificate: /, ""), {
      text: "Its certificate and the caBundle of its configuration do not belong together; its own process brings them together when it starts.",
      command: sh`kubectl rollout restart deployment ${name} ${inspect}`,
    });
  return failure(`${cause}; the API server does not reach it`, {
    text: "The usual causes: a firewall between the API server and the pods' port 8443 (private GKE and EKS clusters), a pod network that the API server is not part of, a proxy that catches cluster names.",
    command: sh`kubectl get pods -o wide ${inspect}`,
  });
};

const LEFT_OVER =
  "Nobody answers for that webhook. Where what it belonged to was removed, its configuration was left over and can go; else install that again.";
const ADMISSION = "admissionregistration.k8s.io/v1";
const KINDS = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];

/** Adds the configurations that are left over when the Service of the webhook does not exist; nothing where the account may not read them. */
export const withConfiguration = async (failure: WebhookFailure, reader: Reader): Promise<WebhookFailure> => {
  const { webhook, absent } = failure;
  if (!absent) return failure;
  try {
    const lists = await Promise.all(KINDS.map((kind) => reader.list(ADMISSION, kind)));
    const found = lists.flat().filter((configuration) => calls(configuration, webhook, absent));
    if (found.length === 0) return failure;
    return {
      ...failure,
      reason: `${failure.reason} (${found.map(describe).join(", ")})`,
      remedy: { text: LEFT_OVER, command: joined("; ", found.map(deletion)) },
    };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return failure;
    throw error;
  }
};

const calls = (configuration: KubeObject, webhook: string, absent: Pick<ObjectRef, "namespace" | "name">): boolean =>
  (Array.isArray(configuration.webhooks) ? configuration.webhooks.filter(isRecord) : []).some((one) => {
    const service = at(one, "clientConfig", "service");
    return one.name === webhook && at(service, "name") === absent.name && at(service, "namespace") === absent.namespace;
  });

const deletion = (configuration: KubeObject): ShellCommand => {
  const { kind, name } = refOf(configuration);
  return sh`kubectl delete ${kind.toLowerCase()} ${name}`;
};
