import { setTimeout as sleep } from "node:timers/promises";
import { recordEvent } from "../kubernetes/events.ts";
import { dropFinalizer } from "../objects.ts";
import type { Api, Obj, Ref } from "../types.ts";
import { attempt, type Fault, SECONDS } from "./fault.ts";

const ROOM = "50m";
const CONFIG: Ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-network" };
const SCHEME = "default-external-scheme";
const HELD = "example.com/held";

/** Who balances the gateway of an ingress, whichever is installed. */
const isGatewaysBalancer = (controller: string, key: string): boolean =>
  controller === "load-balancer" && /^(kourier-system\/kourier|istio-system\/istio-ingressgateway)$/.test(key);

const setRoom = async (api: Api, cpuOf: (node: Obj) => string): Promise<void> => {
  for (const node of api.list("v1", "Node"))
    await api.update(
      "kubelet",
      { apiVersion: "v1", kind: "Node", name: node.metadata.name },
      (draft) => {
        draft.status.allocatable.cpu = cpuOf(node);
      },
      { subresource: "status" },
    );
};

/** A pod that is on its way out and that nobody lets go of. */
const leaveBehind = async (api: Api, namespace: string): Promise<void> => {
  const account = { apiVersion: "v1", kind: "ServiceAccount", namespace, name: "default" };
  while (!api.get(account)) await sleep(1);
  await api.create("example", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "left-behind", namespace, finalizers: [HELD] },
    spec: { containers: [{ name: "main", image: "example.com/left-behind" }] },
  });
  await api.remove({ apiVersion: "v1", kind: "Pod", namespace, name: "left-behind" });
};

export const cluster: readonly Fault[] = [
  {
    name: "unschedulable",
    summary: `The nodes have ${ROOM} CPU and no more, for SECONDS`,
    parameter: SECONDS,
    make: ({ spell }) => ({
      begin: async (api) => {
        await setRoom(api, () => ROOM);
        const off = api.onChange(({ object }) => void (object.kind === "Pod" && spell.strikes()));
        spell.whenOver(async () => {
          off();
          await setRoom(api, (node) => node.status.capacity.cpu);
        });
      },
    }),
  },
  {
    name: "crash-loop",
    summary: "The controller of Knative Serving ends right after its start, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      start: (deployment) =>
        deployment === "knative-serving/controller" && spell.strikes()
          ? '{"severity":"EMERGENCY","message":"Failed to start the ConfigMap watcher","error":"configmaps is forbidden"}'
          : undefined,
    }),
  },
  {
    name: "load-balancer-pending",
    summary: "No controller claims LoadBalancer Services, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      stops: (controller, key) => isGatewaysBalancer(controller, key) && spell.strikes(),
    }),
  },
  {
    name: "load-balancer-refused",
    summary: "The cloud gives no address to LoadBalancer Services, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      stops: (controller, key) => isGatewaysBalancer(controller, key) && spell.strikes(),
      begin: async (api) => {
        const why = "Error syncing load balancer: failed to ensure load balancer: TooManyLoadBalancers: quota exceeded";
        const off = api.onChange(({ type, object }) => {
          const isAsked = object.kind === "Service" && object.spec?.type === "LoadBalancer";
          if (type === "ADDED" && isAsked)
            attempt(recordEvent(api, "service-controller", object, "Warning", "SyncLoadBalancerFailed", why));
        });
        spell.whenOver(async () => off());
      },
    }),
  },
  {
    name: "field-fight",
    summary: `Another manager, gitops, takes ${SCHEME} in ConfigMap ${CONFIG.name} back, for SECONDS`,
    parameter: SECONDS,
    make: ({ spell }) => ({
      begin: async (api) => {
        const off = api.onChange(({ object }) => {
          if (object.kind !== "ConfigMap" || object.metadata.name !== CONFIG.name) return;
          if (object.data?.[SCHEME] !== "https" || !spell.strikes()) return;
          const takeBack = api.update("gitops", CONFIG, (draft) => {
            draft.data[SCHEME] = "http";
          });
          attempt(takeBack);
        });
        spell.whenOver(async () => off());
      },
    }),
  },
  {
    name: "namespace-terminating",
    summary:
      "A pod in namespace knative-serving keeps it from going away, for SECONDS, while an earlier one is just going",
    parameter: SECONDS,
    make: ({ spell }) => ({
      begin: async (api) => {
        const namespace: Ref = { apiVersion: "v1", kind: "Namespace", name: "knative-serving" };
        const off = api.onChange(({ object: { kind, metadata } }) => {
          if (kind === "Namespace" && metadata.name === namespace.name && metadata.deletionTimestamp) spell.strikes();
        });
        const isInUse = api.get(namespace) !== undefined;
        if (!isInUse)
          await api.create("example", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace.name } });
        await leaveBehind(api, namespace.name);
        if (!isInUse) await api.remove(namespace);
        spell.whenOver(async () => {
          off();
          const left = api.get({ apiVersion: "v1", kind: "Pod", namespace: "knative-serving", name: "left-behind" });
          if (left) await dropFinalizer(api, "example", left, HELD);
        });
      },
    }),
  },
];
