import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { askWorld } from "../../src/app/doctor/world.ts";
import { writeRecording } from "../../src/cli/doctor/file.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import { type Handler, serve, status, targetOf } from "./loopback.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
const start = async (handler: Handler) => {
  const server = await serve(handler);
  const cluster = openCluster(targetOf(server.url));
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};
const OF = { namespace: "n", pod: "p", container: "c", previous: true, lines: 20 };

test("the last lines of a container are asked for, and are a text as they came", async () => {
  const { server, cluster } = await start(() => "one\n{}\n");
  expect(await cluster.logs(OF)).toBe("one\n{}\n");
  expect(server.seen.at(-1)).toMatchObject({
    path: "/api/v1/namespaces/n/pods/p/log",
    query: { container: "c", previous: "true", tailLines: "20" },
  });
  await cluster.logs({ namespace: "n", pod: "p", lines: 5 });
  expect(server.seen.at(-1)?.query).not.toHaveProperty("container");
});

test("a container that has not started is the server's error", async () => {
  const { cluster } = await start(() => status(400, "BadRequest", 'container "c" in pod "p" is waiting to start'));
  await expect(cluster.logs(OF)).rejects.toThrow(ApiError);
});

test("doctor sees no line without end, and keeps no secret of it", async () => {
  const { cluster } = await start(() => `Authorization: Bearer ${"s3cr3t".repeat(5)}\n${"x".repeat(5000)}\n`);
  const ask = askWorld({ cluster } as unknown as Parameters<typeof askWorld>[0]);
  const log = await ask("logs", OF);
  expect(log.split("\n").map((line) => line.length)).toEqual([expect.any(Number), 2001, 0]);
  const file = join(await mkdtemp(join(tmpdir(), "kn-bootstrap-logs-")), "recording.json");
  cleanUp.push(() => rm(dirname(file), { recursive: true }));
  const answers = [{ asked: "logs", of: OF, answer: log }];
  await writeRecording(file, { at: "2026-11-30T12:00:00Z", context: "", server: "", resolver: "", answers }, String);
  expect(await readFile(file, "utf8")).not.toContain("s3cr3t");
});
