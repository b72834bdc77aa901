import type { Election } from "../kubernetes/leader-election.ts";
import type { Program } from "../kubernetes/processes.ts";
import { isTrue, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { certificates } from "./certificates.ts";
import { closedDoor, type Door } from "./door.ts";
import { issuers } from "./issuers.ts";
import { CAINJECTOR, CONTROLLER, KINDS, manager, NAMESPACE, WEBHOOK, WEBHOOK_CA } from "./names.ts";
import { orders } from "./orders.ts";
import { requests } from "./requests.ts";
import { injector, webhookReconciler } from "./webhook.ts";

export type { Keys } from "./challenge-records.ts";
export { type Account, type ChallengeNews, closedDoor, type Door, type Order, Refused, type Solver } from "./door.ts";
export { internetDoor } from "./internet-door.ts";
export { certManagerCaller } from "./webhook.ts";

export interface CertManager {
  readonly programs: readonly Program[];
  readonly reconcilers: readonly Reconciler[];
  readonly elections: readonly Election[];
}

/** cert-manager: its three processes and its controllers. They do nothing in a world where nobody installs it. */
export const createCertManager = (stage: Stage, door: Door = closedDoor): CertManager => {
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
