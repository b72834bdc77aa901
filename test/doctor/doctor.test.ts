import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
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
    // One day the support of this release has ended.
    const { code, stdout } = await kn(world, ["doctor", "--skip", "knative.support"]);
    expect(stdout).toMatch(/^\S+: all is well \(\d+ checks in \d+\.\d s\)\.\n$/);
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

  it("looks at several clusters at once: a line for each, then those that are not well", async () => {
    const config = load(await readFile(world.kubeconfig, "utf8")) as Record<string, Record<string, unknown>[]>;
    const [cluster, context] = [config.clusters?.[0], config.contexts?.[0]];
    const away = { name: "away", cluster: { server: "https://127.0.0.1:1" } };
    const contexts = [context, { name: "far", context: { ...(context?.context as object), cluster: "away" } }];
    const kubeconfig = join(folder, "several");
    await writeFile(kubeconfig, JSON.stringify({ ...config, clusters: [cluster, away], contexts }));
    const several = await kn({ ...world, kubeconfig }, ["doctor", "--contexts", "rehearsal,far"]);
    expect(several.stdout).toMatch(/^2 clusters\nrehearsal +well\nfar +not reached +\S/);
    expect(several.code).toBe(3);
    const inForm = async (format: string) =>
      (await kn({ ...world, kubeconfig }, ["doctor", "--contexts", "rehearsal,far", "--format", format])).stdout;
    expect(await inForm("short")).toMatch(/^rehearsal: \S.*\nfar: not reached: \S.*\n$/);
    expect(await inForm("markdown")).toMatch(/\n## far: not reached\n\n\S/);
    const lines = (await inForm("json"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ type: "doctor", context: "rehearsal", verdict: "ok" }),
      expect.objectContaining({ type: "doctor", context: "far", verdict: "unknown", problem: expect.any(String) }),
    ]);
    expect((await kn({ ...world, kubeconfig }, ["doctor", "--contexts", "rehearsal"])).code).toBe(0);
  });

  it("as of another day takes nothing that goes on by itself for late", async () => {
    const file = join(folder, "later.json");
    await kn(world, ["doctor", "--save", file]);
    const later = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    const { stdout } = await kn(world, [
      "doctor",
      "--from",
      file,
      "--at",
      later,
      "--skip",
      "knative.support,knative.next",
    ]);
    expect(stdout).toMatch(/^\S+: all is well \(\d+ checks\)\.\n$/);
  });

  it("says what it has found where it cannot be kept", async () => {
    const { code, stdout, stderr } = await kn(world, ["doctor", "--save", join(folder, "none", "x.json")]);
    expect(stdout).toMatch(/^\S+: all is well/m);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/the\s+directory\s+does not exist/) });
  });

  it("looks until nothing is wrong", async () => {
    expect((await kn(world, ["doctor", "--watch"])).code).toBe(0);
  });

  it.each([
    [["--from", "x", "--watch"], /--from does not go with --watch/],
    [["--contexts", "a,b", "--format", "junit"], /--format junit does not go with several clusters/],
    [["--check", "nothing"], /there is no such check/],
    [["--at", "yesterday"], /It is no date/],
    [["--at", "2026-02-30"], /It is no date/],
    [["--contexts", ","], /--contexts names no cluster/],
    [["--check", "canary"], /--check canary does nothing without --probe/],
    [["--watch", "--metrics-file", "x"], /--watch does not go with --metrics-file/],
    [["--fix", "--publish"], /--fix does not go with --publish/],
    [["--install-cronjob", "--contexts", "a,b"], /--install-cronjob does not go with --contexts/],
    [["--remove-cronjob", "--fix"], /--remove-cronjob does not go with --fix/],
    [["--from", tmpdir()], /it is a directory/],
  ])("refuses what cannot be meant: %j", async (args, words) => {
    const { code, stderr } = await kn(world, ["doctor", ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(words) });
  });

  it("asks only what a check needs, and explains it without a cluster", async () => {
    const one = await kn(world, ["doctor", "--check", "certificate.current", "-v"]);
    expect(one.stdout.match(/^✓ (\S+):/gm)).toEqual([
      "✓ knative.installed:",
      "✓ knative.finished:",
      "✓ certificate.usable:",
      "✓ certificate.current:",
    ]);
    const { stdout, stats } = await kn(world, ["doctor", "--explain", "network.class"]);
    expect(stdout).toMatch(/Seen in +knative\/serving#13826/);
    expect(stats.requests).toBe(0);
  });

  it("says what it can under an account that may read nothing but knative-serving", async () => {
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }];
    const metadata = { namespace: "knative-serving", name: "looker" };
    const subjects = [{ kind: "User", name: "looker", apiGroup: "rbac.authorization.k8s.io" }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "looker" };
    const api = "rbac.authorization.k8s.io/v1";
    await world.api.create("test", { apiVersion: api, kind: "Role", metadata, rules });
    await world.api.create("test", { apiVersion: api, kind: "RoleBinding", metadata, subjects, roleRef });
    const kubeconfig = join(folder, "looker");
    const theirs = await readFile(world.kubeconfig, "utf8");
    await writeFile(kubeconfig, theirs.replace(/( +)token: .*/, "$&\n$1as: looker"), { mode: 0o600 });
    const { code, stdout } = await kn({ ...world, kubeconfig }, ["doctor", "-v"], { env: { COLUMNS: "200" } });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^✓ serving\.deployments: /m);
    expect(stdout).toMatch(/^✓ config\.keys: /m);
    // What may not be read is said once for each kind, with all that is not known because of it.
    const reasons = stdout.match(/^\? could not look: .*/gm) ?? [];
    expect(reasons.length).toBeGreaterThan(0);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(stdout).not.toMatch(/bug/);
  });
});
