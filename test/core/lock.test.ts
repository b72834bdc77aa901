import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { LEASE, withLock } from "../../src/core/lock.ts";
import type { ClusterWrite, LockableCluster } from "../../src/ports/cluster.ts";
import { dataOf } from "../../src/ports/object.ts";
import { stage } from "../engine/cli.ts";

const times = { duration: 1_500, renewEvery: 300, freshFor: 800, lookEvery: 50 };

/** A process and what it has said so far. */
const start = (kubeconfig: string, holder: string) => {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, "lock-holder.ts"), kubeconfig, holder],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trim().split("\n")));
  const said = async (line: string, ms = 15_000): Promise<void> => {
    const until = Date.now() + ms;
    while (!lines.some((one) => one.startsWith(line))) {
      if (Date.now() > until) throw new Error(`${holder} never said "${line}": ${lines.slice(-5).join(", ")}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return { child, lines, said, ended };
};

describe("the lock", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let cluster: LockableCluster & { close: () => void };

  beforeAll(async () => {
    world = await stage();
    cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
    await cluster.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "kn-bootstrap" } },
      { manager: "test" },
    );
  });
  afterAll(async () => {
    cluster.close();
    await world.close();
  });

  const lock = <T>(
    holder: string,
    work: (cluster: ClusterWrite, lost: AbortSignal) => Promise<T>,
    timeoutMs = 10_000,
    waiting: string[] = [],
  ) =>
    withLock(
      cluster,
      { holder, times, signal: new AbortController().signal, timeoutMs, onWaiting: (reason) => waiting.push(reason) },
      work,
    );

  it("lets two installers work one after the other, and is gone after them", async () => {
    const waiting: string[] = [];
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 200));
      inside -= 1;
    };
    await Promise.all([lock("a", work, 10_000, waiting), lock("b", work, 10_000, waiting)]);
    expect(waiting[0]).toMatch(/another installer \((a|b)\) is at work/);
    expect(await cluster.get(LEASE)).toBeUndefined();
  });

  it("gives up waiting after its time and names the holder", async () => {
    await lock("a", async () => {
      await expect(lock("b", async () => {}, 300)).rejects.toMatchObject({
        id: "lock.busy",
        exitCode: 1,
        message: expect.stringContaining("(a)"),
      });
    });
  });

  it("keeps the lock as long as it works, longer than the Lease", async () => {
    await lock("a", async (_cluster, lost) => {
      await new Promise((resolve) => setTimeout(resolve, times.duration * 1.5));
      expect(lost.aborted).toBe(false);
      expect(await cluster.get(LEASE)).toMatchObject({ spec: { holderIdentity: "a" } });
    });
  });

  it("is taken over from a dead installer", async () => {
    const dead = start(world.kubeconfig, "dead");
    await dead.said("wrote");
    dead.child.kill("SIGKILL");
    await dead.ended;
    const began = Date.now();
    await lock("heir", async () => {});
    expect(Date.now() - began).toBeGreaterThan(times.duration * 0.9);
  });

  it("a paused installer does not write after it was taken over", async () => {
    const paused = start(world.kubeconfig, "paused");
    await paused.said("wrote");
    paused.child.kill("SIGSTOP");
    await lock("heir", async () => {
      const before = await cluster.get({
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace: "kn-bootstrap",
        name: "paused",
      });
      paused.child.kill("SIGCONT");
      await paused.said("stopped");
      expect(paused.lines.at(-1)).toBe("stopped lock.lost");
      const after = await cluster.get({
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace: "kn-bootstrap",
        name: "paused",
      });
      // At most the request that was already on its way when it was stopped.
      expect(Number(dataOf(after).count) - Number(dataOf(before).count)).toBeLessThanOrEqual(1);
    });
    await paused.ended;
  });

  it("a paused installer that nobody replaced goes on", async () => {
    const paused = start(world.kubeconfig, "napping");
    await paused.said("wrote");
    paused.child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, times.duration + 200));
    const before = paused.lines.length;
    paused.child.kill("SIGCONT");
    const until = Date.now() + 5_000;
    while (paused.lines.length < before + 3 && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(paused.lines.slice(before)).toContain("wrote");
    paused.child.kill("SIGKILL");
    await paused.ended;
  });
});
