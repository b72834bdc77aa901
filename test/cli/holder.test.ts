import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { holderOn, type Machine, thisMachine, thisProcess } from "../../src/cli/holder.ts";

const PROGRAM = join(import.meta.dirname, "holder-program.ts");

describe("who holds the lock", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  /** A process that says its name and stays. */
  const another = async (through: readonly string[] = []) => {
    const [command = "", ...args] = [...through, process.execPath, PROGRAM];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    const name = await new Promise<string>((resolve) =>
      child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim())),
    );
    const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
    const end = (): Promise<void> => {
      child.kill("SIGKILL");
      return ended;
    };
    return { name, child, end };
  };

  const machine = (changes: Partial<Machine> = {}): Machine => ({
    host: "runner",
    pid: 4711,
    place: () => "boot-1 pid:[4026531836]",
    processAt: (pid) => (pid === 4711 ? { began: "88000" } : undefined),
    ...changes,
  });

  it("is told by host and process, so that a person finds it", () => {
    expect(holderOn(machine()).name).toMatch(/^runner\/4711\/[\w.-]+$/);
  });

  it("no two processes have one name, on machines that are as alike as snapshots", () => {
    expect(holderOn(machine()).name).not.toBe(holderOn(machine()).name);
  });

  it("on another machine of the same name nobody is dead", () => {
    const living = holderOn(machine());
    const twin = holderOn(machine({ place: () => "boot-2 pid:[4026531836]", processAt: () => undefined }));
    expect(twin.isDead(living.name)).toBe(false);
  });

  it("nor in another container of the same machine", () => {
    const living = holderOn(machine());
    const neighbour = holderOn(machine({ place: () => "boot-1 pid:[4026532178]", processAt: () => undefined }));
    expect(neighbour.isDead(living.name)).toBe(false);
  });

  it("nor where a machine cannot be told from another", () => {
    const unknown = machine({ place: () => undefined, processAt: () => undefined });
    expect(holderOn(unknown).isDead(holderOn(unknown).name)).toBe(false);
    expect(holderOn(unknown).name).toMatch(/^runner\/4711\/\w+$/);
    expect(holderOn(unknown).isDead(holderOn(machine()).name)).toBe(false);
    expect(holderOn(machine({ processAt: () => undefined })).isDead(holderOn(unknown).name)).toBe(false);
  });

  it("a process that is gone is dead, and so is one whose number somebody else has now", () => {
    const { name } = holderOn(machine());
    expect(holderOn(machine()).isDead(name)).toBe(false);
    expect(holderOn(machine({ processAt: () => undefined })).isDead(name)).toBe(true);
    expect(holderOn(machine({ processAt: () => ({ began: "99000" }) })).isDead(name)).toBe(true);
  });

  it("one that may not be looked at is alive", () => {
    const { name } = holderOn(machine());
    expect(holderOn(machine({ processAt: () => ({ began: undefined }) })).isDead(name)).toBe(false);
  });

  it.each([
    "",
    "runner",
    "runner/4711/12345678",
    "runner pid:[4026531836]/999999/0a1b2c3d",
    "a/b/c.d.e",
    "runner/0/a.b.c",
  ])("what another program calls itself says nothing: %j", (name) => {
    expect(holderOn(machine({ processAt: () => undefined })).isDead(name)).toBe(false);
    expect(thisProcess().isDead(name)).toBe(false);
  });

  describe.skipIf(process.platform !== "linux")("with real processes", () => {
    it("a process that lives is alive, a killed one is dead", async () => {
      const { name, end } = await another();
      expect(thisProcess().isDead(name)).toBe(false);
      await end();
      expect(thisProcess().isDead(name)).toBe(true);
    });

    it("a paused one is alive", async () => {
      const { name, child } = await another();
      child.kill("SIGSTOP");
      expect(thisProcess().isDead(name)).toBe(false);
      child.kill("SIGCONT");
    });

    it("a number that is in use again does not make its first owner alive", async () => {
      const { name, end } = await another();
      await end();
      const [host, , marks] = name.split("/");
      expect(thisProcess().isDead(`${host}/${process.pid}/${marks}`)).toBe(true);
    });

    const isolated = ["unshare", "--pid", "--fork", "--kill-child"];
    const canIsolate = spawnSync("unshare", [...isolated.slice(1), "true"]).status === 0;

    it.skipIf(!canIsolate)("a process in another container is not judged, dead or alive", async () => {
      const { name, end } = await another([...isolated, "--mount-proc"]);
      expect(name.split("/")[1]).toBe("1");
      expect(thisProcess().isDead(name)).toBe(false);
      await end();
      expect(thisProcess().isDead(name)).toBe(false);
    });

    const shifted = ["unshare", "--time", "--boottime", "100000"];
    const canShift = spawnSync("unshare", [...shifted.slice(1), "true"]).status === 0;

    it.skipIf(!canShift)("nor one whose clock began at another time, although it has another start here", async () => {
      const { name } = await another(shifted);
      expect(thisProcess().isDead(name)).toBe(false);
    });

    it.skipIf(!canIsolate)("with somebody else's /proc nothing is known of processes", async () => {
      expect((await another(isolated)).name).toMatch(/^[^/]+\/1\/\w+$/);
      expect(thisMachine().place()).toBeDefined();
    });
  });
});
