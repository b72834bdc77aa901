import { type Check, ok, warn } from "../../core/check.ts";
import { sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";

const AMBIENT = "istio.io/dataplane-mode";
/** Labels of a namespace by which its pods get sidecars. */
const INJECTION: readonly (readonly [key: string, isOn: (value: string) => boolean])[] = [
  ["istio-injection", (value) => value === "enabled"],
  ["istio.io/rev", () => true],
];

/** Somebody else may have put Knative's namespace into a mesh, or be about to. */
export const noOtherMesh = (mesh: boolean): Check => ({
  id: "mesh.namespace",
  title: "Knative's namespace is in the mesh that was chosen",
  run: async ({ cluster }) => {
    const live = await cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE });
    const { labels = {} } = live?.metadata ?? {};
    const off = (key: string) => sh`kubectl label namespace ${KNATIVE} ${`${key}-`}`;
    if (labels[AMBIENT] === "ambient")
      return warn(
        `Namespace ${KNATIVE} is labelled ${AMBIENT}=ambient: Knative in an ambient mesh is neither supported by its project nor offered here.`,
        { text: "Take the label off:", command: off(AMBIENT) },
      );
    const found = INJECTION.find(([key, isOn]) => labels[key] !== undefined && isOn(labels[key]));
    if (!found || mesh) return ok(mesh ? "it is taken into the mesh by --mesh" : "it is in none");
    const [key] = found;
    return warn(
      `Namespace ${KNATIVE} is labelled ${key}=${labels[key]}: every pod of Knative gets a sidecar, also those that are called from outside the mesh.`,
      {
        text: "Choose --mesh, which gives sidecars to those that need them, or take the label off:",
        command: off(key),
      },
    );
  },
});
