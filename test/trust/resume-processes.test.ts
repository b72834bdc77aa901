import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { thisProcess } from "../../src/cli/holder.ts";
import { kn } from "../engine/cli.ts";
import { sampled } from "../thorough.ts";
import type { Contents } from "./contents.ts";
import { isWrite, openScene, type Scene } from "./scene.ts";
import { hasUpstream, UPSTREAM } from "./upstream.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const INSTALL = ["install", "--yes", "--knative-version", "1.23"];

const cases = [
  {
    title: "an uninstall",
    standIns: true,
    here: true,
    before: [INSTALL],
    command: ["uninstall", "--yes"],
    at: [1, 30, 70],
  },
  {
    title: "an install",
    standIns: false,
    here: hasUpstream,
    before: [],
    command: [...INSTALL, "--manifests", UPSTREAM],
    // Before the proof: a process of its own does not know where the rehearsal's gateway listens.
    at: [2, 20, 60],
  },
];

describe.each(cases.filter(({ here }) => here))("$title that gets SIGKILL", ({ standIns, before, command, at }) => {
  let scene: Scene;
  let onWrite = (): void => {};
  let expected: Contents;
  const prepare = async (): Promise<void> => {
    scene = await openScene({
      standIns,
      onRequest: (request) => {
        if (isWrite(request)) onWrite();
        return undefined;
      },
    });
    for (const args of before) expect((await scene.run(...args)).code).toBe(0);
  };

  beforeAll(async () => {
    await prepare();
    expect((await scene.run(...command)).code).toBe(0);
    expected = await scene.contents();
    await scene.close();
  });
  afterEach(() => scene.close());

  it.each(sampled(at, 3))("at write %i is finished by the next run", async (n) => {
    await prepare();
    const child = spawn(process.execPath, [MAIN, ...command], {
      env: { ...process.env, KUBECONFIG: scene.kubeconfig },
      stdio: "ignore",
    });
    let writes = 0;
    onWrite = () => {
      if (++writes === n) child.kill("SIGKILL");
    };
    const [, signal] = await once(child, "exit");
    onWrite = () => {};
    expect(signal).toBe("SIGKILL");
    // As the program itself knows it: the holder is a process of this machine that is no more.
    const again = await kn({ ...scene, standIns }, command, { holder: thisProcess() });
    expect(again.code, again.stderr).toBe(0);
    await scene.settlesAs(expected, `killed at write ${n}`);
  });
});
