import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { loadCatalog, versionOf } from "../../src/releases/catalog.ts";
import { sampled } from "../thorough.ts";
import { kn, type Outcome, stage } from "./cli.ts";

const UPSTREAM = resolve(import.meta.dirname, "../../../shared/upstream");
const isReal = existsSync(join(UPSTREAM, "serving"));
if (!isReal)
  process.stderr.write(
    "minors: installed from stand-ins, as the released manifests are not here (../shared/upstream)\n",
  );

const catalog = await loadCatalog();
const { minors } = catalog;
/** The oldest, one between and the newest. */
const rows = sampled(minors, Math.ceil(minors.length / 2)).map((minor) => {
  const release = catalog.resolve(minor);
  return { minor, version: versionOf(release, "serving"), kubernetes: release.minimumKubernetes };
});

const told = ({ code, stats: { requests, writes } }: Outcome): string =>
  code === 0 ? `${requests} requests, ${writes} writes` : `exit ${code}`;
const table = new Map<string, string[]>();
afterAll(() => {
  const lines = [...table].map(([title, cells]) => `  ${title}: ${cells.join("; ")}\n`);
  process.stderr.write(`minors: installed; again; uninstalled\n${lines.join("")}`);
});

describe.each(rows)("Knative $version on Kubernetes $kubernetes", ({ minor, version, kubernetes }) => {
  let world: Awaited<ReturnType<typeof stage>>;
  const from = isReal ? ["--manifests", UPSTREAM] : [];
  const cells: string[] = [];
  table.set(`${version} on ${kubernetes}`, cells);
  const run = async (...args: string[]): Promise<Outcome> => {
    const outcome = await kn({ ...world, standIns: !isReal }, args);
    expect(outcome.code, outcome.stderr + outcome.stdout).toBe(0);
    return outcome;
  };

  beforeAll(async () => {
    world = await stage({ version: `v${kubernetes}.0` });
  });
  afterAll(() => world.close());

  it("is what the plan proposes where nothing newer can run, and why", async () => {
    const plan = await run("plan", ...from);
    const newest = catalog.newestFor(kubernetes) ?? "";
    expect(plan.stdout).toContain(`Install Knative Serving ${versionOf(catalog.resolve(newest), "serving")}`);
    expect(plan.stdout.includes(`Knative ${newest} is the newest that this server`)).toBe(newest !== minors.at(-1));
  });

  it("is installed, and a Service answers", async () => {
    const options = ["--hpa", "--logging", "request-logs", "--skip-tag-resolution", "ghcr.io"];
    const outcome = await run("install", "--yes", ...options, "--knative-version", minor, ...from);
    cells.push(told(outcome));
    expect(outcome.stderr).toMatch(/Prove it: a Service answers https.*from zero/s);
  });

  it("has nothing to do the second time, whatever else the server could run", async () => {
    const again = await run("install", "--yes", ...from);
    cells.push(told(again));
    expect(again.stdout.replace(/^\(.*$/gm, "").trim()).toMatch(/^Nothing to do: everything is as it should be\./);
    expect(again.stats.writes).toBe(0);
    expect((await run("status")).stdout).toContain(version);
  });

  it("goes without a trace", async () => {
    cells.push(told(await run("uninstall", "--yes", "--purge")));
    const cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
    const kinds = (await cluster.resources()).filter(({ verbs }) => verbs.includes("list") && verbs.includes("delete"));
    const left = (await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })))).flat();
    cluster.close();
    const ours = left.filter(
      ({ kind, metadata: { namespace, name } }) =>
        kind !== "Event" && /knative|kourier|kn-bootstrap/.test(`${namespace} ${name}`),
    );
    expect(ours.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`)).toEqual([]);
  });
});

it("keeps an older patch, says that a newer one is out, and takes it when asked to", async () => {
  await using scene = await stage({ version: "v1.36.2" }).then((world) => ({
    ...world,
    [Symbol.asyncDispose]: world.close,
  }));
  const run = (...args: string[]) => kn({ ...scene, standIns: true }, args);
  const first = await run("install", "--yes", "--knative-version", "1.19.3");
  expect(first.code, first.stderr).toBe(0);
  const again = await run("install", "--yes");
  expect(again.code, again.stderr).toBe(0);
  expect(again.stats.writes).toBe(0);
  expect(again.stdout).toContain("Nothing to do");
  const newest = versionOf(catalog.resolve("1.19"), "serving");
  expect(again.stdout.replace(/\s+/g, " ")).toContain(`Knative ${newest} is out; 1.19.3 runs here and is kept.`);
  const taken = await run("install", "--yes", "--knative-version", newest);
  expect(taken.code, taken.stderr).toBe(0);
  expect((await run("status")).stdout).toContain(newest);
});

it("can be rehearsed on a server of the age that is asked for", async () => {
  const rehearse = (...args: string[]) =>
    kn({ kubeconfig: "/nowhere", standIns: true }, ["rehearse", "--kubernetes", ...args]);
  const refused = await rehearse("1.30", "--knative-version", "1.23");
  expect(refused.code).toBe(2);
  expect(refused.stderr.replace(/\s+/g, " ")).toContain(
    "Knative 1.23.0 needs Kubernetes 1.34 or newer, and this server is 1.30.0.",
  );
  const unknown = await rehearse("1.27");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(/--kubernetes cannot be "1\.27"\. It takes 1\.28, .*/);
});
