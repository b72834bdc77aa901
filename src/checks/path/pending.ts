import { type Finding, fail, type ReadContext } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, conditionOf, describe, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { inNamespace, type ShellCommand, sh } from "../../ports/shell.ts";
import { clusterEventsIn } from "../events.ts";
import { holdersOf, release } from "./port-holders.ts";

/** The finalizer that the controller of load balancers puts on a Service (k8s.io/cloud-provider/service/helpers). */
const CLAIMED = "service.kubernetes.io/load-balancer-cleanup";
/** On the pods that k3s makes for a Service: they take its ports on every node (k3s pkg/cloudprovider/servicelb.go). */
const OF_SERVICE = "svccontroller.k3s.cattle.io/svcname";

/** What the controllers of clouds say, and what it means. The first that matches counts. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [
    /suitable subnet/i,
    "Tag the subnets for load balancers: kubernetes.io/role/elb=1, or kubernetes.io/role/internal-elb=1 for one that is internal.",
  ],
  [
    /quota|limit ?exceeded|too many/i,
    "The cloud's quota is used up: raise it, or take away load balancers that nobody needs.",
  ],
  [
    /access ?denied|not authorized|forbidden|permission/i,
    "The cloud's controller lacks a right: give its identity what the message names.",
  ],
  [
    /no available ips|can't allocate|exhausted|no addresses/i,
    "The pool of addresses is used up or does not fit: add a range to it.",
  ],
];

/** Why a Service, or a Gateway, has no address: in the words of whoever gives them out, else by what the cluster runs on. */
export const pending = async (ctx: ReadContext, entrance: KubeObject): Promise<Finding> => {
  const { namespace = "", name, uid, finalizers = [] } = entrance.metadata;
  const place = `${entrance.kind} ${namespace}/${name}`;
  const kind = entrance.kind === "Gateway" ? "gateways.gateway.networking.k8s.io" : "service";
  const command = sh`kubectl describe ${kind} ${name} ${inNamespace(namespace)}`;
  const seen = { evidence: [{ object: refOf(entrance), field: fieldOf(entrance) }] };
  const bad = (text: string, remedy: Remedy): Finding => fail(`LoadBalancer pending: ${text}`, remedy, seen);
  const last = (await clusterEventsIn(ctx, namespace)).findLast(({ about }) => about === uid);
  if (last?.isWarning) {
    const meant = SAID.find(([words]) => words.test(last.message))?.[1];
    const text = meant ?? "Mend what the cloud's controller says, or run install with --expose nodeport.";
    return bad(`${place}: ${last.reason}: ${last.message}`, { text, command });
  }
  if (last || finalizers.includes(CLAIMED))
    return bad(`${place} is being given one${last ? ` (${last.reason})` : ""}`, {
      text: "Look at what the cloud's controller does.",
      command,
    });
  if (entrance.kind === "Gateway")
    return bad(`${place} has no address in its status`, { text: "Look at it.", command });
  const { text, remedy } = (await unclaimed(ctx, entrance, command)) ?? {
    text: `no controller has claimed ${place}`,
    remedy: {
      text: "Where nothing gives out load balancers (kind, bare metal), run install with --expose nodeport; or install MetalLB.",
      command,
    },
  };
  return bad(text, remedy);
};

const fieldOf = ({ kind }: KubeObject): string =>
  kind === "Gateway" ? ".status.addresses" : ".status.loadBalancer.ingress";

interface Reason {
  readonly text: string;
  readonly remedy: Remedy;
}

/** By what there is that could give it one. */
const unclaimed = async (ctx: ReadContext, service: KubeObject, command: ShellCommand): Promise<Reason | undefined> => {
  const place = describe(service);
  const wanted = textAt(service, "spec", "loadBalancerClass");
  if (wanted !== "")
    return {
      text: `no controller has claimed ${place}, which asks for the class ${wanted}`,
      remedy: { text: "Install the controller of that class; the class itself cannot be changed in place.", command },
    };
  return (await byK3s(ctx, service)) ?? (await byMetalLb(ctx, place)) ?? (await byPlatform(ctx, place, command));
};

