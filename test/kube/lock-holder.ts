import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { thisProcess } from "../../src/cli/holder.ts";
import { withLock } from "../../src/kube/lock.ts";

/** A process that holds the lock and writes once every 50 ms, or only waits; it says what happens to it, line by line. */
const [kubeconfig = "", name = "", waits] = process.argv.slice(2);
const itself = thisProcess();
const holder = name === "itself" ? itself.name : name;
const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const times = { duration: 1_500, renewEvery: 300, freshFor: 800, lookEvery: 50 };
try {
  await withLock(
    cluster,
    {
      holder,
      isDead: itself.isDead,
      times,
      signal: new AbortController().signal,
      timeoutMs: 60_000,
      onWaiting: () => say("waiting"),
    },
    async (guarded, lost) => {
      say("held");
      while (waits && !lost.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let count = 0; !lost.aborted; count++) {
        const data = { holder, count: String(count) };
        await guarded.apply(
          { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "kn-bootstrap", name }, data },
          { manager: "holder" },
        );
        say("wrote");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw lost.reason;
    },
  );
} catch (error) {
  const { id, message } = error as { id?: string; message: string };
  say(`stopped ${id} ${message}`);
}
cluster.close();
