import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { count, type Request, requestOf, totalOf } from "../../scripts/bench/verbs.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import type { Api } from "../../src/sandbox/types.ts";
import { upstream } from "../releases/upstream.ts";
import { kn, stage } from "./cli.ts";

/** More requests than objects to write; of those how many lists. A real install of an earlier version took 684, of which 366 lists. */
const BUDGET = { more: 150, lists: 40, reviews: 5 };
/** So often Pods and Deployments changed in that install (conformance/real-install/timeline-install.tsv); here more often. */
const CHANGES = 74;

/** Milliseconds of a second of the cluster. */
const PACE = 20;

const PLACES = ["knative-serving", "kourier-system", "kn-bootstrap"];

/** Like a cluster in which status is written again and again: everything that runs changes every five of its seconds. */
const unrest = (api: Api): { readonly changes: () => number; readonly end: () => void } => {
  let changes = 0;
  let beat = 0;
  const touch = (): void => {
    beat += 1;
    for (const [apiVersion, kind] of [
      ["v1", "Pod"],
      ["apps/v1", "Deployment"],
    ] as const)
      for (const { metadata } of PLACES.flatMap((namespace) => api.list(apiVersion, kind, namespace)))
        api
          .update("test", { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? "" }, (draft) => {
            draft.metadata.annotations = { ...draft.metadata.annotations, beat: String(beat) };
          })
          // It went in the meantime.
          .catch(() => undefined);
  };
  const timer = setInterval(touch, 5 * PACE);
  const off = api.onChange(({ object }) => {
    if (object.kind === "Pod" || object.kind === "Deployment") changes += 1;
  });
  return {
    changes: () => changes,
    end: () => {
      clearInterval(timer);
      off();
    },
  };
};

describe("requests", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let requests: Request[] = [];
  let paths: string[] = [];
  const run = async (kubeconfig: string, ...args: readonly string[]) => {
    requests = [];
    paths = [];
    const release = upstream ? ["--manifests", upstream] : [];
    const outcome = await kn({ ...world, kubeconfig, standIns: upstream === undefined }, [...args, ...release]);
    const counted = count(requests);
    return { outcome, counted, total: totalOf(counted), lists: counted.byVerb.list ?? 0 };
  };

  beforeAll(async () => {
    world = await stage({
      pace: PACE,
      onRequest: ({ method, path, query = {} }) => {
        requests.push(requestOf(method, `${path}?${new URLSearchParams(query)}`));
        if (requests.at(-1)?.verb === "list") paths.push(path);
        return undefined;
      },
    });
  });
  afterAll(() => world.close());

  it("of an install are few more than it writes objects, however often those change, and whoever runs it", async () => {
    const as = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-test-")), "kubeconfig");
    writeFileSync(as, readFileSync(world.kubeconfig, "utf8").replace(/( +)token: .*/, "$&\n$1as: installer"), {
      mode: 0o600,
    });
    const refused = await run(as, "install", "--yes", "-o", "json");
    expect(refused.outcome.code).toBe(1);
    const problem = refused.outcome.events.find(({ type }) => type === "error") as { remedy: { command: string } };
    const [role] = parseManifest(problem.remedy.command, "what is printed");
    const rbac = "rbac.authorization.k8s.io";
    const metadata = { name: "installer" };
    await world.api.create("test", { ...role, metadata } as never);
    await world.api.create("test", {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "installer" },
      subjects: [{ apiGroup: rbac, kind: "User", name: "installer" }],
    });

    const { changes, end } = unrest(world.api);
    const { outcome, counted, total, lists } = await run(as, "install", "--yes");
    end();
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(changes()).toBeGreaterThan(CHANGES);
    const told = `install: ${total} requests for ${counted.written} objects, ${JSON.stringify(counted.byVerb)}; ${changes()} changes of what it waited for`;
    process.stderr.write(`${told}\n`);
    expect(total - counted.written, told).toBeLessThanOrEqual(BUDGET.more);
    expect(lists, told).toBeLessThanOrEqual(BUDGET.lists);
    expect(counted.byVerb.review, told).toBeLessThanOrEqual(BUDGET.reviews);
  });

  it("of a second run are one list for each kind, and no write", async () => {
    const { outcome, counted, total, lists } = await run(world.kubeconfig, "install", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain("Nothing to do");
    expect(counted.written).toBe(0);
    expect(paths).toEqual([...new Set(paths)]);
    expect(total - lists).toBeLessThanOrEqual(10);
  });
});
