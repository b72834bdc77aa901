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
interface Job {
  readonly "runs-on": string;
  readonly "timeout-minutes": number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
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

  it("use only actions of GitHub itself, and no expression that puts somebody's text into a script", () => {
    for (const { step } of steps) expect(step.uses ?? "actions/").toMatch(/^actions\//);
    for (const { run } of scripts) expect(run).not.toMatch(/\$\{\{\s*github\.(event|head_ref)/);
  });

  it("try every version that the catalog can be asked for", async () => {
    const { workflow } = workflows.find(({ name }) => name === "e2e.yml") ?? {};
    expect(workflow?.jobs.kind?.strategy?.matrix.knative).toEqual((await loadCatalog()).minors);
  });

  it("publish with provenance and a list of what is inside, after everything was checked", () => {
    const { jobs = [] } = workflows.find(({ name }) => name === "release.yml") ?? {};
    const runs = jobs.flatMap((job) => job.steps.flatMap(({ run }) => run ?? []));
    const at = (text: string): number => runs.findIndex((run) => run.includes(text));
    const order = [
      'GITHUB_REF_NAME" = ',
      "bash .ci/run",
      "scripts/pack.ts",
      "npm sbom",
      "npm publish",
      "gh release",
    ].map(at);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(runs[at("npm publish")]).toContain("--provenance");
    expect(jobs[0]?.permissions).toEqual({ contents: "write", "id-token": "write" });
  });

  it("try the oldest Node that the package promises, and a newer one", () => {
    const { workflow } = workflows.find(({ name }) => name === "check.yml") ?? {};
    const nodes = workflow?.jobs.package?.strategy?.matrix.node ?? [];
    expect(packageJson.engines.node).toBe(`>=${nodes[0]}`);
    expect(nodes).toContain("24");
  });
});
