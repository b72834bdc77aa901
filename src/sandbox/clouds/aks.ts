import { type Cloud, GIB, HERE, leaving, topology } from "./cloud.ts";

const REGION = "westeurope";
const SET = "aks-nodepool1-12345678-vmss";
const GROUP =
  "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_group_cluster_westeurope/providers/Microsoft.Compute";
const PODS = 110;

/** Thousandths of a CPU that AKS keeps back, by the number of cores. */
const KEPT_CPU: readonly (readonly [number, number])[] = [
  [64, 740],
  [32, 420],
  [16, 260],
  [8, 180],
  [4, 140],
  [2, 100],
  [1, 60],
];

/** Azure Kubernetes Service: load balancers with an address. */
export const aks: Cloud<"aks"> = {
  id: "aks",
  usual: { count: 3, cpus: 2, memory: 8 },
  node: (number, _count, size) => ({
    name: `${SET}00000${number.toString(36)}`,
    cpu: String(size.cpus),
    memory: `${size.memory}Gi`,
    // Since 1.29: 20 MB for each pod and 50 MB, at most a quarter, and 100 MiB before pods are evicted.
    allocatable: leaving(size, {
      cpu: KEPT_CPU.find(([cores]) => size.cpus >= cores)?.[1] ?? 60,
      memory: Math.min(20 * PODS + 50, (size.memory * GIB) / 4) + 100,
    }),
    pods: PODS,
    ...HERE,
    providerID: `azure://${GROUP}/virtualMachineScaleSets/${SET}/virtualMachines/${number}`,
    labels: {
      ...topology(REGION, String(number % 3)),
      "node.kubernetes.io/instance-type": `Standard_D${size.cpus}s_v5`,
      agentpool: "nodepool1",
      "kubernetes.azure.com/agentpool": "nodepool1",
      "kubernetes.azure.com/mode": "system",
      "kubernetes.azure.com/cluster": "mc_group_cluster_westeurope",
    },
    osImage: "Ubuntu 22.04.5 LTS",
    containerRuntime: "containerd://1.7.28-1",
  }),
  loadBalancer: "addresses",
  storageClasses: [
    { name: "default", provisioner: "disk.csi.azure.com", isDefault: true },
    { name: "managed-csi", provisioner: "disk.csi.azure.com" },
    { name: "azurefile", provisioner: "file.csi.azure.com" },
  ],
};
