import type { Remedy } from "../ports/error.ts";

/** A call of an admission webhook that the API server could not make. */
export interface WebhookFailure {
  readonly reason: string;
  readonly remedy: Remedy;
}

const CALL = /failed calling webhook "([^"]+)": (?:failed to call webhook: )?(?:Post "([^"]+)": )?(.*)/s;

/** Reads the API server's message; undefined when it is about something else. */
export const webhookFailure = (message: string): WebhookFailure | undefined => {
  const [, webhook, url, cause = ""] = CALL.exec(message) ?? [];
  if (webhook === undefined) return undefined;
  const [name = "", namespace] = URL.parse(url ?? "")?.hostname.split(".") ?? [];
  const isService = namespace !== undefined && url?.includes(".svc") === true;
  const place = isService ? ` (Service ${namespace}/${name})` : "";
  const reason = (what: string): string => `the webhook ${webhook}${place} cannot be called: ${what}`;
  const inspect = isService ? ` -n ${namespace}` : "";
  if (/no endpoints available|service "[^"]*" not found/.test(cause)) {
    return {
      reason: reason("no pod behind it is ready"),
      remedy: {
        text: "Look at its pods and what selects them.",
        command: `kubectl get pods,services,endpointslices${inspect}`,
      },
    };
  }
  if (/x509|certificate/.test(cause)) {
    return {
      reason: reason(cause.replace(/^tls: failed to verify certificate: /, "")),
      remedy: {
        text: "Its certificate and the caBundle of its configuration do not belong together; its own process brings them together when it starts.",
        command: `kubectl rollout restart deployment ${name}${inspect}`,
      },
    };
  }
  return {
    reason: reason(`${cause}; the API server does not reach it`),
    remedy: {
      text: "The usual causes: a firewall between the API server and the pods' port 8443 (private GKE and EKS clusters), a pod network that the API server is not part of, a proxy that catches cluster names.",
      command: `kubectl get pods -o wide${inspect}`,
    },
  };
};
