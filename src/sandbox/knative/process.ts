import { deploymentOf } from "../kubernetes/processes.ts";
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

/** What releases are compiled with (knative.dev/pkg/version/version.go, DefaultKubernetesMinVersion): from this minor of Knative on. */
const MINIMUM_KUBERNETES: readonly (readonly [knative: number, kubernetes: string])[] = [
  [22, "1.34.0"],
  [21, "1.33.0"],
  [19, "1.32.0"],
  [18, "1.31.0"],
  [17, "1.30.0"],
  [0, "1.28.0"],
];

/** `22` of 1.22.1: the minor of the release that a Deployment belongs to, as its labels say; the newest where they say nothing. */
export const knativeMinor = ({ api }: Stage, namespace: string, deployment: string): number => {
  const found = api.get({ apiVersion: "apps/v1", kind: "Deployment", namespace, name: deployment });
  const [, minor] = (found?.metadata.labels?.["app.kubernetes.io/version"] ?? "").split(".").map(Number);
  return minor ?? Number.POSITIVE_INFINITY;
};

/** Why a Knative process refuses to run on this API server. The env KUBERNETES_MIN_VERSION of its container wins. */
export const versionRefusal = (stage: Stage, pod: Obj): string | undefined => {
  const [namespace = "", deployment = ""] = (deploymentOf(pod) ?? "").split("/");
  const minor = knativeMinor(stage, namespace, deployment);
  const compiled = MINIMUM_KUBERNETES.find(([knative]) => minor >= knative)?.[1];
  const environment: Obj[] = pod.spec.containers.flatMap((container: Obj) => container.env ?? []);
  const own = environment.find(({ name }) => name === "KUBERNETES_MIN_VERSION")?.value;
  const needed = String(own || compiled).replace(/^v/, "");
  const actual = stage.version.replace(/^v/, "");
  const [have, want] = [actual, needed].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number));
  if (!have || !want) return undefined;
  const difference = have.map((part, index) => part - (want[index] ?? 0)).find((part) => part !== 0) ?? 0;
  if (difference >= 0) return undefined;
  const error = `kubernetes version "${actual}" is not compatible, need at least "${needed}-0" (this can be overridden with the env var "KUBERNETES_MIN_VERSION")`;
  return fatal("Version check failed", error);
};
