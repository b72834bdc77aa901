import { isUp, keyOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { NAMESPACE } from "./names.ts";

/** Lets a reconciler work only while a Deployment of Serving lives, and over everything when it comes up. */
export const livingIn = (
  stage: Stage,
  deployment: string,
  kind: { apiVersion: string; kind: string },
  reconciler: Reconciler,
): Reconciler => ({
  ...reconciler,
  keys: (event) => {
    const { object } = event;
    const isProcess =
      object.kind === "Deployment" && object.metadata.namespace === NAMESPACE && object.metadata.name === deployment;
    if (!isProcess) return reconciler.keys(event);
    return isUp(stage.api, NAMESPACE, deployment) ? stage.api.list(kind.apiVersion, kind.kind).map(keyOf) : [];
  },
  reconcile: async (key) => (isUp(stage.api, NAMESPACE, deployment) ? await reconciler.reconcile(key) : undefined),
});

/** A last line as Knative's logger writes it before the process exits. */
export const fatal = (message: string, error: string): string =>
  JSON.stringify({ severity: "EMERGENCY", timestamp: new Date().toISOString(), message, error });

// What the newest releases are compiled with (knative.dev/pkg/version/version.go, DefaultKubernetesMinVersion).
const MINIMUM_KUBERNETES = "1.34.0";

/** Why a Knative process refuses to run on this API server. The env KUBERNETES_MIN_VERSION of its container wins. */
export const versionRefusal = (serverVersion: string, pod: Obj): string | undefined => {
  const environment: Obj[] = pod.spec.containers.flatMap((container: Obj) => container.env ?? []);
  const own = environment.find(({ name }) => name === "KUBERNETES_MIN_VERSION")?.value;
  const needed = String(own || MINIMUM_KUBERNETES).replace(/^v/, "");
  const actual = serverVersion.replace(/^v/, "");
  const [have, want] = [actual, needed].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number));
  if (!have || !want) return undefined;
  const difference = have.map((part, index) => part - (want[index] ?? 0)).find((part) => part !== 0) ?? 0;
  if (difference >= 0) return undefined;
  const error = `kubernetes version "${actual}" is not compatible, need at least "${needed}-0" (this can be overridden with the env var "KUBERNETES_MIN_VERSION")`;
  return fatal("Version check failed", error);
};
