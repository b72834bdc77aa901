import { ok, skipped } from "../core/check.ts";
import { describe, textAt } from "../ports/object.ts";
import { addressKnown } from "./address.ts";
import { daemonSetsReady } from "./daemon-sets.ts";
import { deploymentsAvailable } from "./deployments.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { CAUSES_OF_DEPLOYMENTS, healthCheck } from "./health-check.ts";
import { standingOf } from "./standing.ts";

const unknown = (className: string) => skipped(`the ingress class is ${className}, which is none that we know`);

export const ingressDeployments = healthCheck({
  id: "ingress.deployments",
  title: "The ingress runs",
  needs: ["knative.installed"],
  symptomOf: ["network.class", "contour.services", "ingress.quota", "knative.whole"],
  also: ["ingress.rolled"],
  reads: [...FOUND_BY, ...CAUSES_OF_DEPLOYMENTS, "Service", "DaemonSet.apps", "Gateway.gateway.networking.k8s.io"],
  meaning:
    "Nothing leads from outside to a Service: the gateway answers nobody, or its controller does not tell it of new Services.",
  todo: "Do what the finding says of the pods.",
  run: async (ctx, memory) => {
    const found = await findInstallation(ctx.cluster);
    const there = await standingOf(ctx.cluster, found);
    if (!there) return unknown(found.className);
    const finding = await deploymentsAvailable("ingress.deployments", there.deployments).run(ctx, memory);
    if (finding.status !== "ok" || there.daemonSets.length === 0) return finding;
    const each = await daemonSetsReady(ctx, there.daemonSets, memory);
    return each.status === "ok" ? ok(`${finding.summary}; ${each.summary} on every node`) : each;
  },
});

export const gatewayAddress = healthCheck({
  id: "ingress.address",
  title: "The gateway has an address",
  needs: ["ingress.deployments"],
  symptomOf: ["gateway-api.gateways", "ingress.quota"],
  reads: [
    ...FOUND_BY,
    "Deployment.apps",
    "Service",
    "Event",
    "Node",
    "Pod",
    "IPAddressPool.metallb.io",
    "DaemonSet.apps",
    "Gateway.gateway.networking.k8s.io",
  ],
  meaning: "Nobody outside can reach the gateway, and no record can point at it.",
  todo: "Where nothing gives out load balancers (kind, bare metal), install with `--expose nodeport`, or install MetalLB; else do what the cloud's controller says.",
  run: async (ctx, memory) => {
    const found = await findInstallation(ctx.cluster);
    const { className, exposure, choices } = found;
    const there = await standingOf(ctx.cluster, found);
    if (!there) return unknown(className);
    if (!there.service) return skipped("config-gateway names no gateway");
    const service = await ctx.cluster.get(there.service);
    const type = service?.kind === "Service" ? textAt(service, "spec", "type") : "LoadBalancer";
    // Nobody has chosen here how it is to be reached: something before it leads to it, such as OpenShift's router.
    if (Object.keys(choices).length === 0 && service && type !== "LoadBalancer")
      return skipped(`${describe(service)} is a ${type || "ClusterIP"}: something else leads to it`);
    return addressKnown({ ...exposure, dns: textAt(choices, "dns") }, { service: there.service }).run(ctx, memory);
  },
});
