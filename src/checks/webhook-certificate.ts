import { X509Certificate } from "node:crypto";
import { fail, ok, skipped, timeOfReading } from "../core/check.ts";
import { dnsNamesOf } from "../ports/certificate-names.ts";
import type { Remedy } from "../ports/error.ts";
import { mend } from "../ports/mend.ts";
import { at, dataOf, isRecord, type KubeObject, numberAt, type ObjectRef, textAt } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { KNATIVE } from "./found.ts";
import { healthCheck } from "./health-check.ts";

const SECRET: ObjectRef = { apiVersion: "v1", kind: "Secret", namespace: KNATIVE, name: "webhook-certs" };
const WEBHOOK: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: KNATIVE, name: "webhook" };
const SERVER = "server-cert.pem";
const ROOT = "ca-cert.pem";
const HOST = `webhook.${KNATIVE}.svc`;
const CONFIGURATIONS = [
  ["MutatingWebhookConfiguration", "webhook.serving.knative.dev"],
  ["ValidatingWebhookConfiguration", "validation.webhook.serving.knative.dev"],
  ["ValidatingWebhookConfiguration", "config.webhook.serving.knative.dev"],
] as const;

/** Each webhook makes a certificate for its own Service: one of another's name says whose image runs here. */
const foreignImage = (names: readonly string[], webhook: KubeObject | undefined): Remedy | undefined => {
  const other = names.map((name) => /^([\w-]+)\.[\w-]+\.svc$/.exec(name)?.[1]).find((name) => name !== undefined);
  const images = at(webhook, "spec", "template", "spec", "containers");
  const [image] = (Array.isArray(images) ? images : []).map((container) => textAt(container, "image"));
  if (other === undefined || image === undefined) return undefined;
  return {
    text: `It is one that ${other} makes: see whether Deployment webhook, which runs ${image}, has ${other}'s image, and give it its own again; with the operator in spec.registry.override, under webhook/webhook. Then empty Secret webhook-certs.`,
    command: sh`kubectl get deployment webhook -n ${KNATIVE} -o jsonpath={.spec.template.spec.containers[*].image}`,
  };
};

const parsed = (base64: string | undefined): X509Certificate | undefined => {
  try {
    return base64 ? new X509Certificate(Buffer.from(base64, "base64")) : undefined;
  } catch {
    return undefined;
  }
};

/** It fills an empty Secret, and never makes one that is gone (knative.dev/pkg webhook/certificates). */
const anew: Remedy = mend(
  "Empty the Secret: the webhook makes its certificate anew, and writes its root into the configurations.",
  {
    action: "patch",
    object: SECRET,
    patch: { data: null },
    safe: "Knative's webhook alone uses it, and it is of no use as it is.",
    rest: "Knative's webhook makes its certificate anew.",
  },
);

const restart: Remedy = {
  text: "The webhook fills it when it starts: start it anew.",
  command: sh`kubectl rollout restart deployment webhook -n ${KNATIVE}`,
};

/** knative.dev/pkg webhook/certificates keeps the pair in this Secret, and writes its root into the configurations. */
export const webhookCertificateTrusted = healthCheck({
  id: "serving.webhook-certificate",
  title: "The API server trusts the Knative webhook's certificate",
  needs: ["knative.installed"],
  reads: [
    "Secret",
    "clock",
    "Deployment.apps",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning:
    'Every write of Knative\'s kinds fails with an x509 error: "signed by unknown authority", "has expired", or "valid for" another name.',
  todo: "Empty Secret `webhook-certs`: the webhook makes its certificate anew. Do not delete it: an empty one comes with the release alone.",
  threads: ["knative/serving#12980", "knative/serving#14786"],
  run: async (ctx) => {
    const { cluster } = ctx;
    const [secret, webhook, skew] = await Promise.all([cluster.get(SECRET), cluster.get(WEBHOOK), ctx.skewMs?.()]);
    if (!secret)
      return fail(
        "Secret knative-serving/webhook-certs does not exist, and the webhook makes none",
        { text: "Install again: the release brings it empty.", command: sh`kn-bootstrap install` },
        { evidence: [{ object: SECRET, field: "" }] },
      );
    const data = dataOf(secret);
    const [certificate, root] = [parsed(data[SERVER]), parsed(data[ROOT])];
    const isEmpty = Object.keys(data).length === 0;
    const hasRun = (numberAt(webhook, "status", "availableReplicas") ?? 0) > 0;
    if (isEmpty && webhook && !hasRun) return skipped("the webhook fills it when it runs");
    const remedy = isEmpty ? restart : anew;
    const bad = (summary: string, field: string, observed?: unknown, expected?: unknown) =>
      fail(summary, remedy, { evidence: [{ object: SECRET, field, observed, expected }] });
    if (!certificate || !root)
      return bad("Secret knative-serving/webhook-certs holds no certificate", `.data["${SERVER}"]`);
    // It is the API server that looks at it.
    if (certificate.validToDate.getTime() < timeOfReading(ctx) + (skew ?? 0))
      return bad(
        `the webhook's certificate expired on ${certificate.validToDate.toISOString().slice(0, 10)}`,
        `.data["${SERVER}"]`,
        certificate.validTo,
      );
    const names = dnsNamesOf(certificate);
    if (!names.includes(HOST))
      return fail(`the webhook's certificate is not for ${HOST}`, foreignImage(names, webhook) ?? remedy, {
        evidence: [{ object: SECRET, field: `.data["${SERVER}"]`, observed: names, expected: HOST }],
      });
    for (const [kind, name] of CONFIGURATIONS) {
      const object = { apiVersion: "admissionregistration.k8s.io/v1", kind, name };
      const live = await cluster.get(object);
      const webhooks = Array.isArray(live?.webhooks) ? live.webhooks.filter(isRecord) : [];
      const isOther = webhooks.some((webhook) => {
        const bundle = at(webhook, "clientConfig", "caBundle");
        return typeof bundle === "string" && bundle !== "" && parsed(bundle)?.fingerprint256 !== root.fingerprint256;
      });
      if (isOther)
        return fail(`${kind} ${name} trusts another root than the webhook's certificate has`, anew, {
          evidence: [
            {
              object,
              field: ".webhooks[*].clientConfig.caBundle",
              expected: `${ROOT} of Secret knative-serving/webhook-certs`,
            },
          ],
        });
    }
    return ok(`until ${certificate.validToDate.toISOString().slice(0, 10)}`);
  },
});
