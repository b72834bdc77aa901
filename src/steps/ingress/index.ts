import { addressKnown, assertMagic } from "../../checks/address.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import type { Step } from "../../core/step.ts";
import { findAddress } from "../../ingress/address.ts";
import type { Installation } from "../installation.ts";
import { withoutServed } from "./served.ts";

export const ingress = (install: Installation): Step => {
  const { manifests, ingress: provider } = install;
  const objects = withoutServed(install);
  return {
    id: "ingress",
    title: `Install ${provider.title} ${manifests.versions[provider.component]}`,
    undo: `Remove ${provider.title}`,
    // Its controller lives in the namespace that core makes; it need not wait for core to run.
    needs: ["core"],
    plan: async (ctx) => [...(await ctx.prune(objects)), ...(await ctx.reconcile(objects))],
    verify: [deploymentsAvailable("ingress.deployments", provider.deployments)],
  };
};

export const address = ({ config, ingress: provider }: Installation): Step => ({
  id: "address",
  title: "Find the gateway's address",
  undo: "Let go of the gateway's address",
  needs: ["ingress"],
  plan: async (ctx) => {
    const known = await findAddress(ctx.live, config, provider);
    if (known && config.dns === "magic") assertMagic(known);
    return [];
  },
  absent: async () => [],
  verify: [addressKnown(config, provider)],
});
