import { get } from "node:https";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerHash } from "../../src/sandbox/kubernetes/container-id.ts";
import { createLogs, type LogFile } from "../../src/sandbox/kubernetes/logs/files.ts";
import type { Ended, Task } from "../../src/sandbox/kubernetes/processes.ts";
import { isTrue, timestamp } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { apply, ask, deployment, hello, knative, until } from "./install.ts";
import { installSmall, set, workload } from "./small-install.ts";

const POD: Obj = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "one", namespace: "space", uid: "1234" },
  spec: { nodeName: "node", containers: [{ name: "main" }] },
};

const textOf = (file: LogFile | undefined): string => file?.read().toString() ?? "";

describe("a log file", () => {
  it("has a line for each line, and parts of long ones, as a runtime writes them", () => {
    const logs = createLogs();
    logs.open(POD, "main", 0);
    logs.write(POD, "main", "a\nb", "stderr");
    logs.write(POD, "main", "x".repeat(16_384));
    logs.write(POD, "main", `${"y".repeat(16_384)}z`);
    const entries = textOf(logs.file(POD, "main", 0)).split("\n");
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z`;
    expect(entries[0]).toMatch(new RegExp(`^${time} stderr F a$`));
    expect(entries[1]).toMatch(new RegExp(`^${time} stderr F b$`));
    expect(entries[2]).toMatch(new RegExp(`^${time} stdout F x{16384}$`));
    expect(entries[3]).toMatch(new RegExp(`^${time} stdout P y{16384}$`));
    expect(entries[4]).toMatch(new RegExp(`^${time} stdout F z$`));
    expect(logs.file(POD, "main", 0)).toMatchObject({
      path: "/var/log/pods/space_one_1234/main/0.log",
      link: `/var/log/containers/one_space_main-${containerHash(POD, "main", 0)}.log`,
    });
  });

  it("is rotated, compressed later, and goes when there are too many", () => {
    const logs = createLogs({ maxBytes: 100, maxFiles: 3 });
    for (let line = 0; line < 12; line += 1) logs.write(POD, "main", `line ${line}`);
    const names = logs.on("node").map(({ path }) =>
      path
        .replace(/\d{8}-\d{6}/, "TIME")
        .split("/")
        .at(-1),
    );
    expect(names.sort()).toEqual(["0.log", "0.log.TIME", "0.log.TIME.gz"]);
    const files = [...logs.on("node")].sort((a, b) => (a.path < b.path ? -1 : 1));
    const [open, older, newer] = files;
    const text = gunzipSync(older?.read() ?? "").toString() + textOf(newer) + textOf(open);
    expect(text.match(/line \d+/g)?.at(-1)).toBe("line 11");
    logs.forget(POD);
    expect(logs.on("node")).toEqual([]);
  });
});

let world: World;
let runs = 0;
beforeAll(async () => {
  // Fails at its first run, and goes on in its second.
  const fails = async ({ signal }: Task): Promise<Ended> => {
    runs += 1;
    if (runs > 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return { exitCode: 1, log: "began\nbroke\n" };
  };
  world = await startWorld({ images: { "example.com/fails:1": fails } });
  await installSmall(world);
});
afterAll(() => world.close());

const podOf = (app: string): Obj | undefined =>
  world.api.list("v1", "Pod", "default").find(({ metadata }) => metadata.labels?.app === app);

const ready = async (app: string): Promise<Obj> => {
  await until(world, `${app} available`, () => isTrue(world.api.get(deployment(app, "default")), "Available"));
  return podOf(app) as Obj;
};

/** Over the wire, as a client reads it, until the server ends it or `enough` is there. */
const read = (pod: string, query: Record<string, string>, enough = (_text: string) => false) =>
  new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const url = `${world.api.url}/api/v1/namespaces/default/pods/${pod}/log?${new URLSearchParams(query)}`;
    const headers = { authorization: `Bearer ${world.api.token}` };
    const request = get(url, { ca: world.api.ca, headers }, (response) => {
      let text = "";
      const done = () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", text });
      response.on("data", (chunk) => {
        text += chunk;
        if (!enough(text)) return;
        done();
        request.destroy();
      });
      response.on("end", done);
    });
    request.on("error", reject);
  });

const messageOf = async (pod: string, query: Record<string, string>) => {
  const { status, text } = await read(pod, query);
  return { status, message: JSON.parse(text).message };
};

describe("the log of a pod", () => {
  it("is refused in the API server's words", async () => {
    await apply(world, workload("two", "default", { spec: { initContainers: [{ name: "first", image: "x" }] } }));
    const { name } = (await ready("two")).metadata;
    const two: Record<string, string> = { container: "two" };
    expect(await messageOf(name, { container: "other" })).toEqual({
      status: 400,
      message: `container other is not valid for pod ${name}`,
    });
    expect(await messageOf(name, { ...two, tailLines: "-1" })).toEqual({
      status: 422,
      message: `PodLogOptions "${name}" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0`,
    });
    expect((await messageOf(name, { ...two, sinceSeconds: "1", sinceTime: timestamp() })).message).toContain(
      "at most one of `sinceTime` or `sinceSeconds` may be specified",
    );
    expect(await messageOf(name, { ...two, previous: "true" })).toEqual({
      status: 400,
      message: `previous terminated container "two" in pod "${name}" not found`,
    });
    expect(await messageOf("nobody", {})).toMatchObject({ status: 404, message: 'pods "nobody" not found' });
    expect((await read(name, { container: "first" })).text).toBe("");
  });

  it("is not there before the container is", async () => {
    const volumes = [{ name: "settings", configMap: { name: "never" } }];
    await apply(world, workload("late", "default", { spec: { volumes } }));
    const pod = await until(world, "waiting", () => {
      const found = podOf("late");
      return found?.status?.containerStatuses ? found : undefined;
    });
    expect(await messageOf(pod.metadata.name, {})).toEqual({
      status: 400,
      message: `container "late" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`,
    });
  });

  it("needs the right to read it", async () => {
    const headers = { "impersonate-user": "somebody" };
    const path = "/api/v1/namespaces/default/pods/one/log";
    const { status, body } = await world.api.request({ method: "GET", path, headers });
    const message = `pods "one" is forbidden: User "somebody" cannot get resource "pods/log" in API group "" in the namespace "default"`;
    expect({ status, message: (body as Obj).message }).toEqual({ status: 403, message });
  });
});

describe("the log of a container that was started again", () => {
  it("is that of its last run, and of the one before where that is asked for", async () => {
    const containers = [{ name: "main", image: "example.com/fails:1" }];
    await apply(world, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "fails", namespace: "default" },
      spec: { restartPolicy: "OnFailure", containers },
    });
    const main = () =>
      world.api.get({ apiVersion: "v1", kind: "Pod", namespace: "default", name: "fails" })?.status
        ?.containerStatuses?.[0];
    await until(world, "it waits", () => main()?.state.waiting?.reason === "CrashLoopBackOff");
    expect((await read("fails", {})).text).toBe("began\nbroke\n");
    await until(world, "it runs again", () => main()?.state.running && main()?.restartCount === 1);
    expect((await read("fails", {})).text).toBe("");
    expect((await read("fails", { previous: "true" })).text).toBe("began\nbroke\n");
    expect((await read("fails", { previous: "true", tailLines: "1" })).text).toBe("broke\n");
    expect((await read("fails", { previous: "true", limitBytes: "3" })).text).toBe("beg");
  });
});

describe("the log of requests", () => {
  const HOST = "hello.default.example.com";
  const requestsIn = (text: string): readonly string[] =>
    [...text.matchAll(/"requestUrl": "([^"]*)"/g)].map(([, url]) => url ?? "");

  it("is written by queue-proxy and by the activator, as the Revision was made, and followed to the end of the pod", async () => {
    await apply(world, hello());
    await until(world, "Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
    await ask(world, 80, HOST, "/unlogged");
    await set(world, "config-observability", { "logging.enable-request-log": "true" });
    const pods = () =>
      world.api
        .list("v1", "Pod", "default")
        .filter(({ metadata }) => metadata.labels?.["serving.knative.dev/service"] === "hello");
    const isLogging = (pod: Obj) => isTrue(pod, "Ready") && JSON.stringify(pod.spec).includes("enable-request-log");
    const pod = await until(world, "a pod that writes them", () => pods().find(isLogging));
    const { name } = pod.metadata;
    await until(world, "the other gone", () => pods().length === 1);

    await ask(world, 80, HOST, "/first?it's=1");
    const query = { container: "queue-proxy", timestamps: "true" };
    const followed = read(name, { ...query, follow: "true" });
    await ask(world, 80, HOST, "/second");
    const first = (await read(name, query)).text;
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \{"severity":"INFO".*Starting queue-proxy/);
    expect(requestsIn(first)).toEqual([String.raw`/first?it\'s\u003D1`, "/second"]);
    expect(first).toMatch(/"status": 200,.*"serverIp": "10\.244\..*"latency": "[\d.e-]+s", "protocol": "HTTP\/1\.1"/);
    const own = await read(name, { container: "user-container" });
    expect(own.text.match(/^.* helloworld: .*$/gm)?.map((line) => line.slice(20))).toEqual([
      "helloworld: starting server...",
      "helloworld: listening on port 8080",
      "helloworld: received a request",
      "helloworld: received a request",
    ]);
    const activator = world.api
      .list("v1", "Pod", "knative-serving")
      .find(({ metadata }) => metadata.name.startsWith("activator"));
    const path = `/api/v1/namespaces/knative-serving/pods/${activator?.metadata.name}/log`;
    const copies = String((await world.api.request({ method: "GET", path })).body);
    expect(requestsIn(copies)).toEqual(requestsIn(first));
    expect(copies).toContain('"serverIp": ""');

    await until(world, "no pod", () => pods().length === 0);
    expect(requestsIn((await followed).text)).toEqual(requestsIn(first));
    expect((await read(name, query)).status).toBe(404);
  });
});
