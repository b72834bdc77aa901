import { webcrypto } from "node:crypto";
import { deploymentOf } from "../kubernetes/processes.ts";
import { isPodReady, isUp, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { makeWebhookCertificates } from "../webhook-certificates.ts";
import type { Webhook } from "../webhooks.ts";
import { CAINJECTOR, manager, NAMESPACE, WEBHOOK, WEBHOOK_CA } from "./names.ts";
import { refusal } from "./validation.ts";

/**
 * Three processes make cert-manager's admission work: the webhook makes its CA in a Secret and is Ready then; the cainjector copies the
 * CA into the webhook configurations that ask for it; only then does the API server trust the webhook. So Ready is early.
 */

const ADMISSION = "admissionregistration.k8s.io/v1";
const INJECT = "cert-manager.io/inject-ca-from-secret";
const CONFIGURATIONS = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] as const;
const CA = { apiVersion: "v1", kind: "Secret", namespace: NAMESPACE, name: WEBHOOK_CA };

const isRunning = ({ api }: Stage, name: string): boolean =>
  api
    .list("v1", "Pod", NAMESPACE)
    .some(
      (pod) =>
        deploymentOf(pod) === `${NAMESPACE}/${name}` &&
        pod.metadata.deletionTimestamp === undefined &&
        (isPodReady(pod) || pod.status?.containerStatuses?.some(({ state }: Obj) => state?.running)),
    );

export const webhookReconciler = (stage: Stage): Reconciler => {
  const { api } = stage;
  return {
    name: "cert-manager-webhook",
    keys: ({ object }) => {
      const isPod = object.kind === "Pod" && deploymentOf(object) === `${NAMESPACE}/${WEBHOOK}`;
      const isSecret = object.kind === "Secret" && object.metadata.name === WEBHOOK_CA;
      return isPod || isSecret ? ["ca"] : [];
    },
    reconcile: async () => {
      if (!isRunning(stage, WEBHOOK) || api.get(CA)) return undefined;
      const made = await makeWebhookCertificates(WEBHOOK, NAMESPACE);
      await api.create(manager("webhook"), {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name: WEBHOOK_CA,
          namespace: NAMESPACE,
          annotations: { "cert-manager.io/allow-direct-injection": "true" },
        },
        type: "Opaque",
        data: { "ca.crt": made["ca-cert.pem"], "tls.crt": made["server-cert.pem"], "tls.key": made["server-key.pem"] },
      });
      return undefined;
    },
  };
};

/** Looks at what there is a second after it started, as one that had to win its leader election. */
export const injector = (stage: Stage): Reconciler => {
  const { api } = stage;
  let since: number | undefined;
  return {
    name: "cert-manager-cainjector",
    keys: ({ object }) => {
      const isPod = object.kind === "Pod" && deploymentOf(object) === `${NAMESPACE}/${CAINJECTOR}`;
      const isSource = object.kind === "Secret" && object.metadata.name === WEBHOOK_CA;
      const isTarget = object.apiVersion === ADMISSION && object.metadata.annotations?.[INJECT] !== undefined;
      return isPod || isSource || isTarget ? ["all"] : [];
    },
    reconcile: async () => {
      if (!isUp(api, NAMESPACE, CAINJECTOR)) {
        since = undefined;
        return undefined;
      }
      since ??= performance.now();
      const early = since + stage.second - performance.now();
      if (early > 0) return early;
      for (const kind of CONFIGURATIONS)
        for (const configuration of api.list(ADMISSION, kind)) {
          const [namespace = "", name = ""] = (configuration.metadata.annotations?.[INJECT] ?? "").split("/");
          const bundle = name && api.get({ apiVersion: "v1", kind: "Secret", namespace, name })?.data?.["ca.crt"];
          if (!bundle) continue;
          await api.update(
            "cainjector",
            { apiVersion: ADMISSION, kind, name: configuration.metadata.name },
            (draft) => {
              for (const webhook of draft.webhooks ?? []) webhook.clientConfig.caBundle = bundle;
            },
          );
        }
      return undefined;
    },
  };
};

export const webhook = ({ api }: Stage): Webhook => ({
  service: `${NAMESPACE}/${WEBHOOK}`,
  isTrusted: (caBundle) => {
    const ca = api.get(CA)?.data?.["ca.crt"];
    return ca !== undefined && ca !== "" && ca === caBundle;
  },
  answer: (path, review) => {
    if (path === "/mutate")
      return { allowed: true, ...(review.object ? { object: asked(review.object, review.userInfo) } : {}) };
    const why = review.operation === "DELETE" || !review.object ? undefined : refusal(review.object, review.oldObject);
    return why ? { allowed: false, message: why, code: 400 } : { allowed: true };
  },
});

/** A CertificateRequest bears who asked. */
const asked = (request: Obj, { username, groups }: { username: string; groups: readonly string[] }): Obj => ({
  ...request,
  spec: { ...request.spec, username, groups: [...groups], uid: request.spec?.uid ?? webcrypto.randomUUID() },
});
