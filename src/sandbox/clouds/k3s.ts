import { type Cloud, HERE } from "./cloud.ts";

/** k3s with --disable traefik, which takes ports 80 and 443 of every node: its ServiceLB gives Services the addresses of the nodes. */
export const k3s: Cloud<"k3s"> = {
  id: "k3s",
  build: (release) => `${release}+k3s1`,
  usual: { count: 1, cpus: 4, memory: 8 },
  node: (number, _count, { cpus, memory }) => {
    const name = number === 0 ? "k3s-server" : `k3s-agent-${number}`;
    const role = { "node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/master": "true" };
    return {
      name,
      cpu: String(cpus),
      memory: `${memory}Gi`,
      ...HERE,
      providerID: `k3s://${name}`,
      labels: { "node.kubernetes.io/instance-type": "k3s", ...(number === 0 ? role : {}) },
      osImage: "Ubuntu 24.04.3 LTS",
      containerRuntime: "containerd://2.1.4-k3s1",
    };
  },
  loadBalancer: "nodes",
  storageClasses: [{ name: "local-path", provisioner: "rancher.io/local-path", isDefault: true }],
};
