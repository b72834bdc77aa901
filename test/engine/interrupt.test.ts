import { afterEach, describe, expect, it } from "vitest";
import { Interrupted } from "../../src/ports/error.ts";
import type { ApiRequest, ApiResponse } from "../../src/sandbox/types.ts";
import { patientSeconds } from "../patience.ts";
import { dead as ended, kn, stage } from "./cli.ts";

type World = Awaited<ReturnType<typeof stage>>;
const INSTALL = ["install", "--yes", "--knative-version", "1.23"];
const isWrite = ({ method, path, query }: ApiRequest): boolean =>
  !["GET", "HEAD"].includes(method) && !query?.dryRun && !/reviews$/.test(path) && !path.includes("/leases");

describe("a run that is cut off", () => {
  let world: World;
  afterEach(() => world.close());

  it.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("stops cleanly on %s, says what was done, and goes on the next time", async (name, code) => {
    const stop = new AbortController();
    let writes = 0;
    world = await stage({
      onRequest: (request) => {
        if (isWrite(request) && ++writes === 30) stop.abort(new Interrupted(name));
        return undefined;
      },
    });
    const place = { ...world, standIns: true };
    const first = await kn(place, INSTALL, { signal: stop.signal });
    expect(first.code).toBe(code);
    expect(first.stdout).toMatch(/Interrupted after .*: \d+ of \d+ steps done, what is done is kept/);
    const second = await kn(place, INSTALL);
    expect(second.code, second.stderr).toBe(0);
    expect((await kn(place, ["plan", "--exit-code", "--knative-version", "1.23"])).code).toBe(0);
  });

  it("removes the temporary Service on an interrupt in the middle of the proof", async () => {
    const stop = new AbortController();
    world = await stage({
      onRequest: ({ method, path }) => {
        if (method === "PATCH" && path.endsWith("/namespaces/kn-bootstrap/services/hello"))
          setTimeout(() => stop.abort(new Interrupted("SIGINT")), 20);
        return undefined;
      },
    });
    expect((await kn({ ...world, standIns: true }, INSTALL, { signal: stop.signal })).code).toBe(130);
    expect(
      world.api.get({
        apiVersion: "serving.knative.dev/v1",
        kind: "Service",
        namespace: "kn-bootstrap",
        name: "hello",
      }),
    ).toBeUndefined();
    expect(world.api.list("coordination.k8s.io/v1", "Lease", "kn-bootstrap")).toEqual([]);
  });

  it("says what it could not remove", async () => {
    const stop = new AbortController();
    const refused: ApiResponse = {
      status: 403,
      body: {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        message: 'services.serving.knative.dev "hello" is forbidden: no',
        reason: "Forbidden",
        code: 403,
      },
    };
    world = await stage({
      onRequest: ({ method, path }) => {
        if (!path.endsWith("/namespaces/kn-bootstrap/services/hello")) return undefined;
        if (method === "PATCH") setTimeout(() => stop.abort(new Interrupted("SIGINT")), 20);
        return method === "DELETE" ? refused : undefined;
      },
    });
    const { code, stderr } = await kn({ ...world, standIns: true }, INSTALL, { signal: stop.signal });
    expect(code).toBe(130);
    expect(stderr.replace(/\s+/g, " ")).toMatch(
      /Service kn-bootstrap\/hello could not be removed: services.* is forbidden: no\. The next run removes it\./,
    );
  });

  it("a server that dies in the middle ends with exit code 1, and the next run resumes", async () => {
    let writes = 0;
    let dead = false;
    const gone: ApiResponse = {
      status: 500,
      body: {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        message: "etcdserver: leader changed",
        reason: "InternalError",
        code: 500,
      },
    };
    world = await stage({
      onRequest: (request) => {
        if (isWrite(request) && ++writes === 40) dead = true;
        return dead ? gone : undefined;
      },
    });
    const place = { ...world, standIns: true };
    const first = await kn(place, [...INSTALL, "--timeout", patientSeconds(5)], { holder: { name: "cut-off" } });
    expect(first.code, first.stderr).toBe(1);
    expect(first.stderr).toMatch(/etcdserver:\s+leader\s+changed/);
    dead = false;
    // It could not give the lock back; its process is seen to have ended.
    ended.add("cut-off");
    const second = await kn(place, INSTALL);
    expect(second.code, second.stderr).toBe(0);
  });
});
