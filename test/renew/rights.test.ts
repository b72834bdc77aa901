import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Obj } from "../../src/sandbox/types.ts";
import { drawn } from "../thorough.ts";
import { ACME, giveCredentials, HOME, IMAGE, openScene, type Scene } from "./scene.ts";

const RBAC = "rbac.authorization.k8s.io/v1";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

describe.each([
  ["a load balancer", ACME],
  ["node ports", [...ACME, "--expose", "nodeport"]],
  ["Istio", [...ACME, "--ingress", "istio"]],
])("the account of the CronJob, with %s", (way, options) => {
  let scene: Scene;
  const roles = (): readonly Obj[] =>
    ["Role", "ClusterRole"].flatMap((kind) =>
      scene.world.api.list(RBAC, kind).filter(({ metadata }) => metadata.name === "kn-bootstrap-renew"),
    );
  const renew = () => scene.asAccount(["renew", "--yes", "-o", "json"], scene.internet.env);
  const makeDue = (): string => {
    const serial = scene.secret()?.serial ?? "";
    scene.internet.acme.moveRenewal(serial);
    return serial;
  };

  beforeAll(async () => {
    scene = await openScene(options);
    await giveCredentials(scene, "aws", scene.internet.env);
    const outcome = await scene.run(
      "renew",
      "--install-cronjob",
      "--yes",
      "--image",
      IMAGE,
      "--credentials-secret",
      "aws",
    );
    if (outcome.code !== 0) throw new Error(outcome.stderr);
    scene.asked.clear();
  });
  afterAll(() => scene.close());

  it("renews with its rights, and uses all of them", async () => {
    const before = makeDue();
    const outcome = await renew();
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(scene.secret()?.serial).not.toBe(before);
    const used = [...scene.asked].map((question) => {
      const [, verb = "", what = "", namespace = "", name = ""] = /^(\S+) (\S+) ([^/]*)\/(.*)$/.exec(question) ?? [];
      return { verb, what, namespace, name };
    });
    const unused = roles().flatMap(({ metadata: { namespace = "" }, rules }) =>
      (rules as readonly Rule[]).filter(
        ({ apiGroups, resources, resourceNames, verbs }) =>
          !resources.every((resource) =>
            used.some(
              (one) =>
                one.what === `${apiGroups[0]}/${resource}` &&
                one.namespace === namespace &&
                // An apply that creates is one request for two rights.
                (verbs.includes(one.verb) || (verbs.includes("create") && one.verb === "patch")) &&
                (!resourceNames || resourceNames.includes(one.name)),
            ),
          ),
      ),
    );
    // These are only asked when something does not run.
    const why = ["pods", "events"];
    expect(unused.filter(({ resources }) => !resources.every((resource) => why.includes(resource)))).toEqual([]);
  });

  it("names each right that was taken away, before anything is written", async () => {
    const before = makeDue();
    let taken = 0;
    for (const role of roles()) {
      const { kind, metadata } = role;
      const ref = {
        apiVersion: RBAC,
        kind,
        name: metadata.name,
        ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
      };
      const rules = structuredClone(role.rules) as Rule[];
      const write = (kept: readonly Rule[]) =>
        scene.world.api.update("test", ref, (draft) => {
          draft.rules = structuredClone(kept);
        });
      for (const rule of drawn(rules, 1, `${way} ${kind} ${metadata.namespace}`)) {
        await write(rules.filter((other) => other !== rule));
        const outcome = await renew();
        const problem = outcome.events.find(({ type }) => type === "error");
        const text = `${problem?.what} ${problem?.why}`;
        expect(outcome.code, text).toBe(1);
        for (const resource of rule.resources) expect(text).toContain(resource);
        for (const name of rule.resourceNames?.slice(0, 1) ?? []) expect(text).toContain(name);
        expect(scene.secret()?.serial).toBe(before);
        taken += 1;
      }
      await write(rules);
    }
    expect(scene.world.api.list("coordination.k8s.io/v1", "Lease", HOME)).toEqual([]);
    process.stderr.write(`renew: ${taken} rules, each taken away once, each named, no write\n`);
  });

  it("gives its account at the CA a new key with them, and is told what it lacks before anything is written", async () => {
    const roll = () => scene.asAccount(["renew", "--roll-account-key", "--yes", "-o", "json"], scene.internet.env);
    const role = roles().find(({ metadata }) => metadata.namespace === HOME) as Obj;
    const write = (change: (rule: Rule) => Rule) =>
      scene.world.api.update(
        "test",
        { apiVersion: RBAC, kind: "Role", namespace: HOME, name: role.metadata.name },
        (draft) => {
          draft.rules = (structuredClone(role.rules) as Rule[]).map(change);
        },
      );
    scene.asked.clear();
    await write((rule) =>
      rule.resources.includes("secrets") ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== "patch") } : rule,
    );
    const refused = await roll();
    const problem = refused.events.find(({ type }) => type === "error");
    expect(refused.code).toBe(1);
    expect(`${problem?.what} ${problem?.why}`).toMatch(
      /lacks rights .* may not patch secrets acme-account-\w+ in kn-bootstrap/,
    );
    expect([...scene.asked].filter((question) => !/^(get|list|watch) /.test(question))).toEqual([]);
    await write((rule) => rule);
    const done = await roll();
    expect(done.code, done.stderr).toBe(0);
  });
});
