import { deploymentsAvailable } from "../../checks/deployments.ts";
import { hpaDeployment } from "../../checks/serving.ts";
import type { Installation } from "../installation.ts";
import { deploymentsIn, objectsOf, part as partOf, step } from "../part.ts";
import { leases } from "../serving/products.ts";
import { options } from "./options.ts";

const ID = "hpa";

const hpa = (install: Installation) =>
  step({
    id: ID,
    title: install.config.hpa ? "Install the HPA autoscaler" : "Leave out the HPA autoscaler",
    undo: "Remove the HPA autoscaler",
    needs: ["core"],
    before: ["proof"],
    plan: async (ctx) => [
      ...(await ctx.prune(objectsOf(install, ID))),
      ...(await ctx.reconcile(objectsOf(install, ID))),
    ],
    verify: install.config.hpa ? [deploymentsAvailable("serving.hpa", deploymentsIn(objectsOf(install, ID)))] : [],
  });

/** The Leases of its reconcilers (serving cmd/autoscaler-hpa/main.go). */
const products = [leases("autoscaler-hpa", /^hpaautoscaler\.knative\.dev\.serving\.pkg\..+\.\d\d-of-\d\d$/)];

export const part = partOf({
  id: ID,
  options,
  products,
  assets: ({ config }) => (config.hpa ? [{ component: "serving", asset: "serving-hpa.yaml" }] : []),
  steps: (install) => [hpa(install)],
  checks: [hpaDeployment],
});
