import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ended, Task } from "../../src/sandbox/kubernetes/processes.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { kn, type Outcome, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { isInstalled } from "../real/programs.ts";

const IMAGE = "registry.example.com/kn-bootstrap:1";
const HOME = "kn-bootstrap";
const ACCOUNT = `system:serviceaccount:${HOME}:doctor`;
const SETUP = ["install", "--yes", "--skip-checks", "proof.zero", "--tls", "self-signed", "--dns", "none"];
const CRON = { apiVersion: "batch/v1", kind: "CronJob", namespace: HOME, name: "doctor" };
const KINDS = [
  ["batch/v1", "CronJob"],
  ["batch/v1", "Job"],
  ...["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"].map((kind) => ["rbac.authorization.k8s.io/v1", kind]),
  ["v1", "ServiceAccount"],
  ["v1", "ConfigMap"],
] as const;

describe("doctor --install-cronjob", { timeout: patient(60_000) }, () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let folder: string;
  const ran: { readonly args: readonly string[]; readonly outcome: Outcome }[] = [];
  const install = (...args: string[]) => kn(world, ["doctor", "--install-cronjob", "--yes", ...args]);
  const result = () => world.api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: HOME, name: "doctor" })?.data;
  const events = (): readonly Obj[] =>
    world.api.list("v1", "Event").filter((event) => event.source?.component === "kn-bootstrap-doctor");
  const told = () => events().map(({ type, reason, involvedObject }) => `${type} ${reason} ${involvedObject.name}`);
  /** The time of its schedule has come. */
  const look = async (): Promise<string> => {
    const job = await world.runCronJob(HOME, "doctor");
    const ref = { apiVersion: "batch/v1", kind: "Job", namespace: HOME, name: job };
    const ended = () => world.api.get(ref)?.status?.conditions?.at(-1)?.type;
    await expect.poll(ended, { timeout: patient(10_000) }).toBeDefined();
    return ended() as string;
  };
  /** What carries the step's label. */
  const ours = () =>
    KINDS.flatMap(([apiVersion = "", kind = ""]) =>
      world.api.list(apiVersion, kind).filter(({ metadata }) => {
        const step = metadata.labels?.["kn-bootstrap/step"];
        return step === "doctor" || step === "publication";
      }),
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-watch-"));
    const account = join(folder, "account");
    const work = async ({ args, env }: Task): Promise<Ended> => {
      const outcome = await kn({ ...world, kubeconfig: account }, args, { env: { ...env } });
      ran.push({ args, outcome });
      return { exitCode: outcome.code, log: outcome.stdout + outcome.stderr };
    };
    world = await stage({ images: { [IMAGE]: work } });
    const theirs = await readFile(world.kubeconfig, "utf8");
    await writeFile(account, theirs.replace(/( +)token: .*/, `$&\n$1as: ${ACCOUNT}`), { mode: 0o600 });
    const { code, stderr } = await kn({ ...world, standIns: true }, [...SETUP, "--domain", "apps.example.com"]);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  }, patient(60_000));
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ["an image", [], /--install-cronjob needs --image/],
    ["a schedule", ["--image", IMAGE, "--schedule", "daily"], /It is no schedule/],
    ["one thing at a time", ["--image", IMAGE, "--remove-cronjob"], /does not go with/],
  ])("wants %s before it changes anything", async (_what, args, words) => {
    const { code, stderr } = await install(...args);
    expect({ code, stderr: stderr.replaceAll(/\s+/g, " ") }).toEqual({ code: 2, stderr: expect.stringMatching(words) });
    expect(ours()).toEqual([]);
  });

  it("comes after a Job has looked with its account, and has nothing to do the second time", async () => {
    const first = await install("--image", IMAGE);
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(ran.map(({ args }) => args.join(" "))).toEqual(["doctor --check knative.installed -o json"]);
    expect(world.api.get(CRON)?.spec.schedule).toMatch(/^\d+-59\/15 \* \* \* \*$/);
    const second = await install("--image", IMAGE);
    expect([second.code, second.stats.writes, ran.length], second.stdout).toEqual([0, 0, 1]);
    const other = await install("--image", IMAGE, "--schedule", "0 6 * * 1-5");
    expect(other.code, other.stderr).toBe(0);
    expect(world.api.get(CRON)?.spec.schedule).toBe("0 6 * * 1-5");
  });

  it("gets no more Secrets than it asks for, and writes nothing but its result and Events", () => {
    const rules = ["Role", "ClusterRole"].flatMap((kind) =>
      world.api
        .list("rbac.authorization.k8s.io/v1", kind)
        .filter(({ metadata }) => metadata.name === "kn-bootstrap-doctor")
        .flatMap((role) => role.rules as Obj[]),
    );
    const secrets = rules.filter(({ resources }) => resources.includes("secrets"));
    expect(secrets.map(({ verbs }) => verbs)).toEqual(secrets.map(() => ["get"]));
    expect(secrets.flatMap(({ resourceNames }) => resourceNames ?? ["all"])).not.toContain("all");
    const writing = rules.filter(({ verbs }) => verbs.some((verb: string) => !["get", "list"].includes(verb)));
    expect(writing.map(({ resources }) => resources)).toEqual([["configmaps"], ["configmaps"], ["events"]]);
  });

  it("sees with its rights what the administrator sees, and publishes it", async () => {
    const mine = await kn(world, ["doctor", "-o", "json"]);
    const before = ran.length;
    const end = await look();
    const [{ outcome } = {}] = ran.slice(before);
    const statuses = (text = "") =>
      (
        JSON.parse(text.trim().split("\n").at(-1) ?? "") as {
          findings: { id: string; status: string; summary: string }[];
        }
      ).findings.map(({ id, status, summary }) => `${id}: ${status}${status === "unknown" ? `: ${summary}` : ""}`);
    expect(statuses(outcome?.stdout)).toEqual(statuses(mine.stdout));
    expect(end).toBe(mine.code === 0 ? "Complete" : "Failed");
    expect(result()).toMatchObject({ at: expect.stringMatching(/Z$/), summary: expect.any(String) });
    expect(result()?.["metrics.prom"]).toContain('kn_bootstrap_doctor_check{check="serving.webhook",status="ok"} 1\n');
    expect((await kn(world, ["status"])).stdout.replaceAll(/\s+/g, " ")).toMatch(
      /Doctor CronJob kn-bootstrap\/doctor at 0 6 \* \* 1-5 UTC, last at 20/,
    );
  });

  it("makes an Event of what is new, once, and of what is well again", async () => {
    const before = new Set(told());
    const news = () => told().filter((one) => !before.has(one));
    const network = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-network" };
    const change = (key: string, value: string) =>
      world.api.update("test", network, (draft) => {
        draft.data[key] = value;
      });
    const was = world.api.get(network)?.data["ingress-class"] as string;
    await change("ingress-class", "contour.ingress.networking.knative.dev");
    expect(await look()).toBe("Failed");
    const fresh = news();
    expect(fresh).toContain("Warning NetworkClass config-network");
    expect(fresh).not.toContain("Normal NetworkClass config-network");
    const about = events().find(({ reason }) => reason === "NetworkClass")?.involvedObject;
    expect(about.uid).toBe(world.api.get(network)?.metadata.uid);
    await look();
    expect(news()).toEqual(fresh);
    expect(result()?.summary).toMatch(/^fail network\.class: /m);
    await change("ingress-class", was);
    await look();
    expect(news()).toContain("Normal NetworkClass config-network");
  });

  it.runIf(isInstalled(["promtool"], "Debian: prometheus"))("writes metrics that promtool takes", async () => {
    const file = join(folder, "doctor.prom");
    await kn(world, ["doctor", "--metrics-file", file]);
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    const text = await readFile(file, "utf8");
    expect(execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })).toBe("");
    expect(
      execFileSync("promtool", ["check", "metrics"], { input: result()?.["metrics.prom"], encoding: "utf8" }),
    ).toBe("");
  });

  it("goes with what it has published", async () => {
    const { code, stderr } = await kn(world, ["doctor", "--remove-cronjob", "--yes"]);
    expect(code, stderr).toBe(0);
    expect(ours()).toEqual([]);
    // The installation is ours, and stays.
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: HOME })).toBeDefined();
    const again = await kn(world, ["doctor", "--remove-cronjob", "--yes"]);
    expect([again.code, again.stats.writes]).toEqual([0, 0]);
  });

  it("brings its namespace to a Knative of others, and takes it along", async () => {
    const home = { apiVersion: "v1", kind: "Namespace", name: HOME };
    await world.api.remove(home);
    await expect.poll(() => world.api.get(home), { timeout: patient(10_000) }).toBeUndefined();
    const installed = await install("--image", IMAGE);
    expect(installed.code, installed.stdout + installed.stderr).toBe(0);
    expect(installed.stdout).toMatch(/Namespace kn-bootstrap/);
    await look();
    expect(result()?.summary).toBeDefined();
    const removed = await kn(world, ["doctor", "--remove-cronjob", "--yes"]);
    expect(removed.code, removed.stderr).toBe(0);
    expect(world.api.get(home)).toBeUndefined();
    expect(ours()).toEqual([]);
    await kn(world, ["doctor", "--publish"]);
    expect(result()?.summary).toBeDefined();
    expect((await kn(world, ["doctor", "--remove-cronjob", "--yes"])).code).toBe(0);
    expect(world.api.get(home)).toBeUndefined();
  });

  it("goes with uninstall", async () => {
    expect((await install("--image", IMAGE)).code).toBe(0);
    await look();
    const outcome = await kn(world, ["uninstall", "--yes", "--keep-records"]);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(ours()).toEqual([]);
  });
});
