import { type Check, fail, ok } from "../../core/check.ts";
import { MANAGER, ownerOf } from "../../kube/inventory.ts";
import type { KubeObject } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";

/** Made by us, or taken over earlier. */
const isOurs = (object: KubeObject): boolean =>
  ownerOf(object) !== undefined || object.metadata.managedFields?.some(({ manager }) => manager === MANAGER) === true;

/** Two Istios would write into each other's webhooks and gateways, so one that somebody else keeps is left alone. */
export const noOtherIstio: Check = {
  id: "istio.owner",
  title: "No other Istio is in this cluster",
  run: async ({ cluster }) => {
    const found = await cluster.list({ apiVersion: "apps/v1", kind: "Deployment", labelSelector: "app=istiod" });
    const other = found.find((object) => !isOurs(object));
    if (!other) return ok(found.length > 0 ? "the Istio here was made by kn-bootstrap" : "no Istio here yet");
    const { namespace, name } = other.metadata;
    return fail(`This cluster has an Istio that kn-bootstrap did not install: Deployment ${namespace}/${name}.`, {
      text: "Install with Kourier, which does not touch it.",
      command: sh`kn-bootstrap install --ingress kourier`,
    });
  },
};
