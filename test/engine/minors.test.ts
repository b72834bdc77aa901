import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { loadCatalog, versionOf } from "../../src/releases/catalog.ts";
import { kn, stage } from "./cli.ts";

const UPSTREAM = resolve(import.meta.dirname, "../../../shared/upstream");
const isReal = existsSync(join(UPSTREAM, "serving"));
if (!isReal)
  process.stderr.write(
    "the minors are installed from stand-ins: the released manifests are not here (../shared/upstream)\n",
  );

const catalog = await loadCatalog();
/** The oldest, one between and the newest; each of them in thorough mode. */
const { minors } = catalog;
const sample = process.env.KN_TEST_THOROUGH ? minors : [minors[0], minors[4], minors.at(-1)];
const rows = sample.flatMap((minor) => {
  const release = catalog.resolve(minor);
  return { minor: release.minor, version: versionOf(release, "serving"), kubernetes: release.minimumKubernetes };
});

describe.each(rows)("Knative $version on Kubernetes $kubernetes", ({ minor, version, kubernetes }) => {
  let world: Awaited<ReturnType<typeof stage>>;
  const from = isReal ? ["--manifests", UPSTREAM] : [];
  const run = (...args: string[]) => kn({ ...world, standIns: !isReal }, args);

  beforeAll(async () => {
    world = await stage({ version: `v${kubernetes}.0` });
  });
  afterAll(() => world.close());

  it("is installed, and a Service answers", async () => {
    const outcome = await run(
      "install",
      "--yes",
      "--hpa",
      "--logging",
      "request-logs",
      "--knative-version",
      minor,
      ...from,
    );
    expect(outcome.code, outcome.stderr + outcome.stdout).toBe(0);
    expect(outcome.stderr).toMatch(/Prove it: a Service answers https.*from zero/s);
  });

  it("has nothing to do the second time, whatever is known by then", async () => {
    const again = await run("install", "--yes", ...from);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain("Nothing to do");
    expect(again.stats.writes).toBe(0);
    expect((await run("status")).stdout).toContain(version);
  });

  it("goes without a trace", async () => {
    const outcome = await run("uninstall", "--yes", "--purge");
    expect(outcome.code, outcome.stderr).toBe(0);
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
