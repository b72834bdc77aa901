import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { JSON_SCHEMA, load } from "js-yaml";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { loadCatalog } from "../../src/releases/index.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, ".github/workflows");

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
type Combination = Readonly<Record<string, string>>;
interface Job {
  readonly "runs-on": string;
  readonly "timeout-minutes": number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string;
  readonly strategy?: {
    readonly matrix: Readonly<Record<string, readonly string[]>> & { readonly include?: readonly Combination[] };
  };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: unknown;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = readdirSync(folder).map((name) => {
  const workflow = load(readFileSync(join(folder, name), "utf8"), { schema: JSON_SCHEMA }) as Workflow;
  return { name, workflow, jobs: Object.values(workflow.jobs) };
});
const steps = workflows.flatMap(({ name, jobs }) => jobs.flatMap((job) => job.steps.map((step) => ({ name, step }))));
const scripts = steps.flatMap(({ name, step: { run } }) => (run === undefined ? [] : [{ name, run }]));

// They run at GitHub only: what can be seen from here is looked at here.
describe("the workflows", () => {
  it("may read, and no more than their jobs say", () => {
    expect(workflows.map(({ name }) => name).sort()).toEqual(["check.yml", "e2e.yml", "release.yml"]);
    for (const { name, workflow, jobs } of workflows) {
      expect(workflow.permissions, name).toEqual({ contents: "read" });
      for (const job of jobs) expect(job["timeout-minutes"], name).toBeGreaterThan(0);
    }
    const writing = workflows.flatMap(({ name, jobs }) =>
      jobs.flatMap(({ permissions }) => (permissions ? [name] : [])),
    );
    expect(writing).toEqual(["release.yml"]);
  });

  it("run scripts that a shell understands, with files and npm scripts that there are", () => {
    expect(scripts.length).toBeGreaterThan(8);
    for (const { name, run } of scripts) {
      const text = run.replaceAll(/\$\{\{.*?\}\}/g, "value");
      expect(spawnSync("bash", ["-n", "-c", text], { encoding: "utf8" }), `${name}: ${run}`).toMatchObject({
        status: 0,
      });
      for (const [, file = ""] of text.matchAll(/(?:node|bash) ([\w./-]+\.ts|\.ci\/\w+)/g))
        expect(existsSync(join(root, file)), file).toBe(true);
      for (const [, script = ""] of text.matchAll(/npm run (?:--\S+ )*(\S+)/g))
        expect(Object.keys(packageJson.scripts), name).toContain(script);
    }
  });

  it("use only actions of GitHub itself, each by its commit, and no expression that puts somebody's text into a script", () => {
    for (const { step } of steps) if (step.uses) expect(step.uses).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/);
    for (const { step } of steps)
      if (step.uses?.startsWith("actions/checkout@")) expect(step.with).toMatchObject({ "persist-credentials": false });
    for (const { run } of scripts) expect(run).not.toMatch(/\$\{\{\s*github\.(event|head_ref)/);
  });

  it("try every version that the catalog can be asked for, on the oldest server that can run it", async () => {
    const { workflow } = workflows.find(({ name }) => name === "e2e.yml") ?? {};
    const { knative, include } = workflow?.jobs.kind?.strategy?.matrix ?? {};
    const { minors, resolve: release } = await loadCatalog();
    expect(knative).toEqual(minors);
    expect(include?.map(({ knative, node }) => [knative, node?.replace(/^v|\.\d+$/g, "")])).toEqual(
      minors.map((minor) => [minor, release(minor).minimumKubernetes]),
    );
  });

  it("build and test without rights, and hand on what was tested in a job that runs nothing of it", () => {
    const { workflow } = workflows.find(({ name }) => name === "release.yml") ?? {};
    const { build, publish } = workflow?.jobs ?? {};
    const runs = (job: Job | undefined): readonly string[] => job?.steps.flatMap(({ run }) => run ?? []) ?? [];
    const built = runs(build).join("\n");
    const order = ['GITHUB_REF_NAME" = ', "bash .ci/run", "scripts/pack.ts", "sha256sum"].map((text) =>
      built.indexOf(text),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(build?.permissions).toBeUndefined();
    expect(publish).toMatchObject({ needs: "build", permissions: { contents: "write", "id-token": "write" } });
    expect(publish?.steps.map(({ uses = "" }) => uses.split("@")[0])).not.toContain("actions/checkout");
    expect(runs(publish)[0]).toContain("sha256sum --check");
    expect(runs(publish).join("\n")).toMatch(/npm publish packed\/\S+ --ignore-scripts --provenance/);
    expect(runs(publish).join("\n")).not.toMatch(/npm (ci|install|run|exec)|npx|node |bash /);
  });

  it("give a secret only as a variable that the program reads itself", () => {
    for (const { run } of scripts) expect(run).not.toMatch(/secrets\.|github\.token|"\$\{?\w*TOKEN/);
  });

  it("install what is locked: every package with its digest, every image by its own", () => {
    const files = [".ci/run", ".ci/real-parts", "Dockerfile"].map((name) => readFileSync(join(root, name), "utf8"));
    for (const text of [...scripts.map(({ run }) => run), ...files])
      for (const [line] of text.matchAll(/npm (?:i|install|exec)\b.*|(?<![\w/])npx .*/g))
        expect(line).toMatch(/packed\/kn-bootstrap/);
    for (const [, image] of (files.at(-1) ?? "").matchAll(/^FROM (\S+)/gm))
      expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
    for (const name of ["package-lock.json", ".ci/node22/package-lock.json"]) {
      const { packages } = JSON.parse(readFileSync(join(root, name), "utf8")) as {
        packages: Record<string, { integrity?: string; resolved?: string }>;
      };
      const { "": _root, ...installed } = packages;
      expect(Object.entries(installed).filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
      expect(Object.values(installed).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
    }
  });

  it("try the oldest Node that the package promises, and a newer one", () => {
    const { workflow } = workflows.find(({ name }) => name === "check.yml") ?? {};
    const nodes = workflow?.jobs.package?.strategy?.matrix.node ?? [];
    expect(packageJson.engines.node).toBe(`>=${nodes[0]}`);
    expect(nodes).toContain("24");
  });
});
