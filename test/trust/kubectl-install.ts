import { setTimeout as sleep } from "node:timers/promises";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { byWave, wave } from "../../src/kube/inventory.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import { StatusError } from "../../src/sandbox/types.ts";
import type { Scene } from "./scene.ts";

/** A Knative Serving that somebody applied with kubectl, with values of their own in its configuration. */
export const kubectlInstall = async ({ api, kubeconfig }: Scene): Promise<void> => {
  const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
  const objects = ["serving-crds.yaml", "serving-core.yaml"]
    .flatMap((asset) => standInObjects("serving", "1.23.0", asset) as readonly KubeObject[])
    // Only their webhook lets these in, and it does not run yet.
    .filter(({ apiVersion }) => !apiVersion.startsWith("networking.internal"))
    .toSorted(byWave);
  for (const group of Map.groupBy(objects, ({ kind }) => wave(kind)).values())
    await Promise.all(group.map((object) => cluster.apply(object, { manager: "kubectl" })));
  cluster.close();
  for (const [name, key, value] of [
    ["config-network", "ingress-class", "contour.ingress.networking.knative.dev"],
    ["config-domain", "theirs.example.com", ""],
  ] as const) {
    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name };
    await once(() =>
      api.update("kubectl-edit", ref, (draft) => {
        draft.data[key] = value;
      }),
    );
  }
};

/** Tries until Knative's webhook answers. */
const once = async (edit: () => Promise<unknown>): Promise<void> => {
  for (let tries = 1; tries < 500; tries++) {
    try {
      await edit();
      return;
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.code !== 500) throw error;
    }
    await sleep(5);
  }
};
