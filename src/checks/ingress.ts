import { skipped } from "../core/check.ts";
import { textAt } from "../ports/object.ts";
import { addressKnown } from "./address.ts";
import { deploymentsAvailable } from "./deployments.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { CAUSES_OF_DEPLOYMENTS, healthCheck } from "./health-check.ts";

const unknown = (className: string) => skipped(`the ingress class is ${className}, which is none of ours`);

export const ingressDeployments = healthCheck({
  id: "ingress.deployments",
  title: "The ingress runs",
  needs: ["knative.installed"],
  also: ["ingress.rolled"],
  reads: [...FOUND_BY, ...CAUSES_OF_DEPLOYMENTS],
  meaning:
    "Nothing leads from outside to a Service: the gateway answers nobody, or its controller does not tell it of new Services.",
  todo: "Do what the finding says of the pods.",
  run: async (ctx, memory) => {
    const { ingress, className } = await findInstallation(ctx.cluster);
    return ingress
      ? deploymentsAvailable("ingress.deployments", ingress.deployments).run(ctx, memory)
      : unknown(className);
  },
});

export const gatewayAddress = healthCheck({
  id: "ingress.address",
  title: "The gateway has an address",
  needs: ["ingress.deployments"],
  reads: [...FOUND_BY, "Service", "Event", "Node"],
  meaning: "Nobody outside can reach the gateway, and no record can point at it.",
  todo: "Where nothing gives out load balancers (kind, bare metal), install with `--expose nodeport`, or install MetalLB; else do what the cloud's controller says.",
  run: async (ctx, memory) => {
    const { ingress, className, exposure, choices } = await findInstallation(ctx.cluster);
    if (!ingress) return unknown(className);
    return addressKnown({ ...exposure, dns: textAt(choices, "dns") }, ingress).run(ctx, memory);
  },
});
