import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../../src/ports/error.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { apply, ask, hello, knative, until } from "../sandbox/install.ts";
import { installSmall, set } from "../sandbox/small-install.ts";

const RBAC = "rbac.authorization.k8s.io/v1";

let world: Awaited<ReturnType<typeof stage>>;
beforeAll(async () => {
  world = await stage({ pace: patient(15) });
  await installSmall(world);
});
afterAll(() => world.close());

const podsOf = (service: string): readonly Obj[] =>
  world.api
    .list("v1", "Pod", "default")
    .filter(({ metadata }) => metadata.labels?.["serving.knative.dev/service"] === service);

const isReady = (service: string, revision: string): boolean => {
  const found = world.api.get(knative("Service", service));
  return isTrue(found, "Ready") && found?.status.latestReadyRevisionName === revision;
};

const deploy = async (service: string, object: Obj, revision = `${service}-00001`): Promise<void> => {
  await apply(world, object);
  await until(world, `${revision} ready`, () => isReady(service, revision));
};

/** However slow the machine is, its pod is there. */
const STAYS = { annotations: { "autoscaling.knative.dev/min-scale": "1" } };

const httpbin = (name: string): Obj => {
  const object = hello(name, STAYS);
  object.spec.template.spec.containers = [{ image: "docker.io/mccutchen/go-httpbin:2" }];
  return object;
};

const request = (service: string, path: string) => ask(world, 80, `${service}.default.example.com`, path);
const logs = (...args: string[]) => kn(world, ["logs", "requests", ...args]);
const pathsIn = (text: string): readonly string[] => [...text.matchAll(/ (\/\S*)$/gm)].map(([, path]) => path ?? "");

describe("before there is anything", () => {
  it("says that request logs are off and how they are switched on, then that there is no Service", async () => {
    const off = await logs();
    expect(off.code).toBe(1);
    expect(off.stderr).toContain("Request logs are off");
    expect(off.stderr).toContain(
      `kubectl patch configmap config-observability -n knative-serving --type merge -p '{"data":{"logging.enable-request-log":"true"}}'`,
    );
    await set(world, "config-observability", { "logging.enable-request-log": "true" });
    const none = await logs();
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("There is no Knative Service.")]);
  });

  it.each([
    [["logs"], "logs needs a WHAT."],
    [["logs", "request"], "Did you mean requests?"],
    [["logs", "requests", "--slower-than", "soon"], "Write 500ms, 2s or 1m."],
    [["logs", "requests", "--since", "yesterday"], "It takes a time such as 600 (seconds)"],
    [["logs", "requests", "--namespace", "No Such"], "A namespace has at most 63"],
    [["status", "--follow"], "It belongs to logs."],
  ])("refuses %s", async (args, text) => {
    const { code, stderr } = await kn(world, args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });
});

