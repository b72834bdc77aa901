import { afterEach, describe, expect, it } from "vitest";
import { isPodActive, isPodTerminating, isTrue } from "../../src/sandbox/objects.ts";
import type { ApiRequest, Obj } from "../../src/sandbox/types.ts";
import { patient } from "../patience.ts";
import { hello, knative, until } from "../sandbox/install.ts";
import { kn, type Outcome, stage } from "./cli.ts";

/** Install and uninstall in a world in which pods take their time to end. */

type World = Awaited<ReturnType<typeof stage>>;
const INSTALL = ["install", "--yes", "--dns", "none", "--domain", "example.com", "--tls", "self-signed"];
/** Slow enough for what the program does by itself to take no part in the order of things. */
const SLOW = 60;

let world: World;
afterEach(() => world.close());

const run = (...args: readonly string[]): Promise<Outcome> => kn({ ...world, standIns: true }, [...args, "-o", "json"]);
const mustRun = async (...args: readonly string[]): Promise<Outcome> => {
  const outcome = await run(...args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
};
const reasons = ({ events }: Outcome, check: string): readonly string[] =>
  events.filter((event) => event.type === "waiting" && event.check === check).map(({ reason }) => String(reason));
const isAlive = (pod: Obj): boolean => isPodActive(pod) || isPodTerminating(pod);
const stateOf = (key: string): string | undefined =>
  world.api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "kn-bootstrap", name: "state" })?.data[key];

describe("uninstall while Services are serving", () => {
  it("deletes a namespace when no pod is left in it, says whose drain it waits for, and leaves room for the next install", async () => {
    const early: string[] = [];
    const onRequest = ({ method, path }: ApiRequest): undefined => {
      const [, name] = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path) ?? [];
      if (method === "DELETE" && name)
        early.push(
          ...world.api
            .list("v1", "Pod", name)
            .filter(isAlive)
            .map(({ metadata }) => metadata.name),
        );
    };
    world = await stage({ pace: SLOW, onRequest });
    await mustRun(...INSTALL, "--skip-checks", "proof.zero");
    await world.api.create("somebody", hello());
    await until(world, "hello Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));

    const began = performance.now();
    let told = 0;
    world.api.onChange(({ object: { metadata } }) => {
      if (told === 0 && metadata.deletionTimestamp && metadata.name.startsWith("activator-")) told = performance.now();
    });
    const outcome = await mustRun("uninstall", "--yes", "--delete-workloads", "--purge");
    // What the program itself takes is no slower for the world's being fast.
    const seconds = (told - began) / 1000 + (performance.now() - told) / SLOW;
    process.stdout.write(`uninstall with draining pods: ${seconds.toFixed(1)} s, a second being ${SLOW} ms\n`);
    expect(told).toBeGreaterThan(0);
    // The activator takes 45 and each of two namespaces 5. What a busy machine adds counts many times over.
    expect(seconds).toBeLessThan(patient(75));
    expect(early).toEqual([]);
    expect(world.api.list("v1", "Pod").filter(isAlive)).toEqual([]);
    expect(reasons(outcome, "pods.drained")).toContainEqual(
      expect.stringMatching(
        /^Pod knative-serving\/activator-\S+ is draining, for 10 min more at most \(and \d more\)$/,
      ),
    );
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kn-bootstrap" })).toBeUndefined();
    const again = await mustRun(...INSTALL, "--skip-checks", "proof.zero");
    expect(again.stderr).not.toContain("is still terminating");
  });
});

