import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";

const INSTALL = ["install", "--yes", "--skip-checks", "proof.zero", "--tls", "self-signed", "--dns", "magic"];

describe("doctor, at a cluster that was rehearsed", { timeout: patient(60_000) }, () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-doctor-"));
    world = await stage();
    const { code, stderr } = await kn({ ...world, standIns: true }, INSTALL);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  }, patient(60_000));
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("says one line when all is well", async () => {
    const { code, stdout } = await kn(world, ["doctor"]);
    expect(stdout).toMatch(/^\d+ checks in \d\.\d s: all is well at context \S+\.\n$/);
    expect(code).toBe(0);
  });

  it("says the same of what it has kept, in every form, without a cluster", async () => {
    const file = join(folder, "well.json");
    const saved = await kn(world, ["doctor", "--save", file]);
    expect(saved.code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    expect(text).not.toMatch(/PRIVATE KEY/);
    const nowhere = { kubeconfig: join(folder, "none") };
    for (const format of ["text", "short", "json", "junit", "markdown", "sarif"]) {
      const first = await kn(nowhere, ["doctor", "--from", file, "--format", format]);
      const second = await kn(nowhere, ["doctor", "--from", file, "--format", format]);
      expect(first).toEqual(second);
      expect(first.code).toBe(saved.code);
    }
    const [live, kept] = await Promise.all([
      kn(world, ["doctor", "-v"]),
      kn(nowhere, ["doctor", "--from", file, "-v"]),
    ]);
    const findings = (said: string) => said.split("\n").slice(0, -2);
    expect(findings(kept.stdout)).toEqual(findings(live.stdout));
  });
});
