import { expect, it } from "vitest";
import { followedLog, keptLog, type Reading } from "../../src/app/logs/container-log.ts";
import type { LogLine } from "../../src/app/logs/line.ts";
import { ApiError, Unreachable } from "../../src/ports/cluster.ts";
import type { ContainerLog } from "../../src/ports/logs.ts";
import type { KubeObject } from "../../src/ports/object.ts";

const pod = (restartCount: number, state: object = { running: {} }): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web-1", namespace: "default", uid: "1" },
  status: { containerStatuses: [{ name: "queue-proxy", restartCount, state }] },
});

const line = (second: number): string => `2026-11-30T08:00:${String(second).padStart(2, "0")}.000000000Z ${second}`;
const gone = new ApiError({ status: 404, reason: "NotFound", message: "pods not found", request: "GET" });
const early = new ApiError({ status: 400, reason: "BadRequest", message: "waiting to start", request: "GET" });

/** A node that answers one request after the other as it is told, and what it was asked for. */
const node = (...answers: (readonly string[] | Error)[]) => {
  const asked: Partial<ContainerLog>[] = [];
  const troubles: string[] = [];
  const reading: Reading = {
    logs: {
      logLines: async function* ({ previous, follow, since }) {
        asked.push({ ...(previous ? { previous } : {}), ...(follow ? { follow } : {}), ...(since ? { since } : {}) });
        const answer = answers.shift() ?? gone;
        if (answer instanceof Error) throw answer;
        yield* answer;
      },
    },
    signal: new AbortController().signal,
    pauseMs: 1,
    onTrouble: (_pod, why) => void troubles.push(why),
  };
  return { reading, asked, troubles };
};

const texts = async (lines: AsyncIterable<LogLine>): Promise<readonly string[]> => {
  const all: string[] = [];
  for await (const { text } of lines) all.push(text);
  return all;
};

it("what is kept is that of both runs of a container that was started again; nothing of one that has not started", async () => {
  const { reading, asked } = node([line(1), line(2)], [line(2), line(3)]);
  expect(await texts(keptLog(pod(1), reading).lines)).toEqual(["1", "2", "3"]);
  expect(asked).toEqual([{ previous: true }, { since: "2026-11-30T08:00:02.000000000Z" }]);
  const waiting = node([line(1)]);
  expect(await texts(keptLog(pod(0, { waiting: {} }), waiting.reading).lines)).toEqual([]);
  expect(waiting.asked).toEqual([]);
});

it("a log is followed from where it was: over a connection that breaks, a node that cannot follow, and a new run", async () => {
  const first = keptLog(pod(0), node([line(1)]).reading);
  expect(await texts(first.lines)).toEqual(["1"]);
  const { reading, asked, troubles } = node(
    [line(1), line(2)],
    new Unreachable("https://server", "no answer"),
    ["failed to create fsnotify watcher: too many open files"],
    early,
    // The container was started again: the rest of its first run, then the second.
    [line(2), line(3)],
    [line(4)],
  );
  const seen = (): KubeObject => pod(asked.length < 4 ? 0 : 1);
  expect(await texts(followedLog(pod(0), first.position, reading, seen))).toEqual(["2", "3", "4"]);
  const since = (second: number) => ({ since: `2026-11-30T08:00:0${second}.000000000Z` });
  const follow = { follow: true };
  expect(asked).toEqual([
    { ...follow, ...since(1) },
    ...Array(3).fill({ ...follow, ...since(2) }),
    { previous: true, ...since(2) },
    { ...follow, ...since(3) },
    { ...follow, ...since(4) },
  ]);
  expect(troubles).toEqual(["no answer", "failed to create fsnotify watcher: too many open files"]);
});
