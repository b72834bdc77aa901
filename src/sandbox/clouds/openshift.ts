import type { Obj } from "../types.ts";
import { type Cloud, HERE, hex, leaving, topology } from "./cloud.ts";

const REGION = "eu-central-1";
const APPS = "apps.cluster.example.com";

const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const definition = (group: string, kind: string, plural: string, scope: "Cluster" | "Namespaced"): Obj => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    scope,
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: anything } }],
  },
});

/** As installers leave them; who may use them beside the first is said by RBAC (`use`). */
const constraints = (name: string, runAsUser: string, groups: readonly string[]): Obj => ({
  apiVersion: "security.openshift.io/v1",
  kind: "SecurityContextConstraints",
  metadata: { name },
  allowHostNetwork: name === "privileged",
  allowPrivilegedContainer: name === "privileged",
  runAsUser: { type: runAsUser },
  groups,
  users: [],
});

/** Every cluster has one for each of them. */
const useOf = (name: string): Obj => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: `system:openshift:scc:${name}` },
  rules: [
    {
      apiGroups: ["security.openshift.io"],
      resources: ["securitycontextconstraints"],
      resourceNames: [name],
      verbs: ["use"],
    },
  ],
});

/** OpenShift 4 on AWS with its workers: SecurityContextConstraints judge pods, and a router stands beside whatever is installed. */
export const openshift: Cloud<"openshift"> = {
  id: "openshift",
  usual: { count: 3, cpus: 4, memory: 16 },
  node: (number, _count, size) => {
    const zone = `${REGION}${"abc"[number % 3]}`;
    return {
      name: `ip-10-0-${10 + number}-${20 + number}.${REGION}.compute.internal`,
      cpu: String(size.cpus),
      memory: `${size.memory}Gi`,
      // The machine-config operator's system-reserved, and 100 MiB before pods are evicted.
      allocatable: leaving(size, { cpu: 500, memory: 1024 + 100 }),
      pods: 250,
      ...HERE,
      providerID: `aws:///${zone}/i-0${hex(number, 8)}${hex(number + 7, 8)}`,
      labels: {
        ...topology(REGION, zone),
        "node.kubernetes.io/instance-type": "m6i.xlarge",
        "node-role.kubernetes.io/worker": "",
        "node.openshift.io/os_id": "rhel",
      },
      osImage: "Red Hat Enterprise Linux CoreOS 9.6.20250925-0 (Plow)",
      containerRuntime: "cri-o://1.33.4",
    };
  },
  loadBalancer: { hostname: `a1f6e0c2d7b84c3f9e5a6b7c8d9e0f12-987654321.${REGION}.elb.amazonaws.com` },
  storageClasses: [
    { name: "gp3-csi", provisioner: "ebs.csi.aws.com", isDefault: true },
    { name: "gp2-csi", provisioner: "ebs.csi.aws.com" },
  ],
  objects: [
    definition("config.openshift.io", "ClusterVersion", "clusterversions", "Cluster"),
    definition("config.openshift.io", "Ingress", "ingresses", "Cluster"),
    definition("route.openshift.io", "Route", "routes", "Namespaced"),
    definition("project.openshift.io", "Project", "projects", "Cluster"),
    definition("security.openshift.io", "SecurityContextConstraints", "securitycontextconstraints", "Cluster"),
    {
      apiVersion: "config.openshift.io/v1",
      kind: "ClusterVersion",
      metadata: { name: "version" },
      spec: { channel: "stable-4.20", clusterID: "5f1c8a52-3d0e-4a57-9d1b-0d8c2f6b7e31" },
      status: { desired: { version: "4.20.4" }, history: [{ state: "Completed", version: "4.20.4" }] },
    },
    {
      apiVersion: "config.openshift.io/v1",
      kind: "Ingress",
      metadata: { name: "cluster" },
      spec: { domain: APPS },
    },
    constraints("restricted-v2", "MustRunAsRange", ["system:authenticated"]),
    constraints("nonroot-v2", "MustRunAsNonRoot", []),
    constraints("anyuid", "RunAsAny", []),
    constraints("privileged", "RunAsAny", ["system:cluster-admins", "system:nodes", "system:masters"]),
    ...["restricted-v2", "nonroot-v2", "anyuid", "privileged"].map(useOf),
  ],
};
