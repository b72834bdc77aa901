import { skipped } from "../core/check.ts";
import { noOtherIstio } from "../ingress/istio/preflight.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";

export const noOtherIstioFound = healthCheck({
  id: "istio.owner",
  title: "No other Istio is in this cluster",
  needs: ["knative.installed"],
  reads: [
    ...FOUND_BY,
    "Deployment.apps",
    "DaemonSet.apps",
    "Service",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning: "Two Istios write into each other's webhooks and gateways.",
  todo: "Leave the gateway to one of them: install with `--ingress kourier`, which touches no Istio, or uninstall the other one.",
  run: async (ctx, memory) =>
    (await findInstallation(ctx.cluster)).choices.ingress === "istio"
      ? noOtherIstio.run(ctx, memory)
      : skipped("kn-bootstrap has installed no Istio here"),
});
