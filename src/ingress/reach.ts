import { isIP } from "node:net";
import { at, type KubeObject } from "../ports/object.ts";

/** The beginning of `spec.providerID`, as each cloud's controller writes it, and its name for people. */
const CLOUDS: ReadonlyMap<string, string> = new Map([
  ["aws", "AWS"],
  ["gce", "Google Cloud"],
  ["azure", "Azure"],
  ["digitalocean", "DigitalOcean"],
  ["hcloud", "Hetzner Cloud"],
  ["linode", "Linode"],
  ["vultr", "Vultr"],
  ["scaleway", "Scaleway"],
  ["ibm", "IBM Cloud"],
  ["alicloud", "Alibaba Cloud"],
  ["openstack", "OpenStack"],
  ["vsphere", "vSphere"],
  ["k3s", "k3s"],
  ["kind", "kind"],
]);
/** Those that have their own load balancers without anything being installed. */
const BALANCING = new Set(["aws", "gce", "azure", "digitalocean", "linode", "vultr", "scaleway", "ibm", "alicloud"]);

/** Nobody makes them there unless something is installed for it: vSphere's controller needs NSX, kind's is a program beside it. */
const UNBALANCED = new Set(["kind", "vsphere"]);

/** Those whose load balancers have a host name and no address. */
const NAMED = new Set(["aws"]);

export interface Cloud {
  /** `gce`; what stands before `://`. */
  readonly id: string;
  readonly title: string;
  /** Its load balancers have a host name and no address. */
  readonly isNamed?: true;
}

export const cloudOf = (nodes: readonly KubeObject[]): Cloud | undefined => {
  for (const node of nodes) {
    const [, id] = /^([a-z0-9]+):\/\//.exec(String(at(node, "spec", "providerID") ?? "")) ?? [];
    if (id) return { id, title: CLOUDS.get(id) ?? id, ...(NAMED.has(id) ? { isNamed: true } : {}) };
  }
  return undefined;
};

/** Whether a Service of type LoadBalancer gets an address here, and how we know. */
export interface LoadBalancers {
  readonly work: "yes" | "no" | "unclear";
  readonly because: string;
  /** It is not certain, but to be expected. */
  readonly isLikely?: true;
  /** What tells somebody who looks. */
  readonly lookAt?: string;
}

const entriesOf = (service: KubeObject): readonly string[] => {
  const entries = at(service, "status", "loadBalancer", "ingress");
  return (Array.isArray(entries) ? entries : []).flatMap((entry) => {
    const host = at(entry, "ip") ?? at(entry, "hostname");
    return typeof host === "string" ? [host] : [];
  });
};

const METALLB = ["controller", "metallb-controller"];
const isMetalLb = ({ metadata: { namespace = "", name, labels = {} } }: KubeObject): boolean =>
  (namespace.startsWith("metallb") && METALLB.includes(name)) || labels["app.kubernetes.io/name"] === "metallb";

/** What has been seen to work says more than what should. */
export const loadBalancersOf = (
  cloud: Cloud | undefined,
  services: readonly KubeObject[],
  deployments: readonly KubeObject[],
): LoadBalancers => {
  const balanced = services.filter((service) => at(service, "spec", "type") === "LoadBalancer");
  const [served] = balanced.filter((service) => entriesOf(service).length > 0);
  if (served) {
    const { namespace, name } = served.metadata;
    return { work: "yes", because: `Service ${namespace}/${name} has ${entriesOf(served)[0]}` };
  }
  if (cloud && BALANCING.has(cloud.id)) return { work: "yes", because: `${cloud.title} makes them` };
  if (deployments.some(isMetalLb)) return { work: "yes", because: "MetalLB makes them" };
  if (cloud?.id === "kind") return { work: "no", because: "kind makes none" };
  const [waiting] = balanced;
  if (waiting) {
    const name = `Service ${waiting.metadata.namespace}/${waiting.metadata.name}`;
    return {
      work: "unclear",
      because: `${name} waits for an address`,
      lookAt: "Its Events, as kubectl describe shows them, say why; without any, nobody makes load balancers here.",
    };
  }
  return {
    work: "unclear",
    because: "no Service here has tried",
    // A providerID is written by a cloud's controller, which makes load balancers too; k3s has its own (ServiceLB).
    ...(cloud && !UNBALANCED.has(cloud.id) ? { isLikely: true as const } : {}),
    lookAt: "A controller makes them, the cloud's or MetalLB's: look for its pods in kube-system and metallb-system.",
  };
};

const addressesOf = (nodes: readonly KubeObject[], type: string): readonly string[] =>
  nodes.flatMap((node) => {
    const addresses = at(node, "status", "addresses");
    return (Array.isArray(addresses) ? addresses : [])
      .filter((address) => at(address, "type") === type)
      .map((address) => String(at(address, "address")))
      .filter((address) => isIP(address) !== 0);
  });

/** Of the nodes, each once. */
export const nodeAddresses = (
  nodes: readonly KubeObject[],
): { readonly external: readonly string[]; readonly internal: readonly string[] } => ({
  external: [...new Set(addressesOf(nodes, "ExternalIP"))],
  internal: [...new Set(addressesOf(nodes, "InternalIP"))],
});
