import { type Check, type Finding, ok, type ReadContext, skipped, warn } from "../../core/check.ts";
import { findIstio } from "../../ingress/istio/found.ts";
import { at, describe, type KubeObject, textAt } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const AMBIENT = "istio.io/dataplane-mode";
const UNSUPPORTED = "Knative in an ambient mesh is neither supported by its project nor offered here.";
/** Labels of a namespace by which its pods get sidecars. */
const INJECTION: readonly (readonly [key: string, isOn: (value: string) => boolean])[] = [
  ["istio-injection", (value) => value === "enabled"],
  ["istio.io/rev", () => true],
];

const look = async ({ cluster }: ReadContext, mesh: boolean): Promise<Finding> => {
  const live = await cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE });
  const { labels = {} } = live?.metadata ?? {};
  const off = (key: string) => sh`kubectl label namespace ${KNATIVE} ${`${key}-`}`;
  if (labels[AMBIENT] === "ambient")
    return warn(`Namespace ${KNATIVE} is labelled ${AMBIENT}=ambient: ${UNSUPPORTED}`, {
      text: "Take the label off:",
      command: off(AMBIENT),
    });
  const found = INJECTION.find(([key, isOn]) => labels[key] !== undefined && isOn(labels[key]));
  if (!found || mesh) return ok(mesh ? "it is taken into the mesh by --mesh" : "it is in none");
  const [key] = found;
  return warn(
    `Namespace ${KNATIVE} is labelled ${key}=${labels[key]}: every pod of Knative gets a sidecar, also those that are called from outside the mesh.`,
    { text: "Choose --mesh, which gives sidecars to those that need them, or take the label off:", command: off(key) },
  );
};

/** Somebody else may have put Knative's namespace into a mesh, or be about to. */
export const noOtherMesh = (mesh: boolean): Check => ({
  id: "mesh.namespace",
  title: "Knative's namespace is in the mesh that was chosen",
  run: async (ctx) => {
    const finding = await look(ctx, mesh);
    if (!mesh || finding.status !== "ok") return finding;
    const { istiods } = await findIstio(readerOf(ctx.cluster));
    const ambient = istiods.find(({ deployment }) => isAmbient(deployment));
    return ambient
      ? warn(`${describe(ambient.deployment)} has an ambient mesh as well: ${UNSUPPORTED}`, {
          text: "Go on: --mesh uses sidecars, and an ambient mesh leaves pods with sidecars alone.",
        })
      : finding;
  },
});

/** Istio's installers say so in istiod's environment (profile ambient). */
const isAmbient = (istiod: KubeObject): boolean => {
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  return list(at(istiod, "spec", "template", "spec", "containers"))
    .flatMap((container) => list(at(container, "env")))
    .some((entry) => textAt(entry, "name") === "PILOT_ENABLE_AMBIENT" && textAt(entry, "value") === "true");
};

export const meshNamespaceFound = healthCheck({
  id: "mesh.namespace",
  title: "Knative's namespace is in the mesh that was chosen",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Namespace"],
  meaning:
    "Somebody has labelled `knative-serving` for a mesh: processes that are called from outside it get sidecars, or the namespace is in an ambient mesh, which Knative's project does not support.",
  todo: "Take the label off, or install with `--ingress istio --mesh`.",
  run: async (ctx) => {
    const { choices } = await findInstallation(ctx.cluster);
    const finding = await look(ctx, choices.mesh === true);
    return finding.status === "ok" && choices.mesh !== true ? skipped("it is in no mesh") : finding;
  },
});