describe("the proof's start from zero", () => {
  it("is asked for when the old pod has drained, and answered by the next one", async () => {
    const history: string[] = [];
    world = await stage({ pace: patient(30) });
    world.api.onChange(({ type, object: { kind, metadata } }) => {
      if (kind === "Pod" && type !== "MODIFIED" && metadata.namespace === "kn-bootstrap") history.push(type);
    });
    const outcome = await mustRun(...INSTALL);
    expect(history.slice(0, 3)).toEqual(["ADDED", "DELETED", "ADDED"]);
    expect(outcome.events.find(({ type, step }) => type === "step-done" && step === "proof")?.summary).toMatch(
      /answers from zero in \d+\.\d s$/,
    );
    expect(reasons(outcome, "proof.zero")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/the autoscaler lets it go after 6s without requests and 30s of grace/),
        expect.stringMatching(/Pod kn-bootstrap\/hello-\S+ is draining, for 5 min more at most; it mostly takes 30 s/),
      ]),
    );
    expect(stateOf("proved")).toMatch(/^[0-9a-f]{16}$/);
    // What was proved in full is not proved less.
    expect((await mustRun(...INSTALL, "--skip-checks", "proof.zero")).stats.writes).toBe(0);
  });

  it("can be left out, which the plan and the state say, and is made up for by the next run", async () => {
    world = await stage();
    const noted = ({ events }: Outcome) => JSON.stringify(events.find(({ type }) => type === "plan"));
    const first = await mustRun(...INSTALL, "--skip-checks", "proof.zero");
    expect(noted(first)).toContain("A start from zero is left out of the proof");
    expect(first.stderr).not.toContain("from zero");
    expect(stateOf("proved")).toMatch(/^[0-9a-f]{16} without proof\.zero$/);
    expect((await mustRun(...INSTALL, "--skip-checks", "proof.zero")).stats.writes).toBe(0);
    const second = await mustRun(...INSTALL);
    expect(noted(second)).toContain("A start from zero has not been proved yet.");
    expect(stateOf("proved")).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe("what is going away", () => {
  const held = ["example.com/held"];
  const release = (kind: string, name: string, apiVersion: string, namespace?: string) =>
    world.api.update("somebody", { apiVersion, kind, name, ...(namespace ? { namespace } : {}) }, (draft) => {
      delete draft.metadata.finalizers;
    });

  it("is not written to: install waits for an earlier CRD to be gone", async () => {
    const name = "images.caching.internal.knative.dev";
    const writes: string[] = [];
    let going = true;
    world = await stage({
      onRequest: ({ method, path, query }) => {
        if (going && method !== "GET" && !query?.dryRun && path.endsWith(name)) writes.push(method);
        return undefined;
      },
    });
    await mustRun(...INSTALL, "--skip-checks", "proof.zero");
    const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name };
    await world.api.update("somebody", crd, (draft) => {
      draft.metadata.finalizers = held;
    });
    await world.api.remove(crd);
    writes.length = 0;
    const running = run(...INSTALL, "--skip-checks", "proof.zero");
    // Long enough for many tries.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const tried = [...writes];
    going = false;
    await release(crd.kind, name, crd.apiVersion);
    const outcome = await running;
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(reasons(outcome, "apply")).toContainEqual(
      expect.stringMatching(
        /^an earlier CustomResourceDefinition images\.caching\S+ is still terminating: .*held by finalizer example\.com\/held/,
      ),
    );
    expect(tried).toEqual([]);
  });

  it("is waited for when it is the namespace of the lock", async () => {
    let looked = false;
    world = await stage({
      onRequest: ({ method, path }) => {
        looked ||= method === "GET" && path === "/api/v1/namespaces/kn-bootstrap/configmaps";
        return undefined;
      },
    });
    await world.api.create("somebody", { apiVersion: "v1", kind: "Namespace", metadata: { name: "kn-bootstrap" } });
    await world.api.create("somebody", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "kn-bootstrap", name: "held", finalizers: held },
    });
    await world.api.remove({ apiVersion: "v1", kind: "Namespace", name: "kn-bootstrap" });
    const running = run(...INSTALL, "--skip-checks", "proof.zero");
    await expect.poll(() => looked, { timeout: patient(20_000) }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await release("ConfigMap", "held", "v1", "kn-bootstrap");
    const outcome = await running;
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(reasons(outcome, "lock.namespace")).toContainEqual(
      "an earlier Namespace kn-bootstrap is still terminating: ConfigMap kn-bootstrap/held is left in it, held by finalizer example.com/held",
    );
  });
});
