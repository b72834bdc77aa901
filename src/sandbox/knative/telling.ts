import { recordEvent } from "../kubernetes/events.ts";
import type { Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { StatusError } from "../types.ts";

/**
 * Every reconciler of Knative says in an Event of its object what a reconciliation ended with (knative.dev/pkg, the generated reconciler);
 * a conflict is tried again in silence.
 */
export const telling = ({ api }: Stage, apiVersion: string, kind: string, reconciler: Reconciler): Reconciler => ({
  ...reconciler,
  reconcile: async (key) => {
    try {
      return await reconciler.reconcile(key);
    } catch (error) {
      const [namespace = "", name = ""] = key.split("/");
      const object = api.get({ apiVersion, kind, namespace, name });
      if (object && error instanceof StatusError && error.status.code !== 409)
        await recordEvent(api, `${kind.toLowerCase()}-controller`, object, "Warning", "InternalError", error.message);
      throw error;
    }
  },
});
