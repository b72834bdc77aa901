import type { Step } from "../../changes/step.ts";
import { addressKnown, assertMagic } from "../../checks/address.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import { findAddress } from "../../ingress/address.ts";
import { ingressProducts } from "../../ingress/index.ts";
import type { Installation } from "../installation.ts";
import { part as partOf } from "../part.ts";
import { options } from "./options.ts";
import { rights } from "./rights.ts";
import { withoutServed } from "./served.ts";
import { status } from "./status.ts";

const ingress = (install: Installation): Step<"ingress", "core"> => {
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

const address = ({ config, ingress: provider }: Installation): Step<"address", "ingress"> => ({
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

export const part = partOf({
  id: "ingress",
  options,
  status,
  rights,
  products: ingressProducts,
  assets: ({ ingress }) => ingress.assets,
  transform: ({ config: { expose }, ingress, release }) => {
    const { setting } = release;
    return (object) => ingress.transform(object, { expose, setting });
  },
  steps: (install) => [
    ingress(install), // the gateway and its controller
    address(install), // where the gateway can be reached
  ],
});
