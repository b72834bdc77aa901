import { deploymentsAvailable } from "../../checks/deployments.ts";
import { IN_MESH, sidecarsThere } from "../../checks/mesh/sidecars.ts";
import { findIstio } from "../../ingress/istio/found.ts";
import { managerFor } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { at, type KubeObject, type ObjectRef, textAt } from "../../ports/object.ts";
import type { Reader } from "../../ports/reader.ts";
import { heldBy } from "../held.ts";
import type { Installation } from "../installation.ts";
import { step } from "../part.ts";

export const INJECT = "sidecar.istio.io/inject";
/** Since this minor of Istio a sidecar starts before the other containers and ends after them, on every server that it supports. */
const NATIVE_SINCE = 27;
/** Before it: the process meets its sidecar ready, and the sidecar waits for requests under way as upstream's mesh has it. */
const CLASSIC = JSON.stringify({ holdApplicationUntilProxyStarts: true, terminationDrainDuration: "20s" });

/** The kubelet is in no mesh: the sidecar answers its probes. The default, which a mesh may have turned off. */
const PROBES = { "sidecar.istio.io/rewriteAppHTTPProbers": "true" };

/** How pods get into the mesh of the istiod that is there, or of the one that `release` is the version of. */
export interface Joining {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of Istio; undefined: nothing says it. */
  readonly version: string | undefined;
  /** What the sidecars run in; undefined: no istiod is there that says it. */
  readonly image: string | undefined;
}

/** By the revision, or a tag of it, where istiod has another than `default`: the label `true` alone would mean that one. */
export const joining = async (reader: Pick<Reader, "list">, release: string | undefined): Promise<Joining> => {
  const { istiods } = await findIstio(reader);
  const istiod = istiods.find(({ revision }) => revision === "default") ?? istiods[0];
  const version = istiod && !istiod.isOurs ? istiod.version : release;
  const isNamed = istiod !== undefined && istiod.revision !== "default";
  const isClassic = version !== undefined && Number(version.split(".")[1]) < NATIVE_SINCE;
  return {
    labels: { [INJECT]: "true", ...(isNamed ? { "istio.io/rev": istiod.tags[0] ?? istiod.revision } : {}) },
    annotations: { ...PROBES, ...(isClassic ? { "proxy.istio.io/config": CLASSIC } : {}) },
    version,
    image:
      istiod &&
      imagesOf(istiod.deployment)
        .find((image) => PILOT.test(image))
        ?.replace(PILOT, "proxyv2"),
  };
};

const PILOT = /(?<=^|\/)pilot(?=[-:@])/;

/** Of the pods of a workload. */
export const imagesOf = (deployment: KubeObject): readonly string[] => {
  const containers = at(deployment, "spec", "template", "spec", "containers");
  return (Array.isArray(containers) ? containers : []).map((container) => textAt(container, "image"));
};

const bare = ({ apiVersion, kind, namespace = "", name }: ObjectRef): KubeObject => ({
  apiVersion,
  kind,
  metadata: { namespace, name },
});

/** A new version of Istio rolls the pods: a sidecar is as old as its pod. */
const joined = (ref: ObjectRef, { labels, annotations, version }: Joining): KubeObject => ({
  ...bare(ref),
  spec: {
    template: {
      metadata: { labels, annotations: { ...annotations, ...(version ? { "kn-bootstrap/istio": version } : {}) } },
    },
  },
});

/**
 * Asks for the sidecars once istiod runs: a pod that is made before that has none, and nobody notices. So these labels are no part of the
 * release's own objects, which are applied before Istio is there.
 */
export const sidecars = (install: Installation) => {
  const { config, manifests } = install;
  const manager = managerFor("mesh-sidecars");
  const fields = async (ctx: PlanContext): Promise<readonly KubeObject[]> => {
    if (!config.mesh) return heldBy(ctx, manager, IN_MESH.map(bare));
    const how = await joining(ctx.live, manifests.versions.istio);
    return IN_MESH.map((ref) => joined(ref, how));
  };
  return step({
    id: "mesh-sidecars",
    title: config.mesh ? "Take Knative into the mesh" : "Keep Knative out of the mesh",
    undo: "Let Knative go from the mesh",
    needs: config.mesh ? ["ingress", "webhook"] : ["webhook", "mesh-policy"],
    before: ["proof"],
    plan: async (ctx) => ctx.reconcile(await fields(ctx), { manager, partial: true }),
    absent: async () => [],
    verify: [deploymentsAvailable("serving.deployments", IN_MESH), ...(config.mesh ? [sidecarsThere] : [])],
  });
};
