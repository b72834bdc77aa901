import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { type LockOptions, withLock } from "../../src/kube/lock.ts";
import type { ClusterWrite, LockableCluster } from "../../src/ports/cluster.ts";
import type { KubeObject, ObjectRef } from "../../src/ports/object.ts";
import { stage } from "../engine/cli.ts";

/** Rule 10, twenty times as fast. */
export const times = { duration: 1_500, renewEvery: 300, freshFor: 800, lookEvery: 50 };

export const HOME: ObjectRef = { apiVersion: "v1", kind: "Namespace", name: "kn-bootstrap" };
export const noteRef = (name: string): ObjectRef => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "kn-bootstrap",
  name,
});
export const note = (name: string, finalizers: readonly string[] = []): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: "kn-bootstrap", name, finalizers: [...finalizers] },
});

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A rehearsal world with the lock's namespace. */
export const openScene = async () => {
  const world = await stage();
  const cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
  const makeHome = async (): Promise<void> => {
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: HOME.name } }, { manager: "test" });
  };
  await makeHome();
  const lock = <T>(
    holder: string,
    work: (cluster: ClusterWrite, lost: AbortSignal) => Promise<T>,
    options: Partial<LockOptions> & { readonly through?: LockableCluster } = {},
  ): Promise<T> => {
    const { through = cluster, ...others } = options;
    const signal = new AbortController().signal;
    return withLock(through, { holder, times, signal, timeoutMs: 10_000, onWaiting: () => {}, ...others }, work);
  };
  const close = async (): Promise<void> => {
    cluster.close();
    await world.close();
  };
  return { kubeconfig: world.kubeconfig, cluster, makeHome, lock, close };
};
export type LockScene = Awaited<ReturnType<typeof openScene>>;
