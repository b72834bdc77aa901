import type { Cloud } from "./cloud.ts";

const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";

/** As `kind create cluster --name knative` makes it: addresses in a network of containers, none outside, and nobody who makes load balancers. */
export const kind: Cloud<"kind"> = {
  id: "kind",
  usual: { count: 1, cpus: 8, memory: 16 },
  node: (number, count, { cpus, memory }) => {
    const name = number === 0 ? "knative-control-plane" : `knative-worker${number === 1 ? "" : number}`;
    return {
      name,
      cpu: String(cpus),
      memory: `${memory}Gi`,
      internalIP: `172.18.0.${2 + number}`,
      providerID: `kind://docker/knative/${name}`,
      ...(number === 0 ? { labels: { [CONTROL_PLANE]: "" } } : {}),
      // With workers, pods go to these alone.
      ...(number === 0 && count > 1 ? { taints: [{ key: CONTROL_PLANE, effect: "NoSchedule" as const }] } : {}),
      osImage: "Debian GNU/Linux 12 (bookworm)",
      containerRuntime: "containerd://2.1.1",
    };
  },
  loadBalancer: "none",
  isKind: true,
  storageClasses: [{ name: "standard", provisioner: "rancher.io/local-path", isDefault: true }],
};
