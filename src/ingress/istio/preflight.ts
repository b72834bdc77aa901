import { type Check, fail, ok } from "../../core/check.ts";
import { describe } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { findIstio } from "./found.ts";

const instead = sh`kn-bootstrap install --ingress kourier`;

/**
 * Two Istios would write into each other's webhooks and gateways, so there is ours or that of somebody else.
 * `gateway`: of somebody else's, where that was chosen.
 */
export const ownerKnown = (gateway?: string): Check => ({
  id: "istio.owner",
  title: gateway === undefined ? "No other Istio is in this cluster" : "The Istio that was chosen is in this cluster",
  run: async ({ cluster }) => {
    const { istiods, gateways } = await findIstio(readerOf(cluster));
    const other = istiods.find(({ isOurs }) => !isOurs);
    if (gateway === undefined) {
      if (!other) return ok(istiods.length > 0 ? "the Istio here was made by kn-bootstrap" : "no Istio here yet");
      return fail(`This cluster has an Istio that kn-bootstrap did not install: ${describe(other.deployment)}.`, {
        text: "Install with Kourier, which does not touch it.",
        command: instead,
      });
    }
    if (!other)
      return fail(`No Istio of others is here any more, and Knative is led to gateway ${gateway}.`, {
        text: "Bring it back, or install with Kourier:",
        command: instead,
      });
    const found = gateways.find(({ id }) => id === gateway);
    const { deployment, version } = found?.istiod ?? other;
    return found
      ? ok(`gateway ${gateway}, of ${describe(deployment)}${version ? `, Istio ${version}` : ""}`)
      : fail(`No pods of Istio are behind Service ${gateway}, to which Knative is led.`, {
          text: "Bring them back, or name another gateway with --istio-gateway:",
          command: sh`kn-bootstrap plan`,
        });
  },
});
