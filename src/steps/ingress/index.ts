import type { Step } from "../../changes/step.ts";
import { addressKnown, magicProblem } from "../../checks/address.ts";
import { deploymentsAvailable } from "../../checks/deployments.ts";
import { gatewayLetIn } from "../../checks/gateway-quota.ts";
import { gatewayAddress, ingressDeployments } from "../../checks/ingress.ts";
import { istioChecks } from "../../checks/istio.ts";
import { istioGatewayChecks } from "../../checks/istio-gateways.ts";
import { pathChecks } from "../../checks/path/index.ts";
import { seenChecks } from "../../checks/seen/index.ts";
import { serviceTypeFound } from "../../checks/service-type.ts";
import { errorOf } from "../../core/finding-error.ts";
import { findAddress } from "../../ingress/address.ts";
import { ingressKinds, ingressProducts } from "../../ingress/index.ts";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { Installation } from "../installation.ts";
import { part as partOf, type Transform } from "../part.ts";
import { foresee } from "./foreseen.ts";
import { cleared, former, formerNodePorts, noteSwitch } from "./former.ts";
import { options } from "./options.ts";
import { requested } from "./requested.ts";
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
    plan: async (ctx) => {
      await noteSwitch(ctx, install);
      const changes = [...(await formerNodePorts(ctx, install)), ...(await ctx.reconcile(objects))];
      const asks = requested(provider.title, objects);
      if (changes.length > 0 && asks) ctx.note(asks);
      return changes;
    },
    verify: [deploymentsAvailable("ingress.deployments", provider.deployments)],
  };
};

const address = (install: Installation): Step<"address", "ingress"> => {
  const { config, ingress: provider } = install;
  return {
    id: "address",
    title: "Find the gateway's address",
    undo: "Let go of the gateway's address",
    needs: ["ingress"],
    plan: async (ctx) => {
      const known = await findAddress(ctx.live, config, provider);
      const problem = known && config.dns === "magic" ? magicProblem(known) : undefined;
      if (problem)
        throw errorOf(addressKnown(config, provider), problem, { why: "Nothing was changed.", kind: "failed" });
      if (!known) await foresee(ctx, install);
      return [];
    },
    absent: async () => [],
    verify: [addressKnown(config, provider)],
  };
};

export const part = partOf({
  id: "ingress",
  options,
  status,
  rights,
  products: ingressProducts,
  kinds: ingressKinds,
  assets: ({ ingress, release }) => {
    if (ingress.assets.every(({ component }) => component in release.versions)) return ingress.assets;
    throw new UserError({
      id: "ingress.version",
      what: `No ${ingress.title} is known that goes with Knative ${release.minor}.`,
      why: "Which one its project has tested is looked up in a list, which begins later.",
      remedy: { text: "Take Kourier, or a newer Knative.", command: sh`kn-bootstrap install --ingress kourier` },
      kind: "input",
    });
  },
  transform: ({ config: { expose, profile }, ingress, release }) => {
    const { setting } = release;
    const { small = (object) => object } = ingress;
    const sized: Transform = profile === "small" ? small : (object) => object;
    return (object) => sized(ingress.transform(object, { expose, setting }));
  },
  steps: (install) => [
    ingress(install), // the gateway and its controller
    address(install), // where the gateway can be reached
    former(install), // what was chosen before goes last
    cleared(install), // and what its processes leave
  ],
  checks: [
    ...istioChecks,
    ...istioGatewayChecks,
    ...seenChecks,
    gatewayLetIn,
    ingressDeployments,
    serviceTypeFound,
    gatewayAddress,
    ...pathChecks,
  ],
});