describe("requests", () => {
  beforeAll(async () => {
    await set(world, "config-observability", { "logging.enable-request-log": "true" });
    await deploy("greeter", hello("greeter", STAYS));
    await deploy("bin", httpbin("bin"));
  });

  it("are a table, filtered by how they ended and how long they took, and one JSON line each", async () => {
    await request("bin", "/status/404");
    await request("bin", "/delay/0.2");
    await request("greeter", "/greeting?a=b");
    await request("bin", "/status/500");
    const { code, stdout } = await logs();
    expect(code).toBe(0);
    const [heading, ...rows] = stdout.trimEnd().split("\n");
    expect(heading).toMatch(/^TIME +METHOD +STATUS +LATENCY +REVISION +PATH$/);
    expect(rows[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]{12}Z {2}GET {6}404 {5}\d[\d.]* ms +default\/bin-00001 +\/status\/404$/,
    );
    expect(pathsIn(stdout)).toEqual(["/status/404", "/delay/0.2", "/greeting?a=b", "/status/500"]);
    expect(pathsIn((await logs("--errors")).stdout)).toEqual(["/status/404", "/status/500"]);
    expect(pathsIn((await logs("--slower-than", "200ms")).stdout)).toEqual(["/delay/0.2"]);
    expect(pathsIn((await logs("--service", "greeter")).stdout)).toEqual(["/greeting?a=b"]);
    const json = await logs("--service", "greeter", "--since", "1h", "-o", "json");
    expect(json.events.filter(({ type }) => type === "request")).toEqual([
      expect.objectContaining({
        service: "greeter",
        revision: "greeter-00001",
        method: "GET",
        path: "/greeting?a=b",
        status: 200,
      }),
    ]);
    const none = await logs("--service", "greeter", "--errors", "--since", "10m");
    expect([none.code, none.stderr]).toEqual([
      0,
      expect.stringContaining("The pods have kept no request that failed of the last 10m."),
    ]);
    expect(await logs("--since", "0")).toMatchObject({ code: 2, stderr: expect.stringContaining("--since 0 leaves") });
    const nobody = await logs("--service", "greter");
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining("Did you mean greeter?")]);
  });

  it("are followed to zero and back and into a new Revision, each told once and in order", async () => {
    // As soon as Knative allows.
    await set(world, "config-autoscaler", { "stable-window": "6s", "scale-to-zero-grace-period": "6s" });
    await deploy("hello", hello("hello"));
    await until(world, "zero", () => podsOf("hello").length === 0, 30_000);
    const gone = await logs("--service", "hello");
    expect([gone.code, gone.stdout]).toEqual([0, ""]);
    expect(gone.stderr).toContain("Service hello has no pod now.");
    expect(gone.stderr).not.toContain("The pods have kept no request");

    const stop = new AbortController();
    let text = "";
    let look = (): void => {};
    const following = kn(world, ["logs", "requests", "--follow", "--service", "hello"], {
      signal: stop.signal,
      onStdout: (more) => {
        text += more;
        look();
      },
    });
    const shown = (path: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => pathsIn(text).includes(path) && resolve();
        look();
      });
    const sent: string[] = [];
    const send = async (from: number, to: number): Promise<void> => {
      for (let number = from; number <= to; number += 1) {
        const path = `/${String(number).padStart(3, "0")}`;
        sent.push(path);
        await request("hello", path);
      }
      await shown(sent.at(-1) ?? "");
    };
    await send(1, 20);
    // Connections break, and what comes meanwhile is read afterwards.
    world.api.down();
    await request("hello", "/while-down");
    sent.push("/while-down");
    await world.api.up();
    await send(21, 30);
    await until(world, "zero", () => podsOf("hello").length === 0, 30_000);
    await send(31, 35);
    await deploy("hello", hello("hello", { target: "again" }), "hello-00002");
    await send(36, 60);
    await until(world, "zero", () => podsOf("hello").length === 0, 30_000);
    await send(61, 65);
    stop.abort(new Interrupted("SIGINT"));
    const { code } = await following;
    expect(code).toBe(130);
    expect(pathsIn(text)).toEqual(sent);
    expect(text.match(/hello-0000[12]/g)?.filter((name) => name === "hello-00002")).toHaveLength(30);
  });
});

describe("whoever may look at pods and not at their logs", () => {
  it("is told what is missing, and of the rest where there is one", async () => {
    const as = `${world.kubeconfig}-viewer`;
    writeFileSync(as, readFileSync(world.kubeconfig, "utf8").replace(/( +)token: .*/, "$&\n$1as: viewer"));
    const rule = (apiGroup: string, ...resources: string[]) => ({
      apiGroups: [apiGroup],
      resources,
      verbs: ["get", "list", "watch"],
    });
    const role = (name: string, ...rules: object[]): readonly Obj[] => [
      { apiVersion: RBAC, kind: "ClusterRole", metadata: { name }, rules },
      {
        apiVersion: RBAC,
        kind: "ClusterRoleBinding",
        metadata: { name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
        subjects: [{ kind: "User", name: "viewer", apiGroup: "rbac.authorization.k8s.io" }],
      },
    ];
    const look = (...args: string[]) => kn({ ...world, kubeconfig: as }, ["logs", "requests", ...args]);
    const noPods = await look();
    expect([noPods.code, noPods.stderr]).toEqual([2, expect.stringContaining("may not list pods of all namespaces")]);
    await apply(world, ...role("viewer", rule("", "pods"), rule("serving.knative.dev", "services")));
    await request("bin", "/");
    const noLogs = await look("--namespace", "default");
    expect(noLogs.code).toBe(2);
    expect(noLogs.stderr.replace(/\s+/g, " ")).toContain(
      'cannot get resource "pods/log" in API group "" in the namespace "default"',
    );
    expect(noLogs.stderr).toContain("kubectl auth can-i get pods --subresource=log -n default");
    await apply(world, ...role("reader", rule("", "pods/log")));
    expect((await look()).code).toBe(0);
  });
});
