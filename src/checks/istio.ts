import { type Check, skipped } from "../core/check.ts";
import { oneCertificateForm } from "../ingress/istio/preflight/certificate-forms.ts";
import { oneServiceProbed } from "../ingress/istio/preflight/probed-service.ts";
import { servicesNamed, settingsReadable } from "../ingress/istio/preflight/settings.ts";
import { ownerKnown } from "../ingress/istio/preflight.ts";
import { noLeftWebhookFound } from "../ingress/left-webhook.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck, type Reading } from "./health-check.ts";

/** What looking for any Istio reads. */
export const ISTIO_FOUND_BY = [
  "Deployment.apps",
  "DaemonSet.apps",
  "Service",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
] as const satisfies readonly Reading[];

const noOtherIstioFound = healthCheck({
  id: "istio.owner",
  title: "The Istio in this cluster is the one that was chosen",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, ...ISTIO_FOUND_BY],
  meaning: "Two Istios write into each other's webhooks and gateways.",
  todo: "Leave the gateway to one of them: install with `--ingress kourier`, which touches no Istio, or uninstall the other one.",
  run: async (ctx, memory) => {
    const { choices, ingress } = await findInstallation(ctx.cluster);
    return choices.ingress === "istio"
      ? ownerKnown(ingress?.gateway).run(ctx, memory)
      : skipped("kn-bootstrap has installed no Istio here");
  },
});

/** Whoever installed it. */
export const whereIstioServes =
  (check: Check): Check["run"] =>
  async (ctx, memory) => {
    const { ingress, className } = await findInstallation(ctx.cluster);
    return ingress?.id === "istio" ? check.run(ctx, memory) : skipped(`the ingress class is ${className}`);
  };

const netIstioSettings = healthCheck({
  id: "istio.settings",
  title: "net-istio goes by what config-istio says",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Deployment.apps"],
  meaning:
    "Keys of the old form and of the new one are there together, a list is not one, or this net-istio does not know the form. The controller that runs keeps what it had read before, and ends when it is started again.",
  todo: "Keep one form: lists from net-istio 1.14 on, a key for each gateway before. The finding has the command.",
  run: whereIstioServes(settingsReadable()),
});

const netIstioServiceNames = healthCheck({
  id: "istio.service-names",
  title: "The gateways' Services are named in full",
  needs: ["istio.settings"],
  reads: [...FOUND_BY, "Deployment.apps"],
  meaning:
    "Of a Service in config-istio the first two parts are taken as name and namespace, and there must be a third. Admission lets a short one pass; Routes then do not become ready.",
  todo: "Write `NAME.NAMESPACE.svc.cluster.local`.",
  run: whereIstioServes(servicesNamed()),
});

const netIstioProbedService = healthCheck({
  id: "istio.probed-service",
  title: "No other Service has the labels of the gateway's",
  needs: ["istio.settings"],
  reads: [...FOUND_BY, "Deployment.apps", "Gateway.networking.istio.io", "Service"],
  meaning:
    "net-istio finds the pods of a Gateway through a Service that carries the labels of its selector, in any namespace, and of several it takes any. Where it takes the wrong one, new Routes wait without end.",
  todo: "Take a label from the other Service, then restart Deployment net-istio-controller: Routes that wait keep the one that was taken.",
  run: whereIstioServes(oneServiceProbed()),
});

const netIstioCertificateForms = healthCheck({
  id: "istio.certificate-forms",
  title: "net-istio writes Gateways that this Istio takes",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, ...ISTIO_FOUND_BY],
  meaning:
    "Istio 1.27 and newer refuse a server whose certificate is named in two forms, and net-istio before 1.18.1, 1.19.5 and 1.20.0 writes both for each Route that has a certificate of its own.",
  todo: "Take a newer net-istio, with the Knative that it belongs to.",
  run: whereIstioServes(oneCertificateForm()),
});

const netIstioWebhookLeft = healthCheck({
  id: "kourier.net-istio-webhook",
  title: "No webhook is left of net-istio",
  needs: ["knative.installed"],
  symptomOf: ["cluster.admission"],
  reads: [...FOUND_BY, "MutatingWebhookConfiguration.admissionregistration.k8s.io", "Deployment.apps"],
  meaning:
    "A webhook of net-istio whose process is gone refuses the Deployment of every new Revision. No condition says so: the Service waits for its Revision.",
  todo: "Delete the MutatingWebhookConfiguration `webhook.istio.networking.internal.knative.dev`. What waits goes on by itself within seconds.",
  run: async (ctx, memory) => {
    const { ingress } = await findInstallation(ctx.cluster);
    return ingress?.id === "istio" ? skipped("the ingress is Istio") : noLeftWebhookFound.run(ctx, memory);
  },
});

export const istioChecks = [
  noOtherIstioFound,
  netIstioSettings,
  netIstioServiceNames,
  netIstioProbedService,
  netIstioCertificateForms,
  netIstioWebhookLeft,
] as const;
