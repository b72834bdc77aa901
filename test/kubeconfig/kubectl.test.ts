import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { Unreachable } from "../../src/ports/cluster.ts";
import { messageOf, UserError } from "../../src/ports/error.ts";
import { sampled } from "../thorough.ts";
import { type Case, casesIn } from "./cases/index.ts";
import { findKubectl } from "./program.ts";
import { kubeWorld } from "./world.ts";

const kubectl = findKubectl();
if (!kubectl) process.stderr.write("skipped: kubectl is not on PATH (Google's or Kubernetes' own)\n");

const world = await kubeWorld();
const home = await mkdtemp(path.join(tmpdir(), "kubeconfigs-"));
afterAll(async () => {
  await world.close();
  await rm(home, { recursive: true });
});

const cases = casesIn(world);
/** Those that nobody may share: relative paths start here. */
const folderOf = (one: Case): string => path.join(home, String(cases.indexOf(one)));

const lay = async (one: Case): Promise<string> => {
  const folder = folderOf(one);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(one.files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (one.name === "a folder") await mkdir(file, { recursive: true });
    else await writeFile(file, content);
    if (name === "plugin") await chmod(file, 0o755);
  }
  return folder;
};

const flagsOf = ({ flags = ["--kubeconfig", "config"] }: Case): readonly string[] => flags;
const envOf = (one: Case, folder: string) => ({ PATH: process.env.PATH, HOME: folder, ...one.env });

/** Paths in messages and in what is asked for are those of the case; the process itself stays where it is. */
const ours = async (one: Case, folder: string): Promise<string> => {
  const flag = (name: string): string | undefined => flagsOf(one)[flagsOf(one).indexOf(name) + 1 || Number.NaN];
  const given = flag("--kubeconfig");
  const context = flag("--context");
  const env = envOf(one, folder);
  const list = one.env?.KUBECONFIG?.split(":").map((file) =>
    file === "" || file.startsWith("~") ? file : path.join(folder, file),
  );
  const cluster = await loadKubeconfig({
    ...(given ? { path: path.join(folder, given) } : {}),
    ...(context ? { context } : {}),
    env: list ? { ...env, KUBECONFIG: list.join(":") } : env,
    serviceAccount: path.join(folder, "none"),
  }).then((target) => openCluster(target, { patience: { firstContactMs: 0, midRunMs: 0 } }));
  return cluster.version().finally(cluster.close);
};

describe("a kubeconfig is read as kubectl reads it", () => {
  it("there are enough of them", () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const folder = await lay(one);
    world.taken();
    const error: unknown = await ours(one, folder).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const arrived = world.taken();
    if (one.expected instanceof RegExp) {
      expect(arrived).toEqual([]);
      if (!(error instanceof Unreachable)) expect(error).toBeInstanceOf(UserError);
      expect(messageOf(error)).toMatch(one.expected);
      if (error instanceof UserError) expect(error.id).toMatch(/^kubeconfig\./);
    } else {
      expect(error).toBeUndefined();
      expect(arrived).toEqual([one.expected]);
    }
  });

  const some = sampled(cases, 3).map((one) => [one.name, one] as const);
  it.runIf(kubectl).each(some)("kubectl itself: %s", async (_, one) => {
    const folder = await lay(one);
    world.taken();
    const code = await new Promise<number>((resolve) => {
      const child = execFile(
        kubectl ?? "",
        [...flagsOf(one), "--cache-dir", path.join(folder, "cache"), "get", "--raw", "/version"],
        { cwd: folder, env: envOf(one, folder) },
        (failure) => resolve(failure === null ? 0 : 1),
      );
      child.stdin?.end();
    });
    const arrived = world.taken();
    // Where it does something else, a later one may have come round.
    const fine = [one.expected, ...(one.kubectl ? [one.kubectl.expected] : [])].map((expected) =>
      expected instanceof RegExp || expected === "refuses" ? [1, []] : [0, [expected]],
    );
    expect(fine).toContainEqual([code, arrived]);
  });
});
