import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { at, type KubeObject, type ObjectRef } from "../../src/ports/object.ts";
import { hello } from "../sandbox/install.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { POLICIES } from "../waits/policies.ts";
import { NEVER } from "../waits/row.ts";
import { program, type Run } from "../waits/scene.ts";

/** What a rehearsal shows of waits and removals, on the cluster of KN_TEST_KUBECONFIG. It must have no Knative: that is removed. */

const given = process.env.KN_TEST_KUBECONFIG;
const RELEASES = hasUpstream ? ["--manifests", UPSTREAM] : [];
const INSTALL = ["install", "--yes", "--skip-checks", "proof.zero", ...RELEASES];
const HOME: ObjectRef = { apiVersion: "v1", kind: "Namespace", name: "kn-bootstrap" };
const LIMIT_SECONDS = 60;
const SOON_MS = 10_000;
const LOOK_MS = 100;

const isTrue = (object: KubeObject | undefined, type: string): boolean => {
  const conditions = at(object, "status", "conditions");
  return Array.isArray(conditions) && conditions.some((one) => one.type === type && one.status === "True");
};

describe.skipIf(!given)("on the cluster of KN_TEST_KUBECONFIG", () => {
  let cluster: Cluster;
  const run = (...args: readonly string[]): Promise<Run> =>
    program(args, { kubeconfig: String(given), released: true });
  const until = async (holds: () => Promise<boolean>): Promise<number> => {
    while (!(await holds())) await sleep(LOOK_MS);
    return performance.now();
  };
  const isGone = (ref: ObjectRef) => until(async () => (await cluster.get(ref)) === undefined);

  beforeAll(async () => {
    cluster = openCluster(await loadKubeconfig({ path: String(given), env: {} }));
    const definitions = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
    const service = await cluster.get({ ...definitions, name: "services.serving.knative.dev" });
    if (service) throw new Error("this cluster has Knative already, which this would remove");
  });
  afterAll(() => cluster?.close());

  it.each(POLICIES)("the proof says $title, and ends", async ({ labels = {}, objects = [], what, remedy }) => {
    const { apiVersion, kind, name } = HOME;
    await cluster.apply({ apiVersion, kind, metadata: { name, labels } }, { manager: "test" });
    for (const object of objects) await cluster.apply(object as KubeObject, { manager: "test" });
    let over = false;
    const refused = until(async () => {
      const query = { apiVersion: "apps/v1", kind: "Deployment", namespace: name };
      return over || (await cluster.list(query)).some((deployment) => isTrue(deployment, "ReplicaFailure"));
    });
    const outcome = await run(...INSTALL);
    over = true;
    const ended = outcome.said.find(({ event }) => event.type === "step-failed")?.at ?? Number.POSITIVE_INFINITY;
    const late = ended - (await refused);
    await run("uninstall", "--yes", "--purge");
    await cluster.remove(HOME, {});
    await isGone(HOME);
    expect(outcome.code, outcome.stderr).toBe(1);
    expect(outcome.said.at(-1)?.event).toMatchObject({
      type: "error",
      what,
      why: NEVER,
      remedy: {
        text: expect.stringMatching(remedy?.text ?? /./),
        command: expect.stringMatching(remedy?.command ?? /./),
      },
    });
    // It may have ended before it was looked at here.
    process.stdout.write(`ended at most ${Math.max(LOOK_MS, Math.round(late))} ms after pods were refused: ${what}\n`);
    expect(late).toBeLessThan(SOON_MS);
  });

  it(`uninstall while a Service serves takes less than ${LIMIT_SECONDS} s`, async () => {
    const installed = await run(...INSTALL);
    expect(installed.code, installed.stderr).toBe(0);
    const service = hello() as KubeObject;
    const { apiVersion, kind, metadata } = service;
    await cluster.apply(service, { manager: "test" });
    await until(async () => isTrue(await cluster.get({ apiVersion, kind, ...metadata }), "Ready"));
    const outcome = await run("uninstall", "--yes", "--delete-workloads", "--purge");
    expect(outcome.code, outcome.stderr).toBe(0);
    for (const name of ["knative-serving", "kourier-system", HOME.name])
      expect(await cluster.get({ ...HOME, name })).toBeUndefined();
    const waits = outcome.said.filter(({ event }) => event.type === "waiting").map(({ event }) => event.reason);
    process.stdout.write(`uninstall: ${outcome.seconds.toFixed(1)} s\n${waits.map((wait) => `  ${wait}\n`).join("")}`);
    expect(outcome.seconds).toBeLessThan(LIMIT_SECONDS);
  });
});
