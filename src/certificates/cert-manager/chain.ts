import { type Check, fail, ok, type ReadContext } from "../../core/check.ts";
import { dig } from "../../ports/dig.ts";
import { challengeName } from "../../ports/dns-name.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, conditionOf, type KubeObject, numberAt, type ObjectRef } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { API, READY } from "./names.ts";

/**
 * Finds why a Route has no certificate. Knative passes on only the last message, so this walks the whole chain: Knative's Certificate →
 * cert-manager's Certificate → CertificateRequest → Order → Challenge; the deepest one that is not ready has the cause.
 */

const NETWORKING = "networking.internal.knative.dev/v1alpha1";
const ACME = "acme.cert-manager.io/v1";
const ROUTE = "serving.knative.dev/route";
const TYPE = "networking.knative.dev/certificate-type";
const HOUR = 3_600_000;

interface Cause {
  readonly summary: string;
  readonly remedy: Remedy;
}

const text = (value: unknown): string => (typeof value === "string" ? value.trim() : "");

const describe = (kind: string, { metadata }: KubeObject): Remedy => ({
  text: "Look at its events.",
  command: sh`kubectl describe ${kind} ${metadata.name} ${inNamespace(metadata.namespace)}`,
});

const ownedBy = (objects: readonly KubeObject[], owner: KubeObject): readonly KubeObject[] =>
  objects.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid));

const newest = (objects: readonly KubeObject[]): KubeObject | undefined => {
  const revision = ({ metadata }: KubeObject): number =>
    Number(metadata.annotations?.["cert-manager.io/certificate-revision"] ?? 0);
  return [...objects].sort((a, b) => revision(b) - revision(a))[0];
};

/** What helps against the usual reasons of a challenge; they come from DNS providers, from name servers and from the CA. */
const challengeRemedy = (challenge: KubeObject, reason: string): Remedy => {
  const look = describe("challenge.acme.cert-manager.io", challenge);
  if (/AccessDenied|not authorized to perform|NoCredentialProviders|get credentials/i.test(reason))
    return {
      text: "cert-manager may not write to the zone: give its pod's role, or the key in its Secret, these rights:",
      command: sh`kn-bootstrap iam-policy`,
    };
  if (/BADKEY|BADSIG|NOTAUTH|REFUSED/.test(reason))
    return {
      text: "The name server does not take cert-manager's updates: compare the TSIG key's name, algorithm and secret, and its update policy.",
      ...(look.command ? { command: look.command } : {}),
    };
  if (/multivalue answer/i.test(reason))
    return {
      text: "Another tool left a TXT record set at the challenge's name: remove it.",
      command: dig(["+noall", "+answer", "TXT"], challengeName(text(at(challenge, "spec", "dnsName")))),
    };
  if (/propagat|self check|authoritative nameservers/i.test(reason))
    return {
      text: "cert-manager asks the zone's servers until all of them have the record. If this lasts, they cannot be reached from its pod, or the zone is not delegated.",
      ...(look.command ? { command: look.command } : {}),
    };
  return look;
};

const inChallenges = (challenges: readonly KubeObject[]): Cause | undefined => {
  const open = challenges.filter((one) => at(one, "status", "state") !== "valid");
  const [challenge] = [...open].sort(
    (a, b) => text(at(b, "status", "reason")).length - text(at(a, "status", "reason")).length,
  );
  if (!challenge) return undefined;
  const reason = text(at(challenge, "status", "reason"));
  const state = text(at(challenge, "status", "state")) || "not looked at yet";
  return {
    summary: `the challenge for ${text(at(challenge, "spec", "dnsName"))} is ${state}${reason ? `: ${reason}` : ""}`,
    remedy: challengeRemedy(challenge, reason),
  };
};

const inOrder = (order: KubeObject): Cause | undefined => {
  const state = text(at(order, "status", "state")) || "not looked at yet";
  if (state === "valid") return undefined;
  const reason = text(at(order, "status", "reason"));
  return {
    summary: `the CA's order is ${state}${reason ? `: ${reason}` : ""}`,
    remedy: describe("order.acme.cert-manager.io", order),
  };
};

const inRequest = (request: KubeObject): Cause | undefined => {
  const ready = conditionOf(request, "Ready");
  if (ready?.status === "True") return undefined;
  const remedy = describe("certificaterequest.cert-manager.io", request);
  const denied = conditionOf(request, "Denied");
  if (denied?.status === "True") return { summary: `the request was denied: ${text(denied.message)}`, remedy };
  if (conditionOf(request, "Approved")?.status !== "True")
    return {
      summary: "nobody has approved the request: cert-manager's own approver is off, and no policy covers it",
      remedy,
    };
  return { summary: text(ready?.message) || "cert-manager has not looked at the request yet", remedy };
};

/** After a failure cert-manager waits an hour, then two, up to 32; a new Certificate starts at once. */
const waiting = (certificate: KubeObject, now: Date): string => {
  const failures = numberAt(certificate, "status", "failedIssuanceAttempts") ?? 0;
  const last = Date.parse(text(at(certificate, "status", "lastFailureTime")));
  const again = last + Math.min(2 ** (failures - 1), 32) * HOUR;
  if (failures === 0 || Number.isNaN(last) || again <= now.getTime()) return "";
  return `; cert-manager tries again at ${new Date(again).toISOString().slice(0, 16)}Z`;
};

const startAnew = ({ metadata }: KubeObject): Remedy => ({
  text: "Mend the cause; then delete the Certificate, which Knative makes again, so that it is tried at once.",
  command: sh`kubectl delete certificate.cert-manager.io ${metadata.name} ${inNamespace(metadata.namespace)}`,
});

