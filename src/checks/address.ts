import { type Check, type Finding, fail, ok } from "../core/check.ts";
import type { BadFinding } from "../core/finding-error.ts";
import { magicDomain } from "../dns/magic.ts";
import { type Address, type Exposure, findAddress } from "../ingress/address.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { type KubeObject, refOf } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { type ClusterEvent, clusterEventsIn } from "./events.ts";

/** The finalizer that the controller of load balancers puts on a Service (k8s.io/cloud-provider/service/helpers). */
const CLAIMED = "service.kubernetes.io/load-balancer-cleanup";

/** Magic DNS is made from an IP address (rule 21). Undefined: it is one. */
export const magicProblem = ({ host }: Address): BadFinding | undefined =>
  magicDomain(host)
    ? undefined
    : {
        status: "fail",
        permanent: true,
        summary: `Magic DNS needs an IP address, and the gateway has only the host name ${host}.`,
        remedy: {
          text: "Use a domain of your own and point its wildcard at that host name.",
          command: sh`kn-bootstrap install --domain apps.example.com --dns none`,
        },
        error: {
          id: "dns.magic-hostname",
          why: "sslip.io reads the address out of the name; a host name's addresses change without notice.",
          kind: "input",
        },
      };

/** The gateway has an address that the records can point at. */
export const addressKnown = (config: Exposure & { readonly dns: string }, ingress: IngressProvider): Check => ({
  id: "ingress.address",
  title: "The gateway has an address",
  run: async (ctx) => {
    const address = await findAddress(readerOf(ctx.cluster), config, ingress);
    if (address) {
      const problem = config.dns === "magic" ? magicProblem(address) : undefined;
      if (problem) return problem;
      return ok(`${address.host} (${address.source})`, { facts: { address: address.host, source: address.source } });
    }
    if (config.expose === "nodeport") {
      return fail("no node has an ExternalIP", { text: "Say where the nodes can be reached: --address 203.0.113.7" });
    }
    const { namespace, name } = ingress.service;
    const service = await ctx.cluster.get(ingress.service);
    if (!service)
      return fail(
        `Service ${namespace}/${name} does not exist`,
        { text: "Run install again." },
        { evidence: [{ object: ingress.service, field: "" }] },
      );
    return pending(service, await clusterEventsIn(ctx, namespace ?? ""));
  },
});

/** Says what the controller of load balancers told last. Where no controller exists, there are no events. */
const pending = (service: KubeObject, events: readonly ClusterEvent[]): Finding => {
  const { namespace, name, uid, finalizers = [] } = service.metadata;
  const place = `Service ${namespace}/${name}`;
  const command = sh`kubectl describe service ${name} ${inNamespace(namespace)}`;
  const last = events.findLast(({ about }) => about === uid);
  const seen = { evidence: [{ object: refOf(service), field: ".status.loadBalancer.ingress" }] };
  if (last?.isWarning)
    return fail(
      `LoadBalancer pending: ${place}: ${last.reason}: ${last.message}`,
      {
        text: "Mend what the cloud's controller says, or run install with --expose nodeport.",
        command,
      },
      seen,
    );
  if (last || finalizers.includes(CLAIMED))
    return fail(
      `LoadBalancer pending: ${place} is being given one${last ? ` (${last.reason})` : ""}`,
      {
        text: "Look at what the cloud's controller does.",
        command,
      },
      seen,
    );
  return fail(
    `LoadBalancer pending: no controller has claimed ${place}`,
    {
      text: "Where nothing gives out load balancers (kind, bare metal), run install with --expose nodeport; or install MetalLB.",
      command,
    },
    seen,
  );
};
