import { type Cloud, HERE, hex, leaving, type Size, steppedCpu, topology } from "./cloud.ts";

const [REGION, ZONE] = ["europe-west1", "europe-west1-b"];

/** MiB that GKE keeps back: 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, and 100 MiB before pods are evicted. */
const keptMemory = ({ memory }: Size): number => {
  const steps = [
    [4, 0.25],
    [4, 0.2],
    [8, 0.1],
    [112, 0.06],
  ] as const;
  let left = memory;
  let kept = 0;
  for (const [width, share] of steps) {
    kept += Math.min(left, width) * 1024 * share;
    left = Math.max(0, left - width);
  }
  return kept + 100;
};

/** Google Kubernetes Engine, Standard, with one node pool: load balancers with an address. */
export const gke: Cloud<"gke"> = {
  id: "gke",
  build: (release) => `${release}-gke.1080000`,
  usual: { count: 3, cpus: 2, memory: 8 },
  node: (number, _count, size) => {
    const name = `gke-cluster-1-default-pool-1f3a5c7e-${hex(number, 4)}`;
    return {
      name,
      cpu: String(size.cpus),
      memory: `${size.memory}Gi`,
      allocatable: leaving(size, { cpu: steppedCpu(size.cpus), memory: keptMemory(size) }),
      ...HERE,
      providerID: `gce://my-project/${ZONE}/${name}`,
      labels: {
        ...topology(REGION, ZONE),
        "node.kubernetes.io/instance-type": `e2-standard-${size.cpus}`,
        "cloud.google.com/gke-nodepool": "default-pool",
        "cloud.google.com/gke-os-distribution": "cos",
        "cloud.google.com/machine-family": "e2",
      },
      osImage: "Container-Optimized OS from Google",
      containerRuntime: "containerd://2.0.6",
    };
  },
  loadBalancer: "addresses",
  storageClasses: [
    { name: "standard-rwo", provisioner: "pd.csi.storage.gke.io", isDefault: true },
    { name: "premium-rwo", provisioner: "pd.csi.storage.gke.io" },
    { name: "standard", provisioner: "kubernetes.io/gce-pd" },
  ],
};