/** A CA says until when, as Let's Encrypt does: `retry after 2026-12-01 10:00:00 UTC`. */
const LIMITED =
  /rateLimited|too many (?:certificates|new orders|failed authorizations|registrations|currently pending)/i;
const UNTIL = /retry after (\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?)/i;

/** Whoever starts a Certificate anew before that is refused again, and each refusal may count. */
const whileLimited = (found: Cause): Cause => {
  if (!LIMITED.test(found.summary)) return found;
  const [, until] = UNTIL.exec(found.summary) ?? [];
  return {
    summary: found.summary,
    remedy: {
      text: `The CA's limit is reached: leave the Certificate ${until ? `until ${until} UTC` : "until the CA takes orders again"}, when cert-manager tries by itself. With one certificate for each namespace fewer are ordered: namespace-wildcard-cert-selector in config-network, with a DNS-01 solver.`,
      command: sh`kubectl get certificates.cert-manager.io --all-namespaces --sort-by=.metadata.creationTimestamp`,
    },
  };
};

/** Why cert-manager's Certificate is not ready; undefined: it is. */
export const certificateCause = async (ctx: ReadContext, certificate: KubeObject): Promise<Cause | undefined> => {
  const ready = conditionOf(certificate, "Ready");
  if (ready?.status === "True") return undefined;
  const { namespace = "" } = certificate.metadata;
  const list = (apiVersion: string, kind: string) => ctx.cluster.list({ apiVersion, kind, namespace });
  const request = newest(ownedBy(await list(API, "CertificateRequest"), certificate));
  const pause = waiting(certificate, ctx.now());
  const issuing = conditionOf(certificate, "Issuing");
  const own: Cause = {
    summary: `${text(issuing?.status === "False" ? issuing.message : ready?.message) || "cert-manager has not looked at it yet"}${pause}`,
    remedy: pause ? startAnew(certificate) : describe("certificate.cert-manager.io", certificate),
  };
  if (!request) return whileLimited(own);
  const order = ownedBy(await list(ACME, "Order"), request)[0];
  const deeper = order
    ? (inChallenges(ownedBy(await list(ACME, "Challenge"), order)) ?? inOrder(order) ?? inRequest(request))
    : inRequest(request);
  if (!deeper) return whileLimited(own);
  if (LIMITED.test(deeper.summary)) return whileLimited(deeper);
  return pause ? { summary: `${deeper.summary}${pause}`, remedy: startAnew(certificate) } : deeper;
};

const isExternal = ({ metadata }: KubeObject): boolean =>
  (metadata.labels?.[TYPE] ?? "external-domain") === "external-domain";

const names = (certificate: KubeObject): string => {
  const all = at(certificate, "spec", "dnsNames");
  return Array.isArray(all) ? all.map((name) => text(name)).join(", ") : certificate.metadata.name;
};

const knativeCause = async (ctx: ReadContext, wanted: KubeObject): Promise<Cause | undefined> => {
  const { name, namespace = "" } = wanted.metadata;
  const ready = conditionOf(wanted, "Ready");
  if (ready?.status === "True") return undefined;
  const certificate = await ctx.cluster.get({ apiVersion: API, kind: "Certificate", namespace, name });
  if (certificate) {
    const cause = await certificateCause(ctx, certificate);
    if (cause) return cause;
  }
  if (ready?.status === "False" || (ready?.message && !certificate))
    return { summary: `${text(ready.message)}`, remedy: describe("kcert", wanted) };
  if (certificate) return { summary: "Knative has not noticed its certificate yet", remedy: describe("kcert", wanted) };
  return {
    summary:
      "Knative's controller does not ask cert-manager: it decides so when it starts, and started before it was told to",
    remedy: {
      text: "Restart it.",
      command: sh`kubectl rollout restart deployment controller -n knative-serving`,
    },
  };
};

/** The certificates that Knative wants for Routes. */
export const wantedCertificates = async (
  { cluster }: Pick<ReadContext, "cluster">,
  namespace?: string,
  route?: string,
): Promise<readonly KubeObject[]> => {
  const all = await cluster.list({
    apiVersion: NETWORKING,
    kind: "Certificate",
    ...(namespace ? { namespace } : {}),
    ...(route ? { labelSelector: `${ROUTE}=${route}` } : {}),
  });
  return all.filter(isExternal);
};

/**
 * Every certificate that Knative wants for Routes is there.
 * @param namespace only those in it
 * @param route only those of this Route
 */
export const certificatesReady = (namespace?: string, route?: string): Check => ({
  ...READY,
  run: async (ctx) => {
    const wanted = await wantedCertificates(ctx, namespace, route);
    if (wanted.length === 0)
      return fail("Knative has not asked for a certificate yet", {
        text: "Look at the Route, and whether external-domain-tls is enabled.",
        command: sh`kubectl describe route ${route ? [route] : []} ${inNamespace(namespace)}`,
      });
    for (const one of wanted) {
      const cause = await knativeCause(ctx, one);
      if (cause) return fail(`no certificate for ${names(one)} yet: ${cause.summary}`, cause.remedy);
    }
    return ok(wanted.map(names).join(", "));
  },
});

/** The Secret with the certificate of a Route, once Knative has asked for one. */
export const secretOfRoute = async (
  cluster: Pick<ReadContext["cluster"], "list">,
  { namespace = "", name }: Pick<ObjectRef, "namespace" | "name">,
): Promise<ObjectRef | undefined> => {
  const [certificate] = (
    await cluster.list({ apiVersion: NETWORKING, kind: "Certificate", namespace, labelSelector: `${ROUTE}=${name}` })
  ).filter(isExternal);
  const secret = text(at(certificate, "spec", "secretName"));
  return secret ? { apiVersion: "v1", kind: "Secret", namespace, name: secret } : undefined;
};
