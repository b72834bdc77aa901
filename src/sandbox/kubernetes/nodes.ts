import { timestamp } from "../objects.ts";
import type { Api } from "../types.ts";

export interface NodeSpec {
  readonly name: string;
  /** Kubernetes quantities, e.g. `8` and `16Gi`. */
  readonly cpu: string;
  readonly memory: string;
  readonly internalIP?: string;
  readonly externalIP?: string;
  /** As the cloud's controller writes it: `kind://docker/knative/knative-control-plane`. */
  readonly providerID?: string;
  /** What is left for pods; all of it when absent. */
  readonly allocatable?: { readonly cpu: string; readonly memory: string };
  /** How many pods it takes; 110 when absent. */
  readonly pods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly effect: "NoSchedule" }[];
  /** As `kubectl get nodes -o wide` shows them. */
  readonly osImage?: string;
  readonly containerRuntime?: string;
}

/** Registers Ready nodes, as kubelets do when they join. */
export const joinNodes = async (api: Api, version: string, nodes: readonly NodeSpec[]): Promise<void> => {
  for (const { name, cpu, memory, internalIP, externalIP, providerID, pods = 110, ...rest } of nodes) {
    const { labels, taints, osImage = "rehearsal", containerRuntime = "rehearsal://0" } = rest;
    const resources = { cpu, memory, "ephemeral-storage": "100Gi", pods: String(pods) };
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: {
          "kubernetes.io/hostname": name,
          "kubernetes.io/os": "linux",
          "kubernetes.io/arch": "amd64",
          ...labels,
        },
      },
      spec: { ...(providerID ? { providerID } : {}), ...(taints ? { taints } : {}) },
    };
    await api.create("kubelet", node);
    const beat = { lastHeartbeatTime: timestamp(), lastTransitionTime: timestamp() };
    const healthy = (type: string, reason: string, message: string) => ({
      type,
      status: "False",
      reason,
      message,
      ...beat,
    });
    await api.update(
      "kubelet",
      { apiVersion: "v1", kind: "Node", name },
      (draft) => {
        draft.status = {
          capacity: resources,
          allocatable: { ...resources, ...rest.allocatable },
          conditions: [
            healthy("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            healthy("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            healthy("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            {
              type: "Ready",
              status: "True",
              reason: "KubeletReady",
              message: "kubelet is posting ready status",
              ...beat,
            },
          ],
          addresses: [
            ...(internalIP ? [{ type: "InternalIP", address: internalIP }] : []),
            ...(externalIP ? [{ type: "ExternalIP", address: externalIP }] : []),
            { type: "Hostname", address: name },
          ],
          nodeInfo: {
            machineID: "",
            systemUUID: "",
            bootID: "",
            kernelVersion: "rehearsal",
            osImage,
            containerRuntimeVersion: containerRuntime,
            kubeletVersion: version,
            kubeProxyVersion: "",
            operatingSystem: "linux",
            architecture: "amd64",
          },
        };
      },
      { subresource: "status" },
    );
  }
};
