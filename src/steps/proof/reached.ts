import type { Reached } from "../../checks/proven.ts";
import { blank } from "../../core/blank.ts";
import { findAddress, REACHED, reachedText } from "../../ingress/address.ts";
import { managerFor } from "../../kube/inventory.ts";
import { STATE } from "../../kube/prior.ts";
import type { KubeObject } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { step } from "../part.ts";

/** Writes down at which ports the proof was answered, so that every URL that is shown later opens without asking again (decision 16). */
export const keepReached = ({ config, ingress }: Installation, reached: Reached) =>
  step({
    id: "reached",
    title: "Keep the ports that answered",
    undo: "Forget the ports that answered",
    needs: ["proof"],
    plan: async (ctx) => {
      // Nothing is proved anew.
      if (ctx.mode === "settled") return [];
      const address = await findAddress(ctx.live, config, ingress);
      const kept = address && reached.ports ? reachedText(address, reached.ports) : blank("what the proof finds");
      const state: KubeObject = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: STATE.namespace ?? "", name: STATE.name },
        data: { [REACHED]: kept },
      };
      return ctx.reconcile([state], { manager: managerFor("reached"), partial: true });
    },
    absent: async () => [],
    verify: [],
  });
