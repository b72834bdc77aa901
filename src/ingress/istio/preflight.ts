import { type Check, fail, ok } from "../../core/check.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { findIstio } from "./found.ts";

/** Two Istios would write into each other's webhooks and gateways, so one that somebody else keeps is left alone. */
export const noOtherIstio: Check = {
  id: "istio.owner",
  title: "No other Istio is in this cluster",
  run: async ({ cluster }) => {
    const { istiods } = await findIstio(readerOf(cluster));
    const other = istiods.find(({ isOurs }) => !isOurs);
    if (!other) return ok(istiods.length > 0 ? "the Istio here was made by kn-bootstrap" : "no Istio here yet");
    const { namespace, name } = other.deployment.metadata;
    return fail(`This cluster has an Istio that kn-bootstrap did not install: Deployment ${namespace}/${name}.`, {
      text: "Install with Kourier, which does not touch it.",
      command: sh`kn-bootstrap install --ingress kourier`,
    });
  },
};
