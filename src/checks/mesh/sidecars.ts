import { type Check, fail, ok, skipped } from "../../core/check.ts";
import { at, isRecord, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const deployment = (name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: KNATIVE,
  name,
});

/** Those through which requests go, or which are told of them. */
export const IN_MESH: readonly ObjectRef[] = ["activator", "autoscaler"].map(deployment);

/** Name of Envoy's container, beside the others or among those that start first. */
const PROXY = "istio-proxy";

export const hasSidecar = (pod: KubeObject): boolean =>
  ["containers", "initContainers"].some((list) => {
    const found = at(pod, "spec", list);
    return (Array.isArray(found) ? found : []).some((container) => isRecord(container) && container.name === PROXY);
  });

/** The pods of one of {@link IN_MESH}, but for those that are going. */
export const podsOf = (pods: readonly KubeObject[], { name }: ObjectRef): readonly KubeObject[] =>
  pods.filter(({ metadata }) => metadata.labels?.app === name && !metadata.deletionTimestamp);

const RESTART = {
  text: "A pod gets its sidecar when it is made, by an istiod that runs then. Make them anew:",
  command: sh`kubectl rollout restart deployment ${IN_MESH.map(({ name }) => name)} -n ${KNATIVE}`,
};

export const sidecarsThere: Check = {
  id: "mesh.sidecars",
  title: "The activator and the autoscaler have sidecars",
  run: async ({ cluster }) => {
    const pods = await cluster.list({ apiVersion: "v1", kind: "Pod", namespace: KNATIVE });
    const bare = IN_MESH.flatMap((ref) => podsOf(pods, ref)).filter((pod) => !hasSidecar(pod));
    if (bare.length === 0) return ok("each of their pods has a sidecar");
    const namespace = await cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE });
    const names = bare.map(({ metadata }) => metadata.name).join(", ");
    return namespace?.metadata.labels?.["istio-injection"] === "disabled"
      ? fail(`Namespace ${KNATIVE} is labelled istio-injection=disabled, so that ${names} got none`, {
          text: "Take the label off, and make the pods anew:",
          command: sh`kubectl label namespace ${KNATIVE} istio-injection-`,
        })
      : fail(`no sidecar is in ${names}`, RESTART);
  },
};

export const sidecarsFound = healthCheck({
  ...sidecarsThere,
  id: "mesh.sidecars",
  needs: ["serving.deployments"],
  reads: [...FOUND_BY, "Pod", "Namespace"],
  meaning:
    "With `--mesh`, requests go through the activator by mutual TLS: without its sidecar, pods that ask for that refuse it.",
  todo: "Make the pods anew while istiod runs; take the label `istio-injection=disabled` off the namespace.",
  run: async (ctx, memory) =>
    (await findInstallation(ctx.cluster)).choices.mesh === true
      ? sidecarsThere.run(ctx, memory)
      : skipped("Knative is in no mesh, as was chosen"),
});
