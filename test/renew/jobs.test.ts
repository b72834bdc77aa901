import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Ended, Task } from "../../src/sandbox/kubernetes/processes.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";

const IMAGE = "registry.example.com/program";

describe("Jobs and CronJobs of the rehearsal world", () => {
  let world: World;
  let tasks: Task[] = [];
  let work: (task: Task) => Promise<Ended>;
  const batch = (kind: string, name: string) => ({ apiVersion: "batch/v1", kind, namespace: "default", name });
  const template = {
    spec: {
      restartPolicy: "Never",
      containers: [
        {
          name: "main",
          image: IMAGE,
          args: ["go"],
          env: [{ name: "OWN", value: "1" }],
          envFrom: [{ secretRef: { name: "settings" } }],
          terminationMessagePolicy: "FallbackToLogsOnError",
        },
      ],
    },
  };
  const ended = (name: string): Promise<Obj> =>
    vi.waitFor(() => {
      const job = world.api.get(batch("Job", name));
      if (!job?.status?.conditions?.length) throw new Error("it has not ended");
      return job;
    });
  const pods = (job: string) =>
    world.api.list("v1", "Pod", "default").filter(({ metadata }) => metadata.labels?.["job-name"] === job);
  const make = (name: string, spec: object) =>
    world.api.create("test", {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { namespace: "default", name },
      spec: { template, ...spec },
    });

  beforeAll(async () => {
    const run = (task: Task): Promise<Ended> => {
      tasks.push(task);
      return work(task);
    };
    world = await startWorld({ pace: patient(1), images: { [IMAGE]: run } });
    await world.api.create("test", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace: "default", name: "settings" },
      data: { KEY: Buffer.from("value").toString("base64") },
    });
  });
  afterAll(() => world.close());

  it("give the program its arguments and its environment, Secrets included", async () => {
    tasks = [];
    work = async () => ({ exitCode: 0, log: "" });
    await make("well", {});
    expect((await ended("well")).status).toMatchObject({ succeeded: 1 });
    expect(tasks).toMatchObject([{ args: ["go"], env: { KEY: "value", OWN: "1" } }]);
  });

  it("try again with a new pod until the limit, and keep the last words of each", async () => {
    work = async () => ({ exitCode: 3, log: "first\nthe reason\n" });
    await make("ill", { backoffLimit: 1 });
    expect((await ended("ill")).status).toMatchObject({ failed: 2 });
    expect(pods("ill").map(({ status }) => status.containerStatuses[0].state.terminated)).toMatchObject(
      [1, 2].map(() => ({ exitCode: 3, reason: "Error", message: "first\nthe reason\n" })),
    );
    expect(world.api.get(batch("Job", "ill"))?.status.conditions.at(-1)).toMatchObject({
      type: "Failed",
      reason: "BackoffLimitExceeded",
    });
  });

  it("do not run twice at once where that is forbidden, and remember the last success", async () => {
    await world.api.create("test", {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { namespace: "default", name: "daily" },
      spec: { schedule: "0 0 * * *", concurrencyPolicy: "Forbid", jobTemplate: { spec: { template } } },
    });
    const gate = Promise.withResolvers<Ended>();
    work = () => gate.promise;
    const name = await world.runCronJob("default", "daily");
    await expect(world.runCronJob("default", "daily")).rejects.toThrow(
      "the last Job of CronJob default/daily is active",
    );
    gate.resolve({ exitCode: 0, log: "" });
    await ended(name);
    await vi.waitFor(() =>
      expect(world.api.get(batch("CronJob", "daily"))?.status.lastSuccessfulTime).toMatch(/^\d{4}-/),
    );
  });

  it("tell a program that its pod has gone", async () => {
    tasks = [];
    work = ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ exitCode: 143, log: "" })));
    await make("long", {});
    await vi.waitFor(() => expect(tasks).toHaveLength(1));
    await world.api.remove(batch("Job", "long"), { propagationPolicy: "Background" });
    await vi.waitFor(() => expect(tasks[0]?.signal.aborted).toBe(true));
  });
});
