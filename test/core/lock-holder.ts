import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { withLock } from "../../src/core/lock.ts";

/** A process that holds the lock and writes once every 50 ms; it says what happens to it, line by line. */
const [kubeconfig = "", holder = ""] = process.argv.slice(2);
const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const times = { duration: 1_500, renewEvery: 300, freshFor: 800, lookEvery: 50 };
try {
  await withLock(
    cluster,
    { holder, times, signal: new AbortController().signal, timeoutMs: 60_000, onWaiting: () => say("waiting") },
    async (guarded, lost) => {
      say("held");
      for (let count = 0; !lost.aborted; count++) {
        const data = { holder, count: String(count) };
        await guarded.apply(
          { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "kn-bootstrap", name: holder }, data },
          { manager: holder },
        );
        say("wrote");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  );
} catch (error) {
  say(`stopped ${(error as { id?: string }).id ?? String(error)}`);
}
cluster.close();
