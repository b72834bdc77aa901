import { type Cloud, HERE, hex, leaving, steppedCpu, topology } from "./cloud.ts";

const REGION = "eu-central-1";
/** By size: addresses of a machine's network cards limit its pods (amazon-eks-ami, eni-max-pods.txt, family m5). */
const TYPES: Readonly<Record<number, { readonly type: string; readonly pods: number }>> = {
  2: { type: "m5.large", pods: 29 },
  4: { type: "m5.xlarge", pods: 58 },
  8: { type: "m5.2xlarge", pods: 58 },
  16: { type: "m5.4xlarge", pods: 234 },
};

/** Amazon EKS: Classic load balancers with a host name and no address, and a StorageClass that is not the default (since 1.30). */
export const eks: Cloud<"eks"> = {
  id: "eks",
  build: (release) => `${release}-eks-3025e55`,
  usual: { count: 3, cpus: 2, memory: 8 },
  node: (number, _count, size) => {
    const { type, pods } = TYPES[size.cpus] ?? { type: `m5.${size.cpus}cpu`, pods: 58 };
    const zone = `${REGION}${"abc"[number % 3]}`;
    return {
      name: `ip-192-168-${10 + number}-${20 + number}.${REGION}.compute.internal`,
      cpu: String(size.cpus),
      memory: `${size.memory}Gi`,
      // amazon-eks-ami: 11 MiB for each pod and 255 MiB, and 100 MiB before pods are evicted.
      allocatable: leaving(size, { cpu: steppedCpu(size.cpus), memory: 11 * pods + 255 + 100 }),
      pods,
      ...HERE,
      providerID: `aws:///${zone}/i-0${hex(number, 8)}${hex(number + 7, 8)}`,
      labels: {
        ...topology(REGION, zone),
        "node.kubernetes.io/instance-type": type,
        "k8s.io/cloud-provider-aws": "d2b4c8a0e6f1",
        "eks.amazonaws.com/capacityType": "ON_DEMAND",
        "eks.amazonaws.com/nodegroup": "ng-1",
      },
      osImage: "Amazon Linux 2023.8.20250915",
      containerRuntime: "containerd://1.7.27",
    };
  },
  loadBalancer: { hostname: `a7c4b1f0d2e34958b6a0c1d2e3f40516-1234567890.${REGION}.elb.amazonaws.com` },
  storageClasses: [{ name: "gp2", provisioner: "kubernetes.io/aws-ebs" }],
};
