import { isTrue, type Stage } from "../objects.ts";
import type { Part, Playing } from "../part.ts";
import { certificates } from "./certificates.ts";
import { closedDoor, type Door } from "./door.ts";
import { issuers } from "./issuers.ts";
import { CAINJECTOR, CONTROLLER, KINDS, manager, NAMESPACE, WEBHOOK, WEBHOOK_CA } from "./names.ts";
import { orders } from "./orders.ts";
import { requests } from "./requests.ts";
import { standIn } from "./stand-in.ts";
import { injector, webhook, webhookReconciler } from "./webhook.ts";

export type { Keys } from "./challenge-records.ts";
export { type Account, type ChallengeNews, closedDoor, type Door, type Order, Refused, type Solver } from "./door.ts";
export { internetDoor } from "./internet-door.ts";

/** cert-manager: its three processes and its controllers. */
export const certManager: Part = {
  name: "cert-manager",
  standIns: { "cert-manager/cert-manager.yaml": standIn },
  play: ({ stage, door = closedDoor }) => play(stage, door),
};

const play = (stage: Stage, door: Door): Playing => {
  const { api } = stage;
  const isServed = ([plural, group]: (typeof KINDS)[number]): boolean =>
    isTrue(
      api.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: `${plural}.${group}` }),
      "Established",
    );
  const start = (): string | undefined => {
    const missing = KINDS.find((kind) => !isServed(kind));
    return (
      missing &&
      `error retrieving cert-manager CRDs: the server could not find the requested resource (${missing.join(".")})`
    );
  };
  const ca = { apiVersion: "v1", kind: "Secret", namespace: NAMESPACE, name: WEBHOOK_CA };
  return {
    programs: [
      { deployment: `${NAMESPACE}/${CONTROLLER}`, start },
      { deployment: `${NAMESPACE}/${CAINJECTOR}` },
      {
        deployment: `${NAMESPACE}/${WEBHOOK}`,
        isReady: () => api.get(ca) !== undefined,
        watches: ({ object }) => object.kind === "Secret" && object.metadata.name === WEBHOOK_CA,
      },
    ],
    // --leader-election-namespace of the manifest, so that nothing takes these away with cert-manager's own namespace.
    elections: [
      {
        deployment: `${NAMESPACE}/${CONTROLLER}`,
        namespace: "kube-system",
        manager: manager("leader-election"),
        leases: () => ["cert-manager-controller"],
        identity: ({ metadata }) => `${metadata.name}-external-cert-manager-controller`,
      },
      {
        deployment: `${NAMESPACE}/${CAINJECTOR}`,
        namespace: "kube-system",
        manager: "cainjector",
        leases: () => ["cert-manager-cainjector-leader-election"],
      },
    ],
    webhooks: [webhook(stage)],
    reconcilers: [
      webhookReconciler(stage),
      injector(stage),
      issuers(stage, door),
      certificates(stage),
      requests(stage),
      orders(stage, door),
    ],
  };
};
