import { skipped } from "../core/check.ts";
import { describe, textAt } from "../ports/object.ts";
import { addressKnown } from "./address.ts";
import { deploymentsAvailable } from "./deployments.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { CAUSES_OF_DEPLOYMENTS, healthCheck } from "./health-check.ts";
import { standing } from "./standing.ts";

const unknown = (className: string) => skipped(`the ingress class is ${className}, which is none of ours`);

export const ingressDeployments = healthCheck({
  id: "ingress.deployments",
  title: "The ingress runs",
  needs: ["knative.installed"],
  symptomOf: ["network.class"],
  also: ["ingress.rolled"],
  reads: [...FOUND_BY, ...CAUSES_OF_DEPLOYMENTS, "Service"],
  meaning:
    "Nothing leads from outside to a Service: the gateway answers nobody, or its controller does not tell it of new Services.",
  todo: "Do what the finding says of the pods.",
  run: async (ctx, memory) => {
    const { ingress, className } = await findInstallation(ctx.cluster);
    if (!ingress) return unknown(className);
    const { deployments } = await standing(ctx.cluster, ingress);
    return deploymentsAvailable("ingress.deployments", deployments).run(ctx, memory);
  },
});

export const gatewayAddress = healthCheck({
  id: "ingress.address",
  title: "The gateway has an address",
  needs: ["ingress.deployments"],
  reads: [...FOUND_BY, "Deployment.apps", "Service", "Event", "Node"],
  meaning: "Nobody outside can reach the gateway, and no record can point at it.",
  todo: "Where nothing gives out load balancers (kind, bare metal), install with `--expose nodeport`, or install MetalLB; else do what the cloud's controller says.",
  run: async (ctx, memory) => {
    const { ingress, className, exposure, choices } = await findInstallation(ctx.cluster);
    if (!ingress) return unknown(className);
    const there = await standing(ctx.cluster, ingress);
    const service = await ctx.cluster.get(there.service);
    const type = textAt(service, "spec", "type");
    // Nobody has chosen here how it is to be reached: something before it leads to it, such as OpenShift's router.
    if (Object.keys(choices).length === 0 && service && type !== "LoadBalancer")
      return skipped(`${describe(service)} is a ${type || "ClusterIP"}: something else leads to it`);
    return addressKnown({ ...exposure, dns: textAt(choices, "dns") }, there).run(ctx, memory);
  },
});
