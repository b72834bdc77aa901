import { certManagerChecks } from "./cert-manager/index.ts";
import { gatewayCertificateCurrent, gatewayCertificateUsable } from "./certificate.ts";
import { knativeCrdsEstablished } from "./crds.ts";
import { defaultDomain } from "./domain.ts";
import { gatewayAddress, ingressDeployments } from "./ingress.ts";
import { noOtherIstioFound } from "./istio.ts";
import { capacity, knativeOwnerFound, serverVersionFound } from "./preflight.ts";
import { proofChecks } from "./proof-found.ts";
import { recordsPropagated } from "./records.ts";
import { servicesReady } from "./services.ts";
import { hpaDeployment, knativeInstalled, servingDeployments } from "./serving.ts";
import { webhookAnswers } from "./webhook.ts";

/**
 * Every check of health, what others need before them. Each finds what it is about in the cluster. The verification of a step is the same
 * check, made for what the step has planned.
 */
export const CHECKS = [
  serverVersionFound,
  capacity,
  knativeOwnerFound,
  knativeInstalled,
  knativeCrdsEstablished,
  servingDeployments,
  hpaDeployment,
  webhookAnswers,
  noOtherIstioFound,
  ingressDeployments,
  gatewayAddress,
  defaultDomain,
  gatewayCertificateUsable,
  gatewayCertificateCurrent,
  ...certManagerChecks,
  recordsPropagated,
  servicesReady,
  ...proofChecks,
] as const;

export type CheckId = (typeof CHECKS)[number]["id"];
