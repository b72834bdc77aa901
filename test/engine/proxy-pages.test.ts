import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiRequest } from "../../src/sandbox/types.ts";
import type { World } from "../../src/sandbox/world.ts";
import { patientSeconds } from "../patience.ts";
import { ACME, HOME, openScene, type Scene } from "../renew/scene.ts";
import { sampled } from "../thorough.ts";
import { kn, type Stage, stage } from "./cli.ts";

const PAGE = { status: 404, body: "<html><body><h1>404 Not Found</h1></body></html>" };
/** Pages for what is read, of what matches. */
const page = (request: ApiRequest, pattern: RegExp) =>
  request.method === "GET" && request.query?.watch === undefined && pattern.test(request.path) ? PAGE : undefined;
const NOTHING = /^never$/;

describe("a proxy that has its own page for what it does not like", () => {
  let world: Stage & World;
  let pages = NOTHING;
  const names = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "theirs" };

  beforeAll(async () => {
    world = await stage({ onRequest: async (request) => page(request, pages) });
    const outcome = await kn({ ...world, standIns: true }, ["install", "--yes"]);
    expect(outcome.code, outcome.stderr).toBe(0);
    const { namespace, name } = names;
    await world.api.create("somebody", { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name } });
  });
  afterAll(() => world.close());

  const PATTERNS = [
    "/configmaps$",
    "/configmaps",
    "/namespaces$",
    "/services$",
    "/deployments",
    "^/apis?$",
    "^/apis/serving",
  ];
  it.each(sampled(PATTERNS, 3))("does not make uninstall believe that nothing is there: %s", async (pattern) => {
    pages = new RegExp(pattern);
    const before = world.api.list("v1", "ConfigMap").length;
    const outcome = await kn(world, ["uninstall", "--yes", "--delete-workloads", "--keep-records"]);
    pages = NOTHING;
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toMatch(/answered .* with 404|404: <html>/);
    expect(outcome.stats.writes).toBe(0);
    expect(world.api.list("v1", "ConfigMap")).toHaveLength(before);
    expect(world.api.get(names)).toBeDefined();
  });

  it("nor install that it has to begin anew", async () => {
    pages = /\/(configmaps|secrets)/;
    const outcome = await kn({ ...world, standIns: true }, ["install", "--yes"]);
    pages = NOTHING;
    expect(outcome.code).not.toBe(0);
    expect(outcome.stats.writes).toBe(0);
  });
});

describe("the account at the CA", () => {
  let scene: Scene;
  let pages = NOTHING;
  beforeAll(async () => {
    scene = await openScene(ACME, { onRequest: async (request) => page(request, pages) });
  });
  afterAll(() => scene.close());

  it("is not made a second time because a proxy has a page in place of its Secret", async () => {
    const secrets = () =>
      scene.world.api
        .list("v1", "Secret")
        .filter(({ metadata }) => metadata.namespace === HOME)
        .map(({ metadata, data }) => ({ name: metadata.name, data }));
    const before = secrets();
    scene.internet.acme.moveRenewal(scene.secret()?.serial ?? "");
    // A list of Secrets comes through: the certificate is seen, and only what is asked for by name seems to be gone.
    pages = /\/secrets\/acme/;
    const outcome = await scene.run("renew", "--yes", "--timeout", patientSeconds(5));
    pages = NOTHING;
    expect(outcome.code).not.toBe(0);
    expect(scene.internet.acme.accounts()).toHaveLength(1);
    expect(secrets()).toEqual(before);
  });
});
