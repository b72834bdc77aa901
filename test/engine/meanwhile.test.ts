import { afterEach, describe, expect, it } from "vitest";
import { kn, stage } from "./cli.ts";

describe("what somebody else makes while an install runs", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  afterEach(() => world.close());

  const NAME = "config-features";
  const theirs = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: "knative-serving", name: NAME },
    data: { theirs: "yes" },
  };

  it.each([
    ["in a namespace that this run has just made", "Namespace", "knative-serving"],
    ["before the step that would make it", "CustomResourceDefinition", "services.serving.knative.dev"],
  ])("%s is told, and stays theirs", async (_when, kind, name) => {
    world = await stage();
    let made: Promise<unknown> | undefined;
    world.api.onChange(({ type, object }) => {
      if (type === "ADDED" && object.kind === kind && object.metadata.name === name)
        made ??= world.api.create("argocd", structuredClone(theirs));
    });
    const outcome = await kn({ ...world, standIns: true }, ["install", "--yes", "-o", "json"]);
    await made;
    const problem = outcome.events.find(({ type }) => type === "error");
    expect(outcome.code, outcome.stderr).toBe(1);
    expect(problem, outcome.stderr).toMatchObject({
      id: "apply.appeared",
      what: `ConfigMap knative-serving/${NAME} was made by somebody else after the plan was shown.`,
    });
    const live = world.api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: NAME });
    expect(live?.data).toMatchObject({ theirs: "yes" });
    expect(live?.metadata.managedFields?.map(({ manager }) => manager)).toContain("argocd");
  });
});
