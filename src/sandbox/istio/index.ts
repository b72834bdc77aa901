import { bucketsOf } from "../knative/elections.ts";
import { NAMESPACE } from "../knative/names.ts";
import { webhookProgram, webhookReconciler } from "../knative/webhook.ts";
import type { Part } from "../part.ts";
import { callerWork } from "./caller.ts";
import { netIstioController } from "./controller.ts";
import { createIngressGateways } from "./gateway.ts";
import { PROXY } from "./injection.ts";
import { createIstiod } from "./istiod.ts";
import { WEBHOOK } from "./names.ts";
import { admits } from "./peers.ts";
import type { Dial } from "./prober.ts";
import { istioStandIn } from "./stand-in.ts";
import { netIstio } from "./stand-in-net-istio.ts";
import { NET_ISTIO_WEBHOOK, netIstioWebhook, WEBHOOK_LEASES } from "./webhook.ts";

/** `through`: sees what the prober asks before the gateways do, and may answer in their place. */
export const istioWith = (through: (next: Dial) => Dial): Part => ({
  name: "istio",
  standIns: { "istio/istio.yaml": istioStandIn, "net-istio/net-istio.yaml": netIstio },
  play: ({ stage, logs, dataPlane }) => {
    const gateways = createIngressGateways(stage, dataPlane);
    const istiod = createIstiod(stage, gateways.push);
    const { program, reconciler, election } = netIstioController(stage, logs, through(gateways.dial));
    return {
      programs: [program, webhookProgram(stage, NET_ISTIO_WEBHOOK), gateways.process],
      reconcilers: [reconciler, webhookReconciler(stage, NET_ISTIO_WEBHOOK), ...istiod.reconcilers],
      elections: [
        election,
        {
          deployment: `${NAMESPACE}/${WEBHOOK}`,
          manager: "webhook",
          leases: () => WEBHOOK_LEASES.flatMap((name) => bucketsOf(stage, `${WEBHOOK}.${name}.`)),
        },
      ],
      webhooks: [netIstioWebhook(stage), istiod.webhook],
      gateway: gateways.gateway,
      exports: gateways.exports,
      admits: (from, to, port) => admits(stage, from, to, port),
      workOf: callerWork({ stage, dataPlane }, gateways.plain),
      outlives: ({ name }) => name === PROXY,
    };
  },
});

/** Istio, and net-istio between it and Knative. */
export const istio: Part = istioWith((next) => next);
