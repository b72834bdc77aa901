import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holderOn, type Machine, thisProcess } from "../../src/cli/holder.ts";
import { LEASE } from "../../src/kube/lease.ts";
import { dataOf } from "../../src/ports/object.ts";
import { type LockScene, noteRef, openScene, sleep, times } from "./lock-scene.ts";

/** A process and what it has said so far. */
const start = (kubeconfig: string, holder: string, ...options: readonly string[]) => {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, "lock-holder.ts"), kubeconfig, holder, ...options],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trim().split("\n")));
  const said = async (line: string, ms = 15_000): Promise<void> => {
    const until = Date.now() + ms;
    while (!lines.some((one) => one.startsWith(line))) {
      if (Date.now() > until) throw new Error(`${holder} never said "${line}": ${lines.slice(-5).join(", ")}`);
      await sleep(20);
    }
  };
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return { child, lines, said, ended };
};

describe("the lock", () => {
  let scene: LockScene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  it("lets two installers work one after the other, and is gone after them", async () => {
    const waiting: string[] = [];
    const onWaiting = (reason: string): void => void waiting.push(reason);
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await sleep(200);
      inside -= 1;
    };
    await Promise.all([scene.lock("a", work, { onWaiting }), scene.lock("b", work, { onWaiting })]);
    expect(waiting[0]).toMatch(/another installer \((a|b)\) is at work/);
    expect(await scene.cluster.get(LEASE)).toBeUndefined();
  });

  it("gives up waiting after its time and names the holder", async () => {
    await scene.lock("a", async () => {
      await expect(scene.lock("b", async () => {}, { timeoutMs: 300 })).rejects.toMatchObject({
        id: "lock.busy",
        kind: "failed",
        message: expect.stringContaining("(a)"),
      });
    });
  });

  it("keeps the lock as long as it works, longer than the Lease", async () => {
    await scene.lock("a", async (_cluster, lost) => {
      await sleep(times.duration * 1.5);
      expect(lost.aborted).toBe(false);
      expect(await scene.cluster.get(LEASE)).toMatchObject({ spec: { holderIdentity: "a" } });
    });
  });

  it("is taken over from a dead installer", async () => {
    const dead = start(scene.kubeconfig, "dead");
    await dead.said("wrote");
    dead.child.kill("SIGKILL");
    await dead.ended;
    const began = Date.now();
    await scene.lock("heir", async () => {});
    expect(Date.now() - began).toBeGreaterThan(times.duration * 0.9);
  });

  it("a paused installer does not write after it was taken over", async () => {
    const paused = start(scene.kubeconfig, "paused");
    await paused.said("wrote");
    paused.child.kill("SIGSTOP");
    await scene.lock("heir", async () => {
      const before = await scene.cluster.get(noteRef("paused"));
      paused.child.kill("SIGCONT");
      await paused.said("stopped");
      expect(paused.lines.at(-1)).toMatch(/^stopped lock.lost Another installer \(heir\)/);
      const after = await scene.cluster.get(noteRef("paused"));
      // At most the request that was already on its way when it was stopped.
      expect(Number(dataOf(after).count) - Number(dataOf(before).count)).toBeLessThanOrEqual(1);
    });
    await paused.ended;
  });

  it.each([
    ["that writes", []],
    ["that waits", ["waits"]],
  ])("a paused installer %s notices that another one took over and has finished", async (_, how) => {
    const paused = start(scene.kubeconfig, "asleep", ...how);
    await paused.said(how.length > 0 ? "held" : "wrote");
    const written = () => scene.cluster.get(noteRef("asleep"));
    paused.child.kill("SIGSTOP");
    await scene.lock("heir", async () => {});
    expect(await scene.cluster.get(LEASE)).toBeUndefined();
    const before = await written();
    paused.child.kill("SIGCONT");
    await paused.said("stopped");
    expect(paused.lines.at(-1)).toMatch(/^stopped lock.gone .*another installer took over.*has finished/);
    // At most the request that was already on its way when it was stopped.
    expect(Number(dataOf(await written()).count ?? 0) - Number(dataOf(before).count ?? 0)).toBeLessThanOrEqual(1);
    await paused.ended;
  });

  it("is taken at once from a killed installer of this machine, and from a living one not at all", async () => {
    const other = start(scene.kubeconfig, "itself");
    await other.said("wrote");
    const { isDead } = thisProcess();
    await expect(scene.lock("heir", async () => {}, { timeoutMs: 300, isDead })).rejects.toMatchObject({
      id: "lock.busy",
    });
    other.child.kill("SIGKILL");
    await other.ended;
    const waiting: string[] = [];
    await scene.lock("heir", async () => {}, { isDead, onWaiting: (reason) => waiting.push(reason) });
    expect(waiting).toEqual([]);
  });

  it("is not taken from a living installer on another machine of the same name", async () => {
    const machine = (place: string): Machine => ({
      host: "runner",
      pid: place === "boot-1" ? 4711 : 815,
      place: () => place,
      processAt: (pid) => (pid === (place === "boot-1" ? 4711 : 815) ? { began: "1" } : undefined),
    });
    const [first, second] = [holderOn(machine("boot-1")), holderOn(machine("boot-2"))];
    const order: string[] = [];
    const one = scene.lock(first.name, async () => {
      order.push("first");
      await sleep(times.duration * 1.2);
      order.push("first is done");
    });
    while (order.length === 0) await sleep(10);
    await Promise.all([one, scene.lock(second.name, async () => void order.push("second"), { isDead: second.isDead })]);
    expect(order).toEqual(["first", "first is done", "second"]);
  });

  it("a paused installer that nobody replaced goes on", async () => {
    const paused = start(scene.kubeconfig, "napping");
    await paused.said("wrote");
    paused.child.kill("SIGSTOP");
    await sleep(times.duration + 200);
    const before = paused.lines.length;
    paused.child.kill("SIGCONT");
    const until = Date.now() + 5_000;
    while (paused.lines.length < before + 3 && Date.now() < until) await sleep(20);
    expect(paused.lines.slice(before)).toContain("wrote");
    paused.child.kill("SIGKILL");
    await paused.ended;
  });
});