/** Pods of k3s that hold the Service's ports on the nodes, or cannot. */
const byK3s = async (ctx: ReadContext, service: KubeObject): Promise<Reason | undefined> => {
  const pods = await readable(
    (ctx.unwatched ?? ctx.cluster).list({
      apiVersion: "v1",
      kind: "Pod",
      namespace: "kube-system",
      labelSelector: `${OF_SERVICE}=${service.metadata.name}`,
    }),
  );
  const waiting = pods?.find((pod) => conditionOf(pod, "PodScheduled")?.status === "False");
  if (!waiting) return undefined;
  const services = await (ctx.unwatched ?? ctx.cluster).list({ apiVersion: "v1", kind: "Service" });
  const [holder] = holdersOf(services, service);
  const said = textAt(conditionOf(waiting, "PodScheduled"), "message");
  const look = sh`kubectl describe pod ${waiting.metadata.name} -n kube-system`;
  return {
    text: holder
      ? `${describe(holder.service)} has port ${holder.port} of every node, so that ${describe(waiting)} finds none: ${said}`
      : `${describe(waiting)} finds no node with free ports: ${said}`,
    remedy: holder
      ? release(holder.service)
      : { text: "Find out what has ports 80 and 443 of the nodes, and move it.", command: look },
  };
};

const POOL = { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool" };

const byMetalLb = async (ctx: ReadContext, place: string): Promise<Reason | undefined> => {
  const cluster = ctx.unwatched ?? ctx.cluster;
  const deployments = await readable(cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }));
  const controller = deployments?.find(
    ({ metadata: { namespace, labels } }) =>
      namespace === "metallb-system" || labels?.["app.kubernetes.io/name"] === "metallb",
  );
  if (!controller) return undefined;
  const pools = (await readable(cluster.list(POOL))) ?? [];
  return pools.length === 0
    ? {
        text: `MetalLB runs and has no addresses to give ${place}: there is no IPAddressPool`,
        remedy: {
          text: "Make an IPAddressPool and an L2Advertisement with addresses of your network that nobody uses.",
          command: sh`kubectl get ipaddresspools.metallb.io ${inNamespace(controller.metadata.namespace)}`,
        },
      }
    : {
        text: `MetalLB has not claimed ${place}`,
        remedy: {
          text: "See what its controller says.",
          command: sh`kubectl logs deployment/${controller.metadata.name} ${inNamespace(controller.metadata.namespace)} --tail=20`,
        },
      };
};

/** By the scheme of the nodes' providerID. */
const PLATFORMS: Readonly<Record<string, { readonly text: string; readonly command?: ShellCommand }>> = {
  kind: {
    text: "kind gives out no load balancers: install with --expose nodeport, or run cloud-provider-kind.",
    command: sh`kn-bootstrap install --expose nodeport`,
  },
  k3s: {
    text: "k3s gives them out by its servicelb, which is switched off here: start k3s without --disable servicelb, or install MetalLB.",
  },
  minikube: { text: "minikube gives them out while its tunnel runs.", command: sh`minikube tunnel` },
  aws: {
    text: "Look whether the AWS Load Balancer Controller or the cloud controller manager runs, and whether its role may make load balancers.",
    command: sh`kubectl get deployments --all-namespaces -l app.kubernetes.io/name=aws-load-balancer-controller`,
  },
  gce: { text: "Look at the cluster's firewall and quota, and at what its controller says in the cloud's log." },
  azure: { text: "Look whether the cluster's identity may write in the resource group of its nodes." },
};

const byPlatform = async (ctx: ReadContext, place: string, command: ShellCommand): Promise<Reason | undefined> => {
  const nodes = await readable((ctx.unwatched ?? ctx.cluster).list({ apiVersion: "v1", kind: "Node" }));
  const isMinikube = nodes?.some(({ metadata }) => metadata.labels?.["minikube.k8s.io/name"] !== undefined);
  const schemes = (nodes ?? []).map((node) => String(at(node, "spec", "providerID") ?? "").split("://")[0] ?? "");
  const known = isMinikube ? "minikube" : schemes.find((scheme) => Object.hasOwn(PLATFORMS, scheme));
  const platform = known === undefined ? undefined : PLATFORMS[known];
  return platform && { text: `no controller has claimed ${place}`, remedy: { command, ...platform } };
};
