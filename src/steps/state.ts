import { HOME, managerFor } from "../core/inventory.ts";
import { deletions } from "../core/plan.ts";
import type { Step } from "../core/step.ts";
import type { KubeObject, ObjectRef } from "../ports/object.ts";
import type { Installation, Removal } from "./installation.ts";

export const STATE: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: HOME, name: "state" };

/** As it is written, our label included. */
export const homeNamespace: KubeObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: HOME, labels: { "app.kubernetes.io/name": "kn-bootstrap" } },
};

/** The namespace that outlives an uninstall (rule 11), and what was chosen. Never what proves ownership (rule 4). */
export const state = ({ manifests, choices }: Installation, removal?: Removal): Step => ({
  id: "state",
  title: "Prepare namespace kn-bootstrap",
  undo: removal?.purge ? "Remove namespace kn-bootstrap" : "Keep namespace kn-bootstrap",
  needs: [],
  plan: (ctx) =>
    ctx.reconcile([
      homeNamespace,
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: HOME, name: STATE.name },
        data: { choices: JSON.stringify(choices, null, 2), versions: JSON.stringify(manifests.versions, null, 2) },
      },
    ]),
  absent: async (_ctx, owned) => (removal?.purge ? deletions(owned.filter(({ kind }) => kind === "Namespace")) : []),
  verify: [],
});

/** What the proof was about; another value means that it has to be given again. */
export const PROVED = "proved";

/** Writes down that the proof succeeded, so that a run that was cut off before it gives it again. */
export const provedState = (fingerprint: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: HOME, name: STATE.name },
  data: { [PROVED]: fingerprint },
});
export const PROOF_MANAGER = managerFor("proof");
