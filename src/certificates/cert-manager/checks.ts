import { type Check, fail, ok } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, conditionOf, isRecord, type KubeObject, numberAt, type ObjectRef, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { ISSUER } from "./names.ts";

const ADMISSION = "admissionregistration.k8s.io/v1";
/** Name of the webhook inside both webhook configurations. The configurations themselves are named after the Helm release. */
const WEBHOOK = "webhook.cert-manager.io";

const webhooksOf = (configuration: KubeObject | undefined): readonly Record<string, unknown>[] =>
  (Array.isArray(configuration?.webhooks) ? configuration.webhooks.filter(isRecord) : []).filter(
    (webhook) => webhook.name === WEBHOOK,
  );

/** Available Deployments are not enough: a third process, the cainjector, has to hand the API server the webhook's CA. */
export const certManagerAnswers: Check = {
  id: "cert-manager.webhook",
  title: "cert-manager's webhook answers",
  run: async (ctx) => {
    const lists = await Promise.all(
      ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"].map((kind) =>
        ctx.cluster.list({ apiVersion: ADMISSION, kind }),
      ),
    );
    const found = lists.flat().filter((configuration) => webhooksOf(configuration).length > 0);
    const service = at(webhooksOf(found[0])[0], "clientConfig", "service");
    const [namespace, name] = [textAt(service, "namespace"), textAt(service, "name")];
    if (found.length === 0 || !name)
      return fail("cert-manager has no webhook configuration", { text: "Run install again." });
    const look = {
      text: "Look at cert-manager's pods.",
      command: sh`kubectl get pods,endpointslices -n ${namespace}`,
    };
    const slices = await ctx.cluster.list({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      namespace,
      labelSelector: `kubernetes.io/service-name=${name}`,
    });
    const endpoints = slices.flatMap((slice) => (Array.isArray(slice.endpoints) ? slice.endpoints : []));
    if (!endpoints.some((endpoint) => at(endpoint, "conditions", "ready") === true))
      return fail(`no ready endpoint of Service ${namespace}/${name}`, look);
    for (const configuration of found) {
      if (webhooksOf(configuration).every((webhook) => at(webhook, "clientConfig", "caBundle"))) continue;
      const { kind, metadata } = configuration;
      return fail(`${kind} ${metadata.name} has no caBundle yet: the cainjector writes it`, {
        text: "Look at the cainjector's log.",
        command: sh`kubectl logs -n ${namespace} -l app.kubernetes.io/component=cainjector --tail=20`,
      });
    }
    return ok("answers");
  },
};

/** What to do about a refusal of the CA, by its own words. */
const accountRemedy = (message: string, name: string): Remedy => {
  const command = sh`kubectl describe clusterissuer ${name}`;
  if (/x509|certificate/.test(message))
    return { text: "Give the root that the CA's own https is verified with: --acme-ca-file.", command };
  if (/externalAccount/i.test(message))
    return { text: "The CA wants an external account: set ACME_EAB_KID and ACME_EAB_HMAC_KEY.", command };
  if (/no such host|connection refused|timeout|deadline/i.test(message))
    return { text: "The cluster must reach the CA: look at its egress rules, its DNS and --acme-directory.", command };
  return { text: "Look at the issuer.", command };
};

/** The CA knows cert-manager's account. Whether cert-manager may write records is known only when it gets the first certificate. */
export const issuerReadyAt = (issuer: ObjectRef, whenAbsent: Remedy): Check => ({
  id: "cert-manager.issuer",
  title: `ClusterIssuer ${issuer.name} is ready`,
  run: async (ctx) => {
    const live = await ctx.cluster.get(issuer);
    const { name } = issuer;
    const seen = (observed?: unknown) => ({
      evidence: [{ object: issuer, field: "condition Ready", ...(observed ? { observed } : {}), expected: "True" }],
    });
    if (!live) return fail(`ClusterIssuer ${name} does not exist`, whenAbsent, seen());
    const ready = conditionOf(live, "Ready");
    const observed = numberAt(ready, "observedGeneration") ?? live.metadata.generation ?? 0;
    if (!ready || observed < (live.metadata.generation ?? 0))
      return fail(
        `cert-manager has not looked at ClusterIssuer ${name} yet`,
        {
          text: "Look at cert-manager's log.",
          command: sh`kubectl logs -A -l app.kubernetes.io/name=cert-manager,app.kubernetes.io/component=controller --tail=20`,
        },
        seen(),
      );
    const message = textAt(ready, "message") || textAt(ready, "reason");
    return ready.status === "True" ? ok(message) : fail(message, accountRemedy(message, name), seen(ready.status));
  },
});

/** Ours. */
export const issuerReady: Check = issuerReadyAt(ISSUER, { text: "Run install again." });
