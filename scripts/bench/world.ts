/** A sandbox in a process of its own, so that its memory and its work are not the program's. Lives as long as its parent. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { startWorld } from "../../src/sandbox/world.ts";

const node = (number: number) => ({
  name: `bench-${number}`,
  cpu: "4",
  memory: "16Gi",
  internalIP: "127.0.0.1",
  externalIP: "127.0.0.1",
});

process.on("disconnect", () => process.exit(0));
const [pace, latency] = process.argv.slice(2).map(Number);
const { kubeconfig, connectTo } = await startWorld({
  ...(pace === undefined ? {} : { pace }),
  nodes: [1, 2, 3].map(node),
  ...(latency ? { onRequest: () => sleep(latency, undefined) } : {}),
});
process.send?.({ kubeconfig, gateway: [...connectTo] });
